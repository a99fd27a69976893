"""What callers of foreign doors wish of us, in headers: their bodies are not ours to add to."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.caching import Directives
from domain.errors import FieldProblem, Malformed
from entrypoints.http.directives import directives, parse_cache_control
from entrypoints.http.query_request import Name

HEADERS = {
    b"x-ragboost-provider": "provider",
    b"x-ragboost-namespace": "namespace",
    b"x-ragboost-tags": "tags",
    b"x-ragboost-ttl": "ttl",
}


class Wishes(msgspec.Struct, frozen=True):
    """The fields of the same names of ``/api/v1/query``; *provider* is as it is configured."""

    provider: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    namespace: Name | None = None
    tags: Annotated[tuple[Name, ...], Meta(max_length=16)] = ()
    ttl: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None

    def directives(self, cache_control: bytes, use_cache: bool) -> Directives:
        """Put them together with the header of that name; raises ``Malformed``."""
        return directives(parse_cache_control(cache_control), use_cache, self.ttl, self.tags)


NONE = Wishes()


def wishes_in(headers: Mapping[bytes, bytes]) -> Wishes:
    """Read the wishes; raises ``Malformed``, which names the header."""
    said = {name: headers[header].decode("latin-1") for header, name in HEADERS.items() if header in headers}
    return _read(said) if said else NONE


def _read(said: Mapping[str, str]) -> Wishes:
    tags = [each.strip() for each in said.get("tags", "").split(",") if each.strip()]
    try:
        return msgspec.convert({**said, "tags": tags}, Wishes, strict=False)
    except msgspec.ValidationError as error:
        trouble, _, place = str(error).partition(" - at `$.")
        raise Malformed(FieldProblem(f"X-RAGBoost-{place.split('[')[0].rstrip('`').title()}", trouble)) from error

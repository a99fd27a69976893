"""Read JSON bodies strictly: every refusal names the field and what to send instead."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec
from litestar.dto import AbstractDTO
from litestar.exceptions import ClientException
from litestar.openapi.spec import Reference, Schema
from litestar.types.protocols import DataclassProtocol
from litestar.typing import FieldDefinition

from domain.errors import Malformed

T = TypeVar("T")


class HalfACharacter(Malformed):
    """A text holds half a surrogate pair, as it does when it was cut by one who counts in UTF-16."""


_JSON = re.compile(rb"\s*application/(?:[\w.-]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED = re.compile(r"^Object (?P<trouble>contains unknown|missing required) field `(?P<name>[^`]*)`$")


def read(body: bytes, kind: type[T]) -> T:
    """Decode *body* as *kind*, a msgspec struct; raises ``Malformed``."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), kind) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _no_json(body) from error
    except RecursionError as error:
        raise Malformed.field("body", "is nested too deeply") from error


class JSONStruct(AbstractDTO[T]):
    """Litestar's place for a decoder of one's own; ``@post(dto=JSONStruct[QueryRequest], return_dto=None)``."""

    def decode_bytes(self, value: bytes) -> Any:
        """Decode a request's body; one that does not say that it is JSON is refused."""
        check_kind(self.asgi_connection.scope["headers"])
        return read(value, self.model_type)

    @classmethod
    def create_for_field_definition(cls, field_definition: FieldDefinition, *_: object, **__: object) -> None:
        """Need nothing: there is no transfer model beside the struct."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """Document the struct itself."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[DataclassProtocol]) -> Iterator[Any]:  # type: ignore[override]
        """Give none: the fields are the struct's own."""
        return iter(())

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Tell that there is none."""
        return False


class SeparateItems(JSONStruct[T]):
    """
    For structs whose lists hold raw items, each to be read by itself: one that is no good spoils no other.

    Half a surrogate pair is the one thing inside an item for which msgspec refuses the whole.
    """

    def decode_bytes(self, value: bytes) -> Any:
        """Decode a request's body; the items stay as they came."""
        try:
            return super().decode_bytes(value)
        except HalfACharacter as refusal:
            lists = _lists(_decoded(value))
            if lists is None or refusal.problems[0].field == "body":
                raise
            return _read_apart(lists, self.model_type)


def fitted(value: object, kind: type[T]) -> T:
    """Give *value*, as JSON was decoded, as *kind*, a msgspec struct; raises ``Malformed``."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), kind) from error


def check_kind(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a body that does not say that it is JSON."""
    # To other sites, browsers send forms, plain text and bodies of no stated kind unasked; JSON only where allowed.
    kinds = [value for name, value in headers if name == b"content-type"]
    if not kinds or not all(map(_JSON.match, kinds)):
        said = f"not {b', '.join(kinds).decode('latin-1')!r}" if kinds else "and was not sent"
        trouble = {"key": "Content-Type", "message": f"must be application/json, {said}"}
        raise ClientException(detail=": ".join(trouble.values()), status_code=415, extra=[trouble])


def _misfit(message: str, kind: type) -> Malformed:
    at = _AT.search(message)
    path, trouble = (at["path"], message[: at.start()]) if at else ("", message)
    named = _NAMED.match(trouble)
    if named is None:
        return Malformed.field(path or "body", trouble)
    field = f"{path}.{named['name']}" if path else named["name"]
    known = named["trouble"] == "missing required"
    return Malformed.field(
        field, "is required" if known else f"is not a field of this request{_hint(named['name'], kind)}"
    )


def _hint(name: str, kind: type) -> str:
    fields = sorted(set(_field_names(msgspec.inspect.type_info(kind))))
    near = get_close_matches(name, fields, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(fields)}"


def _field_names(kind: msgspec.inspect.Type) -> Iterator[str]:
    for field in getattr(kind, "fields", ()):
        yield field.encode_name
        yield from _field_names(field.type)
    inner = (getattr(kind, "item_type", None), *getattr(kind, "types", ()))
    for each in filter(None, inner):
        yield from _field_names(each)


def _no_json(body: bytes) -> Malformed:
    try:
        guilty = _halved(_decoded(body))
    except ValueError as error:
        return Malformed.field("body", f"is not valid JSON: {error}")
    except RecursionError:
        return Malformed.field("body", "is not valid JSON, and nested too deeply to say where")
    return HalfACharacter.field(guilty, "contains half of a surrogate pair; send valid Unicode")


def _decoded(body: bytes) -> object:
    """Decode by the standard library, which accepts half a surrogate pair where msgspec does not."""
    decoded: object = json.loads(body.decode("utf-8", "surrogatepass"), parse_constant=_no_constant)
    return decoded


def _lists(decoded: object) -> Mapping[str, Sequence[object]] | None:
    """Give *decoded* again if it is an object that holds lists and nothing else."""
    if isinstance(decoded, dict) and all(isinstance(each, list) for each in decoded.values()):
        return decoded
    return None


def _read_apart(lists: Mapping[str, Sequence[object]], kind: type[T]) -> T:
    apart = {name: [msgspec.Raw(json.dumps(each).encode()) for each in items] for name, items in lists.items()}
    return fitted(apart, kind)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number that JSON knows")


def _halved(decoded: object) -> str:
    fields = decoded.items() if isinstance(decoded, dict) else ()
    # Whole pairs are one character by now. A name that cannot be written cannot be named either.
    guilty = [name for name, value in fields if _HALF_A_PAIR.search(json.dumps([name, value], ensure_ascii=False))]
    return "body" if any(map(_HALF_A_PAIR.search, guilty)) else next(iter(guilty), "body")

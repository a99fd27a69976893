"""HTTP's Cache-Control as directives of the domain."""

from collections.abc import Mapping
from math import inf
from urllib.request import parse_http_list

from domain.caching import Directives
from domain.errors import Malformed

NONE: Mapping[str, str | None] = {}


def parse_cache_control(header: bytes) -> Mapping[str, str | None]:
    """Give the directives by name, with their values where they have one; names are case-insensitive."""
    if not header:
        return NONE
    parts = (part.partition("=") for part in parse_http_list(header.decode("latin-1")))
    return {name.strip().lower(): value.strip().strip('"') if equals else None for name, equals, value in parts}


def directives(
    cache_control: Mapping[str, str | None], use_cache: bool, ttl: float | None, tags: tuple[str, ...]
) -> Directives:
    """
    Put header and body together; directives that are not ours are passed over, as HTTP asks.

    Raises:
        Malformed: a directive needs a number of seconds and has none.
    """
    stale_without_value = "max-stale" in cache_control and cache_control["max-stale"] is None
    return Directives(
        use_cache=use_cache,
        no_cache="no-cache" in cache_control,
        no_store="no-store" in cache_control,
        only_if_cached="only-if-cached" in cache_control,
        max_age=_seconds(cache_control, "max-age", inf),
        max_stale=inf if stale_without_value else _seconds(cache_control, "max-stale", 0.0),
        ttl=ttl,
        tags=tags,
    )


def _seconds(cache_control: Mapping[str, str | None], name: str, default: float) -> float:
    if name not in cache_control:
        return default
    value = cache_control[name] or ""
    if not (value.isascii() and value.isdigit()):
        raise Malformed.field("Cache-Control", f"{name} takes a whole number of seconds, not {value!r}")
    return float(value)

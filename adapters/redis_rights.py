"""What a user of Redis must be allowed to do, at least."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from redis.exceptions import NoPermissionError

from adapters.redis_commands import Command, Script, Words
from adapters.redis_connection import RedisConnection
from adapters.redis_refusals import RedisRefused

OF_A_CLUSTER: Final = "+cluster|slots +command"
"""By which a client learns which node has what."""

_ON_A_KEY: Final[Mapping[str, Words]] = {
    "get": (),
    "mget": (),
    "exists": (),
    "getrange": (0, 0),
    "setrange": (0, "1"),
    "bitfield": ("GET", "u8", 0),
    "hget": ("a",),
    "hset": ("a", "1"),
    "hdel": ("a",),
    "hmget": ("a",),
    "hexists": ("a",),
    "hincrby": ("a", 1),
    "sadd": ("a",),
    "srem": ("a",),
    "sinter": (),
    "zadd": (1, "a"),
    "zrem": ("a",),
    "zrange": (0, 0),
    "zrangebyscore": (0, 0),
    "zrangebylex": ("-", "+"),
    "zscore": ("a",),
    "xadd": ("*", "a", "1"),
    "xdel": ("1-0",),
    "xlen": (),
    "xrange": ("-", "+"),
    "xrevrange": ("-", "+"),
    "set": ("1", "PX", 1_000),
    "del": (),
}
"""All that scripts and adapters do to a key, by the command: how it goes on behind the key."""

_OTHERWISE: Final = ("info", "xread", "eval", "evalsha")

_NOTHING: Final = Script("return 1")


def least_rights(prefix: str, *, in_cluster: bool = False) -> str:
    """Give the rule for ``ACL SETUSER``."""
    commands = " ".join(f"+{each}" for each in sorted((*_ON_A_KEY, *_OTHERWISE)))
    return f"~{{{prefix}:* +@connection {commands}{' ' + OF_A_CLUSTER if in_cluster else ''}"


async def refused_commands(connection: RedisConnection, bases: Sequence[bytes]) -> Sequence[str]:
    """
    Try every command in the slot of each hash tag of *bases*, and name those that the user may not do.

    They are tried on a string, which hardly any can change, and which is gone within a second. Without the right to
    make one, nothing else is tried. Raises ``RedisAway``.
    """
    tried = await asyncio.gather(*(_refused_in(connection, each) for each in bases))
    return sorted(set().union(*tried))


async def _refused_in(connection: RedisConnection, base: bytes) -> set[str]:
    key = base + b"doctor"
    string = Command(("SET", key, "1", "PX", 1_000), key)
    if await _is_refused(connection, string):
        return {"set"}
    attempts = {
        "eval": Command(("EVAL", _NOTHING.text, 1, key), key),
        "evalsha": _NOTHING.on(key),
        "xread": Command(("XREAD", "COUNT", 1, "STREAMS", key, "0"), key),
        **{name: Command((name, key, *rest), key) for name, rest in _ON_A_KEY.items()},
    }
    return {name for name, attempt in attempts.items() if await _is_refused(connection, string, attempt)}


async def _is_refused(connection: RedisConnection, *commands: Command) -> bool:
    try:
        await connection.pipeline(commands)
    except RedisRefused as error:
        return isinstance(error.__cause__, NoPermissionError)
    return False

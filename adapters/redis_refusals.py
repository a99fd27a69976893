"""What a Redis that refuses means, and what can be done: for operators."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterCrossSlotError,
    ClusterDownError,
    InvalidResponse,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters.redis_address import RedisAddress
from domain.errors import Unavailable

SETTING: Final = "REDIS_URL"

OLDEST: Final = (6, 2)
"""The oldest version that will do."""

AWAY: Final = (RedisConnectionError, RedisTimeoutError, ClusterDownError, RedisClusterException, OSError)
"""A server that cannot be asked, in redis-py's words."""

PRIMARY: Final = f"{SETTING} must name the primary"

Explain = Callable[[str, RedisAddress], str]


class RedisAway(Unavailable):
    """Redis does not answer, or not in time; it may do so a moment later."""


class RedisNotAsked(RedisAway):
    """Redis was not even asked, for it failed a moment ago."""


class RedisRefused(Unavailable):
    """Redis answers, and does not do what was asked: *found* says why, *remedy* what can be done about it."""

    def __init__(self, found: str, remedy: str = "") -> None:
        self.found, self.remedy = found, remedy
        super().__init__(f"{found}: {remedy}" if remedy else found)


def explained(error: Exception, address: RedisAddress) -> Unavailable:
    """Give *error* in words that help; they never hold the password."""
    error = _met(error)
    text = str(error) or type(error).__name__
    if isinstance(error, AWAY) and not isinstance(error, AuthenticationError):
        return RedisAway(text)
    explain = next((_BY_KIND[kind] for kind in type(error).__mro__ if kind in _BY_KIND), None)
    explain = explain or next((each for part, each in _BY_TEXT.items() if part in text), None)
    return RedisRefused(text, explain(text, address) if explain else "")


def _met(error: Exception) -> Exception:
    """Give what redis-py has met with when it looked for a cluster: it says "no cluster" to whatever is refused."""
    inner = error.__cause__ or error.__context__ if isinstance(error, RedisClusterException) else None
    return _met(inner) if isinstance(inner, Exception) else error


def check_server(hello: Mapping[bytes, Any], address: RedisAddress) -> None:
    """Look at what a server says of itself; raises ``RedisRefused`` for one that cannot serve us."""
    version = tuple(int(each) for each in hello[b"version"].split(b".")[:2])
    if version < OLDEST:
        raise RedisRefused("it is older than Redis 6.2", _of_age("", address))
    if hello[b"mode"] == b"sentinel":
        raise RedisRefused("it is a Sentinel, which keeps nothing", PRIMARY)
    if hello[b"mode"] == b"cluster" and not address.is_cluster:
        raise RedisRefused("it is part of a Redis Cluster", _of_a_cluster("", address))
    if hello[b"role"] != b"master":
        raise RedisRefused("it is a replica, which may only be read", PRIMARY)


def _of_a_cluster(_: str, address: RedisAddress) -> str:
    scheme = "rediss" if address.is_tls else "redis"
    return f"of a Redis Cluster {SETTING} must begin with {scheme}+cluster:// and name no database"


def _of_no_cluster(_: str, __: RedisAddress) -> str:
    return f"it is no cluster, so {SETTING} must begin without +cluster"


def _of_a_user(_: str, address: RedisAddress) -> str:
    named = f"{SETTING} names both, or should"
    return f"the password of the user {address.user!r} is wrong or missing, or there is no such user; {named}"


def _of_permission(text: str, address: RedisAddress) -> str:
    command = re.search(r"'([^' |]+)[^']*' command", text)
    rule = f"+{command[1]}" if command else "and the rule in docs/operations.md"
    return f"the user {address.user!r} may not do that; allow it: ACL SETUSER {address.user} {rule}"


def _of_memory(_: str, __: RedisAddress) -> str:
    return "raise its maxmemory, lower RAGBOOST_ANSWER_CACHE_SIZE_MB, or have it evict (maxmemory-policy volatile-lru)"


def _of_a_disk(_: str, __: RedisAddress) -> str:
    return "it cannot write to its disk, and takes nothing until it can: give it room, and see its log"


def _of_replicas(_: str, __: RedisAddress) -> str:
    return "too few of its replicas are in step for it to take anything (min-replicas-to-write)"


def _of_a_replica(_: str, __: RedisAddress) -> str:
    return f"it is a replica, which may only be read, and {PRIMARY}"


def _of_a_database(_: str, address: RedisAddress) -> str:
    return f"there is no database {address.database}: {SETTING} must end in the number of one that there is"


def _of_a_stranger(_: str, __: RedisAddress) -> str:
    return f"what answers is no Redis: {SETTING} must name one, and its port"


def _of_age(_: str, __: RedisAddress) -> str:
    return f"{SETTING} must name a Redis of version 6.2 or newer, and no Sentinel"


_BY_KIND: Final[Mapping[type, Explain]] = {
    AuthenticationError: _of_a_user,
    OutOfMemoryError: _of_memory,
    ReadOnlyError: _of_a_replica,
    AskError: _of_a_cluster,
    ClusterCrossSlotError: _of_a_cluster,
    NoPermissionError: _of_permission,
    InvalidResponse: _of_a_stranger,
}

_BY_TEXT: Final[Mapping[str, Explain]] = {
    "DB index is out of range": _of_a_database,
    "SELECT is not allowed in cluster mode": _of_a_cluster,
    "cluster support disabled": _of_no_cluster,
    "can't run this command": _of_permission,
    "unknown command": _of_age,
    "MISCONF": _of_a_disk,
    "NOREPLICAS": _of_replicas,
}

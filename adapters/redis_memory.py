"""What Redis says of its memory."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from adapters.redis_connection import RedisConnection


@frozen
class RedisMemory:
    """
    All servers together: bytes that are *used*, their *limit* (0: none), and keys that were *evicted* since the start.

    *fragmentation* is the worst of them: so many times the bytes used are taken from the system. *policies* name what
    each does when its memory is full.
    """

    used: int
    limit: int
    evicted: int
    fragmentation: float
    policies: frozenset[str]


async def read_memory(connection: RedisConnection) -> RedisMemory:
    """Ask all servers; raises ``RedisAway``, ``RedisRefused``."""
    memory, stats = await connection.info("memory"), await connection.info("stats")
    return RedisMemory(
        _total(memory, "used_memory"),
        _total(memory, "maxmemory"),
        _total(stats, "evicted_keys"),
        max(float(each["mem_fragmentation_ratio"]) for each in memory),
        frozenset(each["maxmemory_policy"] for each in memory),
    )


def _total(told: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(int(each[name]) for each in told)

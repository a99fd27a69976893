from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from adapters.answer_cache.redis import RedisAnswerCache
from adapters.answer_cache.redis_buckets import Buckets
from adapters.clock import SystemClock
from adapters.examiner.latency import Deadline
from adapters.examiner.redis import RedisExaminer
from adapters.examiner.redis_judgements import Demands
from adapters.redis_address import parse_address
from adapters.redis_connection import RedisConnection
from domain.clock import Clock
from domain.examination import Finding

Found = Mapping[str, Finding]
"""Findings by what was looked at."""

Examine = Callable[..., Awaitable[Found]]


@pytest.fixture
async def examine() -> AsyncIterator[Examine]:
    """Examine the Redis at a URL; *within* are the seconds that a worker waits, the rest goes to ``Demands``."""
    connections: list[Any] = []

    async def examine(
        url: str, prefix: str = "ragboost", within: float = 20.0, clock: Clock | None = None, **demands: int
    ) -> Found:
        connection = RedisConnection(parse_address(url), prefix, max(within, 2.0))
        cache = RedisAnswerCache(connection)
        connections.extend((cache, connection))
        wanted = Demands(**{"size": 1_000_000_000, "pool_size": 16, **demands})
        deadline = Deadline("redis", within, "RAGBOOST_REDIS_TIMEOUT")
        examiner = RedisExaminer(connection, cache, Buckets(prefix).bases, wanted, deadline, clock or SystemClock())
        return {each.subject: each for each in await examiner.examine()}

    yield examine
    for each in connections:
        await each.close()

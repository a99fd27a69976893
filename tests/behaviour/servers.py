"""The servers that the shared wiring rests on, and all that may happen to them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from attrs import define, field

from tests.qdrant_server import Hanging, Manner, ScriptedQdrant, Slow, Willing
from tests.redis_servers import HOST, RedisServer
from tests.tcp_proxy import TcpProxy

TIMEOUT = 1.0
"""Seconds that a question waits for a server: more than in production, for here all of them share two cores."""

SLOW = 0.7 * TIMEOUT
"""Seconds: too long to be put up with, not long enough to be given up."""

Happening = Callable[[], object]


@define
class Servers:
    """A Redis behind a proxy, and a Qdrant; *slow* is how many seconds they take to answer when they do so slowly."""

    redis: RedisServer
    proxy: TcpProxy
    qdrant: ScriptedQdrant
    slow: float = SLOW
    _remedies: list[Happening] = field(factory=list)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Give the settings of a service that keeps everything there."""
        return {
            "answer_cache": {"kind": "redis"},
            "redis": {"url": f"redis://{HOST}:{self.proxy.port}/0", "timeout": TIMEOUT},
            "vector_index": {"kind": "qdrant"},
            "qdrant": {"url": self.qdrant.url, "timeout": TIMEOUT},
        }

    @property
    def in_trouble(self) -> bool:
        """Tell whether something has happened that was not mended."""
        return bool(self._remedies)

    def trouble(self, server: str, what: str) -> None:
        """Let something happen to a server."""
        be_willing = partial(self._behave, Willing())
        known: Mapping[tuple[str, str], tuple[Happening, Happening]] = {
            ("the answer server", "has stopped"): (self.proxy.refuse, self.proxy.listen),
            ("the answer server", "hangs"): (self.redis.freeze, self.redis.thaw),
            ("the answer server", "answers slowly"): (self._slow_redis, partial(setattr, self.proxy, "delay", 0.0)),
            ("the answer server", "has no room"): (partial(self._limit, 1), partial(self._limit, 0)),
            ("the index server", "has stopped"): (self.qdrant.stop, self.qdrant.start),
            ("the index server", "hangs"): (partial(self._behave, Hanging()), be_willing),
            ("the index server", "answers slowly"): (partial(self._behave, Slow(self.slow)), be_willing),
        }
        befall, mend = known[server, what]
        self._remedies.append(mend)
        befall()

    def mend(self) -> None:
        """Have all servers work as they should."""
        while self._remedies:
            self._remedies.pop()()

    def _slow_redis(self) -> None:
        self.proxy.delay = self.slow

    def _limit(self, size: int) -> None:
        self.redis.command("CONFIG", "SET", "maxmemory", size)

    def _behave(self, manner: Manner) -> None:
        self.qdrant.manner = manner


@contextmanager
def shared_servers() -> Iterator[Servers]:
    """Start servers that nobody else uses, and end them."""
    with RedisServer() as redis, TcpProxy(redis.port) as proxy, ScriptedQdrant() as qdrant:
        yield Servers(redis, proxy, qdrant)

"""What the Redis answer cache knows and its server does not yet: hits, losses, and the totals of a moment ago."""

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Final

from attrs import define, field

from adapters.answer_cache.pending_hits import PendingHits
from adapters.answer_cache.redis_entries import PATIENCE, RedisEntries, added
from adapters.redis_refusals import RedisNotAsked
from domain.catalogue import Holdings
from domain.errors import Unavailable
from domain.questions import Fingerprint

TELL_AFTER: Final = 1.0
"""Seconds that hits and losses may wait to be told."""

KNOWN_FOR: Final = 1.0
"""Seconds for which totals are taken to be what they were, but for our own changes."""

MOST_MISSING: Final = 10_000
"""So many names that were not found are kept: who asks for more tells of the others when they are asked for again."""


@define(eq=False)
class Tallies:
    """
    Hits and names that were not found, kept here and told to *entries* once a second.

    A name that is not there may still be listed, when the server has evicted it by itself.
    """

    entries: RedisEntries
    hits: PendingHits = field(factory=PendingHits, init=False)
    _missing: set[Fingerprint] = field(factory=set, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _telling: "asyncio.Task[None] | None" = field(default=None, init=False)
    _totals: Holdings | None = field(default=None, init=False)
    _known_until: float = field(default=0.0, init=False)

    @property
    def totals(self) -> Holdings | None:
        """Give the totals, if they are known."""
        return self._totals if monotonic() < self._known_until else None

    def learn(self, totals: Holdings) -> None:
        """Know the totals for a while."""
        self._totals, self._known_until = totals, monotonic() + KNOWN_FOR

    def change(self, by: Holdings) -> None:
        """Hear that we have changed them."""
        if self._totals:
            self._totals = added(self._totals, by)

    def hit(self, name: Fingerprint, now: float) -> None:
        """Count a hit."""
        self.hits.add(name, now)
        self._tell_soon()

    def miss(self, names: Iterable[Fingerprint]) -> None:
        """Note that *names* are not there."""
        if len(self._missing) < MOST_MISSING:
            self._missing.update(names)
            self._tell_soon()

    async def tell(self, patience: float | None = None) -> None:
        """Tell the server, if it can be told; what it was not asked to take is kept, what it may have taken is not."""
        if not self.hits and not self._missing:
            return
        hits, missing, self._missing = self.hits.take(), self._missing, set()
        try:
            self.change(await self.entries.settle(hits, missing, patience))
        except RedisNotAsked:
            self.hits.give_back(hits)
        except Unavailable:
            return

    async def close(self) -> None:
        """Tell what is left."""
        if self._timer:
            self._timer.cancel()
        if self._telling:
            await asyncio.wait([self._telling])
        await self.tell(PATIENCE)

    def _tell_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TELL_AFTER, self._tell_beside)

    def _tell_beside(self) -> None:
        self._timer = None
        self._telling = asyncio.get_running_loop().create_task(self.tell(PATIENCE))

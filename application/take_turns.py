"""Let only so many go on at once; the others wait for their turn, in the order in which they came."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from itertools import islice

from attrs import define, field


@define(eq=False)
class _Turn:
    """One turn, and how many share it; *late* tells that it was waited for, or is not the first of its key."""

    late: bool
    begun: asyncio.Event = field(factory=asyncio.Event)
    sharers: int = 0


@define
class Turns:
    """So many turns *at_once*. Those of one key who come together share a turn, and go on together."""

    at_once: int
    _turns: dict[Hashable, _Turn] = field(factory=dict, init=False)
    _ended: set[Hashable] = field(factory=set, init=False)
    _under_way: int = field(default=0, init=False)

    @asynccontextmanager
    async def take(self, key: Hashable) -> AsyncIterator[bool]:
        """Wait for the turn of *key*, which ends when all who share it have left; give whether it is late."""
        turn = self._turns.get(key) or self._line_up(key)
        turn.sharers += 1
        try:
            await turn.begun.wait()
            yield turn.late
        finally:
            turn.sharers -= 1
            if not turn.sharers:
                self._end(key)

    def _line_up(self, key: Hashable) -> _Turn:
        turn = self._turns[key] = _Turn(late=self._under_way >= self.at_once or key in self._ended)
        self._begin()
        return turn

    def _end(self, key: Hashable) -> None:
        ended = self._turns.pop(key)
        self._ended.add(key)
        self._under_way -= ended.begun.is_set()
        self._begin()

    def _begin(self) -> None:
        waiting = (each for each in self._turns.values() if not each.begun.is_set())
        for turn in list(islice(waiting, self.at_once - self._under_way)):
            turn.begun.set()
            self._under_way += 1

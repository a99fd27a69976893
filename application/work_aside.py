"""Work that no asker waits for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from attrs import define, field

from application.survive_failures import Surviving
from domain.events import EventSink

Work = Callable[[], Coroutine[Any, Any, None]]

MOST = 64
"""So many pieces of work are under way at once where nobody says otherwise."""


@define
class Aside:
    """
    Does work beside the questions, at most so many pieces at once; one that takes longer than *within* seconds fails.

    What fails is noted, what is too much is left undone: nothing may rest on it.
    """

    events: EventSink
    most: int = MOST
    within: float | None = None
    _under_way: set[asyncio.Task[None]] = field(factory=set)

    @property
    def under_way(self) -> int:
        """Count the pieces of work that have not ended."""
        return len(self._under_way)

    def start(self, part: str, work: Work) -> None:
        """Begin *work*, whose failure is booked to *part*."""
        if len(self._under_way) < self.most:
            self._begin(part, work)

    async def attend(self, part: str, work: Work, seconds: float) -> None:
        """Begin *work*, and wait for its end for so many *seconds*; it goes on without us."""
        if len(self._under_way) < self.most:
            await asyncio.wait([self._begin(part, work)], timeout=seconds)

    async def close(self) -> None:
        """End all work and wait until it has ended."""
        tasks = tuple(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, part: str, work: Work) -> asyncio.Task[None]:
        task = asyncio.create_task(self._survive(part, work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _survive(self, part: str, work: Work) -> None:
        with Surviving(part, self.events):
            async with asyncio.timeout(self.within):
                await work()

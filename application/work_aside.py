"""Work that no asker waits for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from attrs import define, field

from application.survive_failures import Surviving
from domain.events import EventSink

Work = Callable[[], Coroutine[Any, Any, None]]

MOST = 64
"""So many pieces of work are under way at once; what comes on top is left undone."""


@define
class Aside:
    """Does work beside the questions. What fails is noted, what is too much is left undone: nothing may rest on it."""

    events: EventSink
    _under_way: set[asyncio.Task[None]] = field(factory=set)

    @property
    def under_way(self) -> int:
        """Count the pieces of work that have not ended."""
        return len(self._under_way)

    def start(self, part: str, work: Work) -> None:
        """Begin *work*, whose failure is booked to *part*."""
        if len(self._under_way) < MOST:
            task = asyncio.create_task(self._survive(part, work))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """End all work and wait until it has ended."""
        tasks = tuple(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _survive(self, part: str, work: Work) -> None:
        with Surviving(part, self.events):
            await work()

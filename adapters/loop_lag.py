"""How late the event loop is, so that nobody else is blamed for it."""

import asyncio

from attrs import define, field

TICK = 0.02
"""Seconds between two looks."""

FADING = 0.8
"""What is left of the worst at each look."""


@define(eq=False)
class LoopLag:
    """
    Looks at a clock fifty times a second, from the first question on, and remembers how late it was.

    On a loop that has too much to do each step of a call waits for its turn: the call takes long, and whoever was
    called may have answered at once.
    """

    _seconds: float = field(default=0.0, init=False)
    _next: asyncio.TimerHandle | None = field(default=None, init=False)

    @property
    def seconds(self) -> float:
        """Give by how much a step is late, at worst and of late."""
        if self._next is None:
            self._wait()
        return self._seconds

    def close(self) -> None:
        """Look no more."""
        if self._next:
            self._next.cancel()
            self._next = None

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._next = loop.call_later(TICK, self._look, loop.time() + TICK)

    def _look(self, due: float) -> None:
        late = asyncio.get_running_loop().time() - due
        self._seconds = max(late, FADING * self._seconds)
        self._wait()

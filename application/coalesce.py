"""Concurrent askers of one question share one generation."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from attrs import define, field, frozen

from domain.generation import Completion

MakeCompletion = Callable[[], Coroutine[Any, Any, Completion]]


@frozen
class Landing:
    """What a flight brought; *led* tells whether this asker started it."""

    completion: Completion
    led: bool


@define
class Flights:
    """
    The generations that are under way, each a task of its own.

    A flight goes on when its askers hang up, the first of them too: what it brings is remembered.
    """

    _aloft: dict[Hashable, asyncio.Task[Completion]] = field(factory=dict)

    @property
    def under_way(self) -> int:
        """Count them."""
        return len(self._aloft)

    async def join(self, key: Hashable, make: MakeCompletion) -> Landing:
        """Wait for the flight of *key*, and start it with *make* when there is none; its error reaches everyone."""
        flight = self._aloft.get(key)
        led = flight is None
        completion = await asyncio.shield(flight or self._launch(key, make))
        return Landing(completion, led)

    def depart(self, key: Hashable, make: MakeCompletion) -> None:
        """Start the flight of *key* in the background, unless it is under way."""
        if key not in self._aloft:
            self._launch(key, make)

    async def close(self) -> None:
        """End all flights and wait until they have ended."""
        flights = tuple(self._aloft.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _launch(self, key: Hashable, make: MakeCompletion) -> asyncio.Task[Completion]:
        flight = asyncio.create_task(make())
        self._aloft[key] = flight
        flight.add_done_callback(lambda landed: self._land(key, landed))
        return flight

    def _land(self, key: Hashable, landed: asyncio.Task[Completion]) -> None:
        del self._aloft[key]
        if not landed.cancelled():
            landed.exception()  # seen, even when every asker has left: asyncio complains of unseen ones

"""Concurrent askers of one question share one generation."""

import asyncio

from attrs import define, evolve, field

from application.share_flights import Fleet, Landing, MakeCompletion
from domain.flights import Flight


@define
class Flights:
    """
    The generations that are under way, each a task of its own; *fleet* knows of those in other workers.

    A flight goes on when its askers hang up, the first of them too: what it brings is remembered.
    """

    fleet: Fleet | None = None
    _aloft: dict[Flight, asyncio.Task[Landing]] = field(factory=dict, init=False)

    @property
    def under_way(self) -> int:
        """Count them."""
        return len(self._aloft)

    async def join(self, flight: Flight, make: MakeCompletion) -> Landing:
        """Wait for *flight*, and start it with *make* when it is not under way; its error reaches everyone."""
        under_way = self._aloft.get(flight)
        landing = await asyncio.shield(under_way or self._launch(flight, make))
        return evolve(landing, led=False) if under_way else landing

    def depart(self, flight: Flight, make: MakeCompletion) -> None:
        """Start *flight* in the background, unless it is under way."""
        if flight not in self._aloft:
            self._launch(flight, make)

    async def close(self) -> None:
        """End all flights and wait until they have ended."""
        flights = tuple(self._aloft.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _launch(self, flight: Flight, make: MakeCompletion) -> asyncio.Task[Landing]:
        task = asyncio.create_task(self._fly(flight, make))
        self._aloft[flight] = task
        task.add_done_callback(lambda landed: self._land(flight, landed))
        return task

    async def _fly(self, flight: Flight, make: MakeCompletion) -> Landing:
        return await self.fleet.fly(flight, make) if self.fleet else Landing(await make(), led=True)

    def _land(self, flight: Flight, landed: asyncio.Task[Landing]) -> None:
        del self._aloft[flight]
        if not landed.cancelled():
            landed.exception()  # seen, even when every asker has left: asyncio complains of unseen ones

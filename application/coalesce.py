"""Concurrent askers of one question share one generation, and hear it while it comes."""

import asyncio

from attrs import define, evolve, field

from application.pass_on_chunks import Delivery, Hearing
from application.share_flights import Fleet, Landing, MakeCompletion
from domain.answers import Origin
from domain.flights import Flight


@define(eq=False)
class _Aloft:
    """A generation under way, and how many wait for it."""

    task: asyncio.Task[Landing]
    delivery: Delivery
    askers: int = 0


@define
class Flights:
    """
    The generations that are under way, each a task of its own; *fleet* knows of those in other workers.

    A flight goes on when its askers hang up, the first of them too: what it brings is remembered. Unless it
    *goes_on*, it ends with the last of its askers.
    """

    fleet: Fleet | None = None
    goes_on: bool = True
    _aloft: dict[Flight, _Aloft] = field(factory=dict, init=False)
    _tasks: set[asyncio.Task[Landing]] = field(factory=set, init=False)

    @property
    def under_way(self) -> int:
        """Count them."""
        return len(self._tasks)

    async def join(self, flight: Flight, make: MakeCompletion, hearing: Hearing | None = None) -> Landing:
        """
        Wait for *flight*, and start it with *make* when it is not under way; its error reaches everyone.

        Meanwhile *hearing* follows what comes of it.
        """
        under_way = self._aloft.get(flight)
        aloft = under_way or self._launch(flight, make)
        if hearing:
            hearing.follow(aloft.delivery, Origin.COALESCED if under_way else Origin.GENERATED)
        landing = await self._wait(flight, aloft)
        return evolve(landing, led=False) if under_way else landing

    def depart(self, flight: Flight, make: MakeCompletion) -> None:
        """Start *flight* in the background, unless it is under way; it needs no askers to go on."""
        aloft = self._aloft.get(flight) or self._launch(flight, make)
        aloft.askers += 1

    async def close(self) -> None:
        """End all flights and wait until they have ended."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, flight: Flight, aloft: _Aloft) -> Landing:
        aloft.askers += 1
        try:
            return await asyncio.shield(aloft.task)
        finally:
            aloft.askers -= 1
            if not (self.goes_on or aloft.askers or aloft.task.done()):
                del self._aloft[flight]  # whoever asks from now on is not given what is being given up
                aloft.task.cancel()

    def _launch(self, flight: Flight, make: MakeCompletion) -> _Aloft:
        delivery = Delivery()
        aloft = _Aloft(asyncio.create_task(self._fly(flight, make, delivery)), delivery)
        self._aloft[flight] = aloft
        self._tasks.add(aloft.task)
        aloft.task.add_done_callback(lambda task: self._land(flight, task))
        return aloft

    async def _fly(self, flight: Flight, make: MakeCompletion, delivery: Delivery) -> Landing:
        if self.fleet:
            return await self.fleet.fly(flight, make, delivery)
        return Landing(await make(delivery), led=True)

    def _land(self, flight: Flight, landed: asyncio.Task[Landing]) -> None:
        self._tasks.discard(landed)
        aloft = self._aloft.get(flight)
        if aloft and aloft.task is landed:
            del self._aloft[flight]
        if not landed.cancelled():
            landed.exception()  # seen, even when every asker has left: asyncio complains of unseen ones

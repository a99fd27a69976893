"""Workers that are asked the same at the same time ask a model once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

from attrs import define, field, frozen

from application.pass_on_chunks import Delivery
from application.survive_failures import Surviving
from domain.events import EventSink
from domain.flights import LEASE, Flight, FlightBoard, Outcome, Sighting
from domain.generation import AnswerCutShort, Completion

MakeCompletion = Callable[[Delivery], Coroutine[Any, Any, Completion]]
"""Makes a completion, and passes on its chunks as they come."""

RENEW_EVERY = LEASE / 3
"""Seconds; a worker that is kept from it once or twice keeps its flights."""

LOOK, LOOK_AT_LAST = 0.01, 0.1
"""Seconds between two looks at the board by one who waits, at first and after a while."""

TELL_EVERY = 0.05
"""Seconds in which chunks are gathered before they are told to other workers, and between two looks of who hears."""


@frozen
class Landing:
    """What a flight brought; *led* tells whether it was asked for here."""

    completion: Completion
    led: bool


@frozen
class Fleet:
    """
    The flights of all workers, as *board* shows them.

    Where there is no board, or it fails, each worker flies alone: one more call of a model is better than no answer.
    """

    board: FlightBoard
    events: EventSink

    async def fly(self, flight: Flight, make: MakeCompletion, delivery: Delivery) -> Landing:
        """
        Give what another worker makes, or *make* it for all; its error reaches everyone who waited.

        What the other tells of the answer meanwhile goes into *delivery*, if anybody hears it.
        """
        pilot, awaited, pause = uuid4().hex, None, LOOK
        while True:
            seen = await self._look(flight, pilot, awaited, delivery)
            delivery.overhear(seen.told)
            if seen.outcome:
                return Landing(delivery.completed_by(seen.outcome.result()), led=False)
            if seen.pilot == pilot:
                return Landing(await self._make(flight, pilot, make, delivery), led=True)
            awaited = seen.pilot
            await asyncio.sleep(pause)
            pause = min(TELL_EVERY if delivery.hearings else LOOK_AT_LAST, pause * 1.3)

    async def _look(self, flight: Flight, pilot: str, awaited: str | None, delivery: Delivery) -> Sighting:
        heard = len(delivery.chunks) if awaited and delivery.hearings else None
        with Surviving("flight_board", self.events):
            return await self.board.join(flight, pilot, awaited, heard)
        return Sighting(pilot)

    async def _make(self, flight: Flight, pilot: str, make: MakeCompletion, delivery: Delivery) -> Completion:
        lease = _Lease(self, flight, pilot, delivery)
        try:
            outcome = Outcome(await lease.kept(make))
        except Exception as error:  # noqa: BLE001 - it is raised again, here and wherever it is awaited
            outcome = Outcome(error=error)
        except asyncio.CancelledError:
            await self._land(flight, pilot)
            raise
        await self._land(flight, pilot, outcome)
        return outcome.result()

    async def _land(self, flight: Flight, pilot: str, outcome: Outcome | None = None) -> None:
        with Surviving("flight_board", self.events):
            await self.board.land(flight, pilot, outcome)


@define(eq=False)
class _Lease:
    """A flight that this worker has to itself: it says so again and again, and tells others what has come."""

    fleet: Fleet
    flight: Flight
    pilot: str
    delivery: Delivery
    _wanted: asyncio.Event = field(factory=asyncio.Event)
    _told: int = 0

    async def kept(self, make: MakeCompletion) -> Completion:
        beside = [asyncio.create_task(each) for each in (self.renew(), self.tell())]
        try:
            completion = await _continued(make, self.delivery)
        finally:
            for each in beside:
                each.cancel()
        if self._wanted.is_set():
            await self._tell_news()  # what is no text, such as calls of tools, is told in chunks only
        return completion

    async def renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            with Surviving("flight_board", self.fleet.events):
                if await self.fleet.board.renew(self.flight, self.pilot):
                    self._wanted.set()

    async def tell(self) -> None:
        """Tell what has come, every so often, from when somebody wants to hear it: mostly nobody does."""
        await self._wanted.wait()
        while True:
            await self._tell_news()
            await asyncio.sleep(TELL_EVERY)

    async def _tell_news(self) -> None:
        if new := self.delivery.chunks[self._told :]:
            with Surviving("flight_board", self.fleet.events):
                await self.fleet.board.tell(self.flight, self.pilot, self._told, new)
                self._told += len(new)


def _continued(make: MakeCompletion, delivery: Delivery) -> Coroutine[Any, Any, Completion]:
    """Make what nobody else makes any more; whoever heard a part of another's answer cannot be told a new one."""
    if delivery.chunks:
        raise AnswerCutShort("the worker that gave this answer is gone; ask again")
    return make(delivery)

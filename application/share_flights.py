"""Workers that are asked the same at the same time ask a model once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

from attrs import frozen

from application.pass_on_chunks import Delivery
from application.survive_failures import Surviving
from domain.events import EventSink
from domain.flights import LEASE, Flight, FlightBoard, Outcome, Sighting
from domain.generation import Completion

MakeCompletion = Callable[[Delivery], Coroutine[Any, Any, Completion]]
"""Makes a completion, and passes on its chunks as they come."""

RENEW_EVERY = LEASE / 3
"""Seconds; a worker that is kept from it once or twice keeps its flights."""

LOOK, LOOK_AT_LAST = 0.01, 0.1
"""Seconds between two looks at the board by one who waits, at first and after a while."""


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
        """Give what another worker makes, or *make* it for all; its error reaches everyone who waited."""
        pilot, awaited, pause = uuid4().hex, None, LOOK
        while True:
            seen = await self._look(flight, pilot, awaited)
            if seen.outcome:
                return Landing(seen.outcome.result(), led=False)
            if seen.pilot == pilot:
                return Landing(await self._make(flight, pilot, make(delivery)), led=True)
            awaited = seen.pilot
            await asyncio.sleep(pause)
            pause = min(LOOK_AT_LAST, pause * 1.3)

    async def _look(self, flight: Flight, pilot: str, awaited: str | None) -> Sighting:
        with Surviving("flight_board", self.events):
            return await self.board.join(flight, pilot, awaited)
        return Sighting(pilot)

    async def _make(self, flight: Flight, pilot: str, making: Coroutine[Any, Any, Completion]) -> Completion:
        renewing = asyncio.create_task(self._renew(flight, pilot))
        try:
            outcome = Outcome(await making)
        except Exception as error:  # noqa: BLE001 - it is raised again, here and wherever it is awaited
            outcome = Outcome(error=error)
        finally:
            renewing.cancel()
        with Surviving("flight_board", self.events):
            await self.board.land(flight, pilot, outcome)
        return outcome.result()

    async def _renew(self, flight: Flight, pilot: str) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            with Surviving("flight_board", self.events):
                await self.board.renew(flight, pilot)

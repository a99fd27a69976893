"""The board of flights in this process's memory: for tests, in which several workers share a process."""

from collections.abc import Callable, Sequence
from time import monotonic

from attrs import define, field

from domain.flights import HELD, LEASE, TOLD_FOR, Flight, FlightBoard, Outcome, Sighting
from domain.generation import Chunk


@define
class MemoryFlightBoard(FlightBoard):
    """Keeps leases and outcomes until their time is over; *clock* gives seconds."""

    clock: Callable[[], float] = monotonic
    _leases: dict[str, tuple[str, float]] = field(factory=dict, init=False)
    _wanted: dict[str, float] = field(factory=dict, init=False)
    _told: dict[str, tuple[tuple[Chunk, ...], float]] = field(factory=dict, init=False)
    _outcomes: dict[str, tuple[Outcome, float]] = field(factory=dict, init=False)

    async def join(self, flight: Flight, pilot: str, awaited: str | None = None, heard: int | None = None) -> Sighting:
        """Look for the outcome first: whoever landed let go of the lease."""
        now, told = self.clock(), self._listen(flight, awaited, heard)
        outcome, until = self._outcomes.get(awaited or "", (None, 0.0))
        if outcome and now < until:
            return Sighting(awaited or "", outcome, told)
        flying, until = self._leases.get(flight.name, (pilot, 0.0))
        if now < until and flying != pilot:
            return Sighting(flying, told=told)
        self._leases[flight.name] = pilot, now + LEASE
        return Sighting(pilot, told=told)

    async def renew(self, flight: Flight, pilot: str) -> bool:
        """Replace the time."""
        flying, until = self._leases.get(flight.name, (pilot, 0.0))
        if flying == pilot or self.clock() >= until:
            self._leases[flight.name] = pilot, self.clock() + LEASE
        return self.clock() < self._wanted.get(flight.name, 0.0)

    async def tell(self, flight: Flight, pilot: str, after: int, chunks: Sequence[Chunk]) -> None:
        """Keep them behind those that were told before."""
        before, _ = self._told.get(pilot, ((), 0.0))
        self._told[pilot] = (*before[:after], *chunks), self.clock() + TOLD_FOR

    async def land(self, flight: Flight, pilot: str, outcome: Outcome | None) -> None:
        """Keep the outcome, and forget those that nobody can be waiting for any more."""
        now = self.clock()
        self._outcomes = {name: kept for name, kept in self._outcomes.items() if now < kept[1]}
        self._told = {name: told for name, told in self._told.items() if now < told[1]}
        if outcome:
            self._outcomes[pilot] = outcome, now + HELD
        if self._leases.get(flight.name, ("", 0.0))[0] == pilot:
            del self._leases[flight.name]

    def _listen(self, flight: Flight, awaited: str | None, heard: int | None) -> tuple[Chunk, ...]:
        if heard is None:
            return ()
        self._wanted[flight.name] = self.clock() + LEASE
        told, _ = self._told.get(awaited or "", ((), 0.0))
        return told[heard:]

    async def ping(self) -> None:
        """Be there."""

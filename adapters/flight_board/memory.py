"""The board of flights in this process's memory: for tests, in which several workers share a process."""

from collections.abc import Callable
from time import monotonic

from attrs import define, field

from domain.flights import HELD, LEASE, Flight, FlightBoard, Outcome, Sighting


@define
class MemoryFlightBoard(FlightBoard):
    """Keeps leases and outcomes until their time is over; *clock* gives seconds."""

    clock: Callable[[], float] = monotonic
    _leases: dict[str, tuple[str, float]] = field(factory=dict, init=False)
    _outcomes: dict[str, tuple[Outcome, float]] = field(factory=dict, init=False)

    async def join(self, flight: Flight, pilot: str, awaited: str | None = None) -> Sighting:
        """Look for the outcome first: whoever landed let go of the lease."""
        now = self.clock()
        outcome, until = self._outcomes.get(awaited or "", (None, 0.0))
        if outcome and now < until:
            return Sighting(awaited or "", outcome)
        flying, until = self._leases.get(flight.name, (pilot, 0.0))
        if now < until and flying != pilot:
            return Sighting(flying)
        self._leases[flight.name] = pilot, now + LEASE
        return Sighting(pilot)

    async def renew(self, flight: Flight, pilot: str) -> None:
        """Replace the time."""
        flying, until = self._leases.get(flight.name, (pilot, 0.0))
        if flying == pilot or self.clock() >= until:
            self._leases[flight.name] = pilot, self.clock() + LEASE

    async def land(self, flight: Flight, pilot: str, outcome: Outcome) -> None:
        """Keep the outcome, and forget those that nobody can be waiting for any more."""
        now = self.clock()
        self._outcomes = {name: kept for name, kept in self._outcomes.items() if now < kept[1]}
        self._outcomes[pilot] = outcome, now + HELD
        if self._leases.get(flight.name, ("", 0.0))[0] == pilot:
            del self._leases[flight.name]

    async def ping(self) -> None:
        """Be there."""

"""Generations under way, as workers tell one another of them."""

from abc import abstractmethod
from typing import Protocol

from attrs import frozen

from domain.errors import Unavailable
from domain.generation import Completion
from domain.purging import Epoch
from domain.questions import Fingerprint

LEASE = 1.5
"""Seconds for which a worker has a flight to itself; one that lives says so long before they are over."""

HELD = 10.0
"""Seconds for which what a flight brought waits for those who wait for it."""


@frozen
class Flight:
    """One generation: all who ask this question in this epoch of its purges may share it."""

    fingerprint: Fingerprint
    epoch: Epoch

    @property
    def name(self) -> str:
        """Name it for other workers, whose eras are their own."""
        return f"{self.fingerprint}.{self.epoch.number}"


@frozen
class Outcome:
    """What a flight brought: a completion, or the error that everyone gets."""

    completion: Completion | None = None
    error: Exception | None = None

    def result(self) -> Completion:
        """Give the completion, or raise the error."""
        if self.completion is None:
            raise self.error or RuntimeError("a flight that brought nothing")
        return self.completion


@frozen
class Sighting:
    """Who flies now; *outcome* is that of the one who was awaited, once that has landed."""

    pilot: str
    outcome: Outcome | None = None


class FlightBoard(Protocol):
    """
    Where workers see who of them asks a model what.

    Who flies has a lease, and loses the flight when that runs out. Raises ``FlightBoardUnavailable``.
    """

    @abstractmethod
    async def join(self, flight: Flight, pilot: str, awaited: str | None = None) -> Sighting:
        """Let *pilot* fly if nobody does; not when *awaited*, whom it waited for, has landed: then give the outcome."""

    @abstractmethod
    async def renew(self, flight: Flight, pilot: str) -> None:
        """Let the lease of *pilot* begin anew, unless another has it by now."""

    @abstractmethod
    async def land(self, flight: Flight, pilot: str, outcome: Outcome) -> None:
        """Show the outcome to those who wait for *pilot*, and let others fly."""


class FlightBoardUnavailable(Unavailable):
    """Other workers could not be heard of."""

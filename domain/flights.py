"""Generations under way, as workers tell one another of them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from domain.errors import Unavailable
from domain.generation import Chunk, Completion
from domain.purging import Epoch
from domain.questions import Fingerprint

LEASE = 1.5
"""Seconds for which a worker has a flight to itself; one that lives says so long before they are over."""

HELD = 10.0
"""Seconds for which what a flight brought waits for those who wait for it."""

TOLD_FOR = 120.0
"""Seconds for which what was told of an answer waits for those who come late; then they wait for the whole."""


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
    """
    Who flies now; *outcome* is that of the one who was awaited, once that has landed.

    *told* are the chunks that the awaited one has told meanwhile, to those who want to hear them.
    """

    pilot: str
    outcome: Outcome | None = None
    told: tuple[Chunk, ...] = ()


class FlightBoard(Protocol):
    """
    Where workers see who of them asks a model what.

    Who flies has a lease, and loses the flight when that runs out. Raises ``FlightBoardUnavailable``.
    """

    @abstractmethod
    async def join(self, flight: Flight, pilot: str, awaited: str | None = None, heard: int | None = None) -> Sighting:
        """
        Let *pilot* fly if nobody does; not when *awaited*, whom it waited for, has landed: then give the outcome.

        Who wants to hear the answer while it comes says how many of its chunks have been *heard*, and gets the next.
        """

    @abstractmethod
    async def renew(self, flight: Flight, pilot: str) -> bool:
        """Let the lease of *pilot* begin anew, unless another has it by now; say whether somebody wants to hear."""

    @abstractmethod
    async def tell(self, flight: Flight, pilot: str, after: int, chunks: Sequence[Chunk]) -> None:
        """Tell those who want to hear what has come *after* so many chunks that were told before."""

    @abstractmethod
    async def land(self, flight: Flight, pilot: str, outcome: Outcome | None) -> None:
        """Show the outcome, if there is one, to those who wait for *pilot*, and let others fly."""


class FlightBoardUnavailable(Unavailable):
    """Other workers could not be heard of."""

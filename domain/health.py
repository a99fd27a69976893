"""Whether the parts we rest on are alive, and the port by which they say so."""

from abc import abstractmethod
from typing import Protocol

from attrs import frozen


@frozen
class PartHealth:
    """One part: how long it took to answer, in seconds, and what was wrong, if anything."""

    part: str
    seconds: float
    error: str | None = None

    @property
    def is_alive(self) -> bool:
        """Tell whether it answered."""
        return self.error is None


class Pingable(Protocol):
    """Something that can say whether it still works."""

    @abstractmethod
    async def ping(self) -> None:
        """Do a little of the real work; raise what goes wrong."""

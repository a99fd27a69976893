"""Turns a provider's events into chunks."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from attrs import define, evolve, field

from adapters.language_model.ending import Ending
from domain.generation import Chunk
from domain.wires import Wire


class Gathering(Protocol):
    """Gathers what the events of one format say besides text."""

    @abstractmethod
    def take(self, event: Mapping[str, Any]) -> None:
        """Take the next event."""

    @abstractmethod
    def whole(self) -> Wire:
        """Give what was taken."""


@define
class Listener:
    """Gives one chunk for each event that says something, which has with it those that came before and did not."""

    format: str
    extras: Gathering
    ending: Ending = field(factory=Ending)
    wires: list[Wire] = field(factory=list)

    def hear(self, event: Any, chunk: Chunk, says_something: bool) -> Chunk | None:
        """Take an *event* that was read as *chunk*; give a chunk where there is something to pass on."""
        self.ending.note(chunk)
        self.extras.take(event)
        self.wires.append(Wire(self.format, event))
        return Chunk(chunk.text, wires=self._taken()) if says_something else None

    def end(self, content_type: str) -> Chunk:
        """Give the last chunk, as ``Ending`` does."""
        return evolve(self.ending.chunk(content_type), wires=self._taken(), extras=self.extras.whole())

    def _taken(self) -> tuple[Wire, ...]:
        wires, self.wires = tuple(self.wires), []
        return wires

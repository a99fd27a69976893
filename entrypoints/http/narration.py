"""How an answer is told as server-sent events, in one format or another."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from domain.answers import Answer
from domain.generation import Chunk

COMMENT = b": the answer goes on\n\n"
"""What is sent in a silence, where a format has no better word for it; clients pass it over."""


class Narration(Protocol):
    """One telling of one answer: ``so_far`` as it comes, and in the end either of the others, once."""

    @abstractmethod
    def so_far(self, chunks: Sequence[Chunk]) -> bytes:
        """Give the events of *chunks*, or those of a silence where there are none; it may be nothing."""

    @abstractmethod
    def whole(self, answer: Answer) -> bytes:
        """Give the events that end *answer*."""

    @abstractmethod
    def broken(self, error: Exception) -> bytes:
        """Give the event that tells of *error*, as the exception handlers would, had nothing been sent."""

"""How one index succeeds another: embeddings of two embedder versions are never compared, so each has an index."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from domain.similarity import Embedder, VectorIndex


@frozen
class FormerIndex:
    """The index that was in use before, and the embedder that made its vectors, and must make what it is asked."""

    embedder: Embedder
    index: VectorIndex


@frozen
class Progress:
    """How far an index has come on its way to know all that is remembered: *done* answers of *total*."""

    done: int
    total: int


class IndexShelf(Protocol):
    """
    The indexes that stand side by side, one for each embedder version; one of them is in use.

    Raises ``VectorIndexUnavailable``.
    """

    @abstractmethod
    async def in_use(self) -> str | None:
        """Name the embedder version whose index is in use; ``None`` where none is yet."""

    @abstractmethod
    async def take_into_use(self, embedder: str) -> None:
        """Have the index of this version be the one in use, from one moment to the next."""

    @abstractmethod
    async def versions(self) -> Sequence[str]:
        """Name the embedder versions that have an index, in order."""

    @abstractmethod
    async def remove(self, embedder: str) -> None:
        """Remove the index of this version; one that is not there is passed over."""

"""Closeness of meaning: embeddings, neighbours, and the ports that make and search them."""

from abc import abstractmethod
from array import array
from collections.abc import Sequence
from typing import Protocol

from attrs import field, frozen

from domain.errors import PartUnavailable
from domain.questions import Compatibility, Fingerprint


@frozen
class Embedding:
    """
    A text as a point on the unit sphere.

    *vector* is an ``array('f')`` of float32, of length 1, so that a dot product is the cosine.
    *tokens* counts what the model read; *truncated* tells that the text was longer than it reads.
    """

    vector: "array[float]" = field(repr=False)
    tokens: int = 0
    truncated: bool = False

    def similarity(self, other: "Embedding") -> float:
        """Give the cosine with *other*, -1 to 1."""
        # Rounding lets the product of two equal vectors come out a little over 1.
        return min(1.0, sum(one * two for one, two in zip(self.vector, other.vector, strict=True)))


@frozen
class Point:
    """An embedding filed under the entry it belongs to, inside one partition."""

    fingerprint: Fingerprint
    partition: Compatibility
    embedding: Embedding


@frozen
class Search:
    """
    Whose neighbours are wanted, and inside which partition.

    *text* is what was embedded, as it is compared, for an index that must ask by another embedder as well.
    """

    partition: Compatibility
    embedding: Embedding
    text: str = ""


@frozen
class Neighbour:
    """An entry near a question; *similarity* is the cosine."""

    fingerprint: Fingerprint
    similarity: float


class Embedder(Protocol):
    """
    Turns texts into embeddings; equal texts give equal embeddings, whatever they are batched with.

    Raises ``EmbedderUnavailable``.
    """

    @property
    @abstractmethod
    def version(self) -> str:
        """Name model, weights and precision: embeddings of two versions must never be compared."""

    @property
    @abstractmethod
    def dimensions(self) -> int:
        """Give the length of every vector."""

    @abstractmethod
    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        """Give one embedding for each text, in order."""


class VectorIndex(Protocol):
    """
    Finds the nearest entries of a partition. What was acknowledged survives the process.

    The index may hold entries that the answer cache has lost, and the other way round:
    whoever reads it must ask the cache. Raises ``VectorIndexUnavailable``.
    """

    @abstractmethod
    async def upsert(self, points: Sequence[Point]) -> None:
        """File *points*, replacing those of the same fingerprint."""

    @abstractmethod
    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:
        """Give up to *limit* neighbours for each of *searches*, nearest first, never from another partition."""

    @abstractmethod
    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Forget these; those that are not there are passed over."""


class VectorCatalogue(Protocol):
    """The same points, as those who look after them see them. Raises ``VectorIndexUnavailable``."""

    @abstractmethod
    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
        """Give up to *limit* fingerprints in a fixed order, from just behind *after*; an empty page is the end."""

    @abstractmethod
    async def read(self, fingerprints: Sequence[Fingerprint]) -> Sequence[Point]:
        """Give those of the points that are filed, in no order; their embeddings know no *tokens*."""


class EmbedderUnavailable(PartUnavailable):
    """No embedding could be made."""

    part = "the embedder"


class VectorIndexUnavailable(PartUnavailable):
    """The index could not be read or written."""

    part = "the vector index"


class VectorIndexDiffers(VectorIndexUnavailable):
    """The index in place was made for something else; only its operator can mend that."""

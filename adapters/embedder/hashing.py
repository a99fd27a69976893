"""An embedder without a model: the pieces of a text's words, hashed into a unit vector."""

import asyncio
from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import field, frozen
from attrs.validators import ge

from domain.similarity import Embedder, Embedding

PIECES = (3, 4, 5)
"""Lengths of the pieces, in characters; a short word and the spaces around it are one piece."""

_Codes = npt.NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)


@frozen
class HashingEmbedder(Embedder):
    """
    Finds texts alike that share letters, not meaning. For tests, and for trying things out without a model.

    The same in every process and on every machine. It reads texts of any length; case does not count.
    """

    dimensions: int = field(default=256, validator=ge(2))

    @property
    def version(self) -> str:
        """Name the recipe and the length of its vectors."""
        return f"hashing/1/{self.dimensions}"

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        """Give one embedding for each text; other tasks get their turn after each."""
        embeddings = []
        for text in texts:
            embeddings.append(self._embed(text))
            await asyncio.sleep(0)
        return embeddings

    async def close(self) -> None:
        """Nothing is held."""

    async def ping(self) -> None:
        """Be there: there is nothing that could be away."""

    def _embed(self, text: str) -> Embedding:
        words = text.lower().split()
        hashes = _hash_pieces(" ".join(["", *words, ""]))
        return Embedding(array("f", self._spread(hashes).tobytes()), tokens=len(words))

    def _spread(self, hashes: _Codes) -> npt.NDArray[np.float32]:
        places = (hashes >> np.uint64(33)) % np.uint64(self.dimensions)
        signs = 1.0 - 2.0 * ((hashes >> np.uint64(32)) & np.uint64(1))
        counts = np.bincount(places.astype(np.int64), weights=signs, minlength=self.dimensions)
        counts[0] += not counts.any()  # no text is nowhere
        return (counts / np.linalg.norm(counts)).astype(np.float32)


def _hash_pieces(text: str) -> _Codes:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    return np.concatenate([_hash_windows(codes, size) for size in PIECES])


def _hash_windows(codes: _Codes, size: int) -> _Codes:
    """Hash every window of *size* characters; unsigned arithmetic wraps around, as it should."""
    count = max(0, len(codes) - size + 1)
    hashes = np.full(count, size, np.uint64)
    for offset in range(size):
        hashes = (hashes ^ codes[offset : offset + count]) * _ODD
        hashes ^= hashes >> np.uint64(29)
    return hashes

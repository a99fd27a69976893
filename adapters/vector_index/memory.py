"""The vector index in memory: exact, forgotten with the process, and the measure of every other one."""

import asyncio
from array import array
from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.questions import Compatibility, Fingerprint
from domain.similarity import Embedding, Neighbour, Point, Search, VectorCatalogue, VectorIndex
from domain.succession import IndexShelf

FIRST_ROWS = 16

INLINE_ROWS = 2_000
"""Partitions of more rows are searched in a thread: beyond this a search may cost the loop a millisecond."""

Matrix = NDArray[np.float32]


class MemoryVectorIndex(VectorIndex, VectorCatalogue):
    """Keeps one matrix for each partition and compares the question with every row of it."""

    def __init__(self) -> None:
        self._partitions: dict[Compatibility, _Rows] = {}
        self._homes: dict[Fingerprint, Compatibility] = {}
        self._order: list[Fingerprint] = []
        self._writing = asyncio.Lock()  # a write may wait for a search in the midst of what it does

    async def upsert(self, points: Sequence[Point]) -> None:  # noqa: D102
        async with self._writing:
            for point in points:
                await self._file(point)

    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:  # noqa: D102
        return [await self._nearest(each, limit) for each in searches]

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:  # noqa: D102
        async with self._writing:
            for fingerprint in fingerprints:
                await self._forget(fingerprint)

    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:  # noqa: D102
        start = 0 if after is None else bisect_right(self._order, after)
        return self._order[start : start + limit]

    async def read(self, fingerprints: Sequence[Fingerprint]) -> Sequence[Point]:  # noqa: D102
        async with self._writing:
            homes = {each: self._homes[each] for each in fingerprints if each in self._homes}
            return [Point(each, home, self._partitions[home].embedding(each)) for each, home in homes.items()]

    async def ping(self) -> None:
        """Do nothing: what lives in this process is always there."""

    async def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    async def _nearest(self, search: Search, limit: int) -> Sequence[Neighbour]:
        rows = self._partitions.get(search.partition)
        return await rows.nearest(_row(search.embedding), limit) if rows else []

    async def _file(self, point: Point) -> None:
        if self._homes.get(point.fingerprint) != point.partition:
            await self._forget(point.fingerprint)
            self._homes[point.fingerprint] = point.partition
            insort(self._order, point.fingerprint)
        rows = self._partitions.setdefault(point.partition, _Rows(len(point.embedding.vector)))
        await rows.put(point.fingerprint, _row(point.embedding))

    async def _forget(self, fingerprint: Fingerprint) -> None:
        partition = self._homes.pop(fingerprint, None)
        if partition is None:
            return
        del self._order[bisect_right(self._order, fingerprint) - 1]
        if await self._partitions[partition].drop(fingerprint) == 0:
            del self._partitions[partition]


class MemoryIndexShelf(IndexShelf):
    """The shelf of indexes that live in this process: it begins with that of *embedder*, which is in use."""

    def __init__(self, embedder: str) -> None:
        self._used = embedder
        self._held = {embedder}

    def hold(self, embedder: str) -> None:
        """Know that there is an index of this version."""
        self._held.add(embedder)

    async def in_use(self) -> str | None:  # noqa: D102
        return self._used

    async def take_into_use(self, embedder: str) -> None:  # noqa: D102
        self._used = embedder

    async def versions(self) -> Sequence[str]:  # noqa: D102
        return sorted(self._held)

    async def remove(self, embedder: str) -> None:  # noqa: D102
        self._held.discard(embedder)


class _Rows:
    """
    The embeddings of one partition: a matrix that doubles when it is full, and the name of each row.

    A search may be in its thread when somebody writes, so each takes its turn.
    """

    def __init__(self, dimensions: int) -> None:
        self._matrix: Matrix = np.empty((FIRST_ROWS, dimensions), dtype=np.float32)
        self._names: list[Fingerprint] = []
        self._places: dict[Fingerprint, int] = {}
        self._turn = asyncio.Lock()

    async def put(self, fingerprint: Fingerprint, row: Matrix) -> None:
        async with self._turn:
            place = self._place(fingerprint)  # may replace the matrix
            self._matrix[place] = row

    async def drop(self, fingerprint: Fingerprint) -> int:
        """Move the last row into the place of this one; give how many are left."""
        async with self._turn:
            place = self._places.pop(fingerprint)
            last = self._names.pop()
            if last != fingerprint:
                self._names[place], self._places[last] = last, place
                self._matrix[place] = self._matrix[len(self._names)]
            return len(self._names)

    async def nearest(self, row: Matrix, limit: int) -> list[Neighbour]:
        async with self._turn:
            if len(self._names) <= INLINE_ROWS:
                return self._compare(row, limit)
            return await asyncio.to_thread(self._compare, row, limit)

    def embedding(self, fingerprint: Fingerprint) -> Embedding:
        row = self._matrix[self._places[fingerprint]]
        return Embedding(array("f", row.tobytes()))

    def _compare(self, row: Matrix, limit: int) -> list[Neighbour]:
        similarities = self._matrix[: len(self._names)] @ row
        return [Neighbour(self._names[each], float(similarities[each])) for each in _largest(similarities, limit)]

    def _place(self, fingerprint: Fingerprint) -> int:
        if fingerprint not in self._places:
            self._make_room()
            self._places[fingerprint] = len(self._names)
            self._names.append(fingerprint)
        return self._places[fingerprint]

    def _make_room(self) -> None:
        if len(self._names) == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])


def _row(embedding: Embedding) -> Matrix:
    return np.frombuffer(embedding.vector, dtype=np.float32)


def _largest(similarities: Matrix, limit: int) -> Sequence[Any]:
    """Give the places of the *limit* largest, largest first."""
    kept = min(limit, len(similarities))
    some = np.argpartition(-similarities, kept - 1)[:kept] if kept else np.empty(0, dtype=np.intp)
    return some[np.argsort(-similarities[some], kind="stable")].tolist()  # type: ignore[no-any-return]

"""The vector index on disk: Qdrant Edge, embedded, in a process of its own."""

import asyncio
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from adapters.vector_index.edge import wire
from adapters.vector_index.edge.folder import EdgeFolder
from adapters.vector_index.edge.live import LiveShard
from domain.questions import Compatibility, Fingerprint
from domain.similarity import (
    Embedding,
    Neighbour,
    Point,
    Search,
    VectorCatalogue,
    VectorIndex,
    VectorIndexUnavailable,
)

Item = TypeVar("Item")

BATCH = 64
"""Points or searches sent at once: a search that comes in between waits for one batch, not for all."""

OPTIMISE_AFTER = 2_000
"""So many changes are worth optimising for: until then each costs a search of its partition 0.2 us."""

OPTIMISE_SHARE = 0.03
"""And so large a share of all points: the more there are, the longer optimising takes."""


class EdgeVectorIndex(VectorIndex, VectorCatalogue):
    """
    Keeps the points in *folder*, which belongs to one *embedder* version and to one service at a time.

    What was acknowledged is in a write-ahead log and survives ``kill -9`` of the service and of the engine;
    it survives a loss of power once flushed, which happens when nothing was asked for a second.

    The engine is a process (``engine.py`` says why), started by ``open`` or the first use, and again when it
    has died. An index that it cannot read is moved aside to ``<folder>.damaged-<n>`` and begun anew, empty:
    whoever remembers the questions can fill it again. That, and an optimisation that failed, is told to
    *report* in a sentence. Optimising happens in the background (``live.py`` says how).

    A point's identity is the first half of its fingerprint: two that share it replace one another.
    """

    def __init__(self, folder: Path, embedder: str, dimensions: int, report: Callable[[str], None]) -> None:
        self._shard = LiveShard(EdgeFolder(folder, embedder, dimensions), report)
        self._report = report
        self._optimising: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """
        Lock the folder and start the engine; without this the first use does.

        Raises:
            VectorIndexUnavailable: the folder is in use by another process, or another embedder's.
        """
        await self.ping()

    async def ping(self) -> None:
        """Raise ``VectorIndexUnavailable`` unless the engine answers."""
        await self._shard.read(wire.Hello())

    async def upsert(self, points: Sequence[Point]) -> None:  # noqa: D102
        for batch in _batches(points):
            await self._change(wire.Upsert([_entry(each) for each in batch]), len(batch))

    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:  # noqa: D102
        wanted = [wire.Wanted(each.partition, each.embedding.vector.tobytes()) for each in searches]
        replies = [await self._shard.read(wire.Search(list(batch), limit)) for batch in _batches(wanted)]
        found = [each for reply in replies for each in reply.found]
        return [[Neighbour(Fingerprint(each.fingerprint), each.similarity) for each in near] for near in found]

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:  # noqa: D102
        for batch in _batches(fingerprints):
            await self._change(wire.Remove(list(batch)), len(batch))

    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:  # noqa: D102
        found = await self._shard.read(wire.Page(after, limit))
        return [Fingerprint(each) for each in found.fingerprints]

    async def read(self, fingerprints: Sequence[Fingerprint]) -> Sequence[Point]:  # noqa: D102
        replies = [await self._shard.read(wire.Read(list(batch))) for batch in _batches(fingerprints)]
        return [_point(each) for reply in replies for each in reply.entries]

    async def optimise(self) -> None:
        """
        Make searches as fast as they can be, or wait until the optimisation under way has done so.

        Raises:
            VectorIndexUnavailable: it could not be done; the index goes on as it was.
        """
        if self._optimising is None or self._optimising.done():
            self._optimising = asyncio.create_task(self._shard.optimise())
        await asyncio.shield(self._optimising)

    async def close(self) -> None:
        """Give up optimising, flush, and let go of the folder."""
        await self._shard.give_up()
        if self._optimising:
            await asyncio.wait([self._optimising])
        await self._shard.close()

    async def _change(self, change: wire.Change, size: int) -> None:
        await self._shard.change(change, size)
        if self._is_due() and (self._optimising is None or self._optimising.done()):
            self._optimising = asyncio.create_task(self._optimise_or_report())

    def _is_due(self) -> bool:
        current = self._shard.current
        return current.changes >= max(OPTIMISE_AFTER, OPTIMISE_SHARE * current.points)

    async def _optimise_or_report(self) -> None:
        try:
            await self._shard.optimise()
        except VectorIndexUnavailable as error:
            if not self._shard.current.closed:
                self._report(f"The vector index could not be optimised; searches go on. {error}")


def _entry(point: Point) -> wire.Entry:
    return wire.Entry(point.fingerprint, point.partition, point.embedding.vector.tobytes())


def _point(entry: wire.Entry) -> Point:
    embedding = Embedding(array("f", entry.vector))
    return Point(Fingerprint(entry.fingerprint), Compatibility(entry.partition), embedding)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))

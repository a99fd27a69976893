"""The vector index on a Qdrant server: shared by all workers that make the same embeddings."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from qdrant_client import models

from adapters.vector_index.qdrant import points as told
from adapters.vector_index.qdrant.collection import QdrantCollection
from adapters.vector_index.qdrant.connection import Call, QdrantConnection
from domain.questions import Fingerprint
from domain.similarity import Neighbour, Point, Search, VectorCatalogue, VectorIndex, VectorIndexUnavailable

T = TypeVar("T")
Item = TypeVar("Item")

BATCH = 128
"""Points in one request: 1 MB of 384 dimensions written as JSON, where a server takes 32."""

SEARCHES = 64
"""Searches in one request: they take part of the time that one search may take, so that a batch needs no more."""

LOOK_EVERY = 0.5
"""Seconds between two looks at whether the server has optimised."""

OPTIMISED_WITHIN = 600.0


class QdrantVectorIndex(VectorIndex, VectorCatalogue):
    """
    Keeps the points in a collection of one embedder version, which is made and checked at the first use.

    What was acknowledged is in the server's write-ahead log. After any failure the collection is looked at again
    before its next use: it may have been removed, or another server may stand there.

    A point's identity is the first half of its fingerprint: two that share it replace one another.
    """

    def __init__(self, connection: QdrantConnection, collection: QdrantCollection) -> None:
        self._connection = connection
        self._client = connection.client
        self._collection = collection

    async def ping(self) -> None:
        """Raise ``VectorIndexUnavailable`` unless the server has the collection, and it is sound."""
        await self._use(self._collection.check)

    async def upsert(self, points: Sequence[Point]) -> None:  # noqa: D102
        latest = list({each.fingerprint: each for each in points}.values())
        for batch in _batches(latest):
            structs = [told.filed(each) for each in batch]
            await self._use(partial(self._file, structs))

    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:  # noqa: D102
        requests = [told.searching(each, limit) for each in searches]
        found = [each for some in _batches(requests, SEARCHES) for each in await self._search(some)]
        return [told.neighbours(each) for each in found]

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:  # noqa: D102
        for batch in _batches(fingerprints):
            await self._use(partial(self._drop, told.removed(batch)))

    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:  # noqa: D102
        records = await self._use(partial(self._scroll, after, limit + 1))
        return [each for each in told.names(records) if each != after][:limit]

    async def read(self, fingerprints: Sequence[Fingerprint]) -> Sequence[Point]:  # noqa: D102
        return [point for batch in _batches(list(dict.fromkeys(fingerprints))) for point in await self._read(batch)]

    async def optimise(self) -> None:
        """
        Wait until the server has optimised what it was given; it does so by itself, as points come in.

        Raises:
            VectorIndexUnavailable: it failed, or takes longer than ten minutes; searches go on meanwhile.
        """
        await self._use(self._settle, OPTIMISED_WITHIN)

    async def close(self) -> None:
        """Stop looking after the collection; the connection is closed by whoever made it."""
        await self._collection.close()

    async def _search(self, requests: Sequence[models.QueryRequest]) -> list[models.QueryResponse]:
        with self._doubting():
            return await self._connection.search(partial(self._find, requests))

    async def _use(self, call: Call[T], patience: float | None = None) -> T:
        with self._doubting():
            return await self._connection.ask(call, patience)

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """Have the collection looked at again after a failure."""
        try:
            yield
        except VectorIndexUnavailable:
            self._collection.doubt()
            raise

    async def _file(self, structs: list[models.PointStruct]) -> None:
        await self._client.upsert(await self._collection.ready(), structs, wait=True)

    async def _drop(self, selected: models.PointIdsList) -> None:
        await self._client.delete(await self._collection.ready(), selected, wait=True)

    async def _find(self, requests: Sequence[models.QueryRequest]) -> list[models.QueryResponse]:
        return await self._client.query_batch_points(await self._collection.ready(), requests)

    async def _scroll(self, after: Fingerprint | None, limit: int) -> list[models.Record]:
        start = told.identity(after) if after else None
        name = await self._collection.ready()
        records, _ = await self._client.scroll(name, limit=limit, offset=start, with_payload=[told.FINGERPRINT])
        return records

    async def _read(self, batch: Sequence[Fingerprint]) -> list[Point]:
        return told.read(await self._use(partial(self._retrieve, batch)), batch)

    async def _retrieve(self, batch: Sequence[Fingerprint]) -> list[models.Record]:
        wanted = [told.identity(each) for each in batch]
        return await self._client.retrieve(await self._collection.ready(), wanted, with_vectors=True)

    async def _settle(self) -> None:
        while not await self._collection.is_optimised():  # noqa: ASYNC110 - a server has no event to wait for
            await asyncio.sleep(LOOK_EVERY)


def _batches(items: Sequence[Item], size: int = BATCH) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))

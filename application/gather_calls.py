"""Make many calls of a part of the memory as one: all that are made in one turn of the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from attrs import define, field

from domain.caching import AnswerCache, StoredAnswer
from domain.questions import Fingerprint
from domain.similarity import Embedder, Embedding, Neighbour, Point, Search, VectorIndex

Item = TypeVar("Item")
Found = TypeVar("Found")


@define(eq=False)
class _Call(Generic[Item, Found]):
    """One call on behalf of so many *askers*."""

    items: list[Item] = field(factory=list)
    askers: int = 0
    under_way: "asyncio.Task[Found]" = field(init=False)

    async def wait(self) -> Found:
        """Wait for what it brings; when the last asker leaves, it ends."""
        self.askers += 1
        try:
            return await asyncio.shield(self.under_way)
        finally:
            self.askers -= 1
            if not (self.askers or self.under_way.done()):
                self.under_way.cancel()
                await asyncio.gather(self.under_way, return_exceptions=True)


@define
class Gathering(Generic[Item, Found]):
    """
    Calls *make* once for all who ask in one turn of the event loop, and gives each of them all that was found.

    So those who ask side by side go on side by side, and their next calls meet again. An error reaches everyone who
    took part; whoever leaves disturbs nobody.
    """

    make: Callable[[Sequence[Item]], Awaitable[Found]]
    _next: _Call[Item, Found] | None = field(default=None, init=False)

    async def __call__(self, items: Sequence[Item]) -> Found:
        """Ask for *items*."""
        if self._next is None or self._next.under_way.cancelling():
            self._next = _Call()
            self._next.under_way = asyncio.create_task(self._depart(self._next))
        self._next.items += items
        return await self._next.wait()

    async def _depart(self, call: _Call[Item, Found]) -> Found:
        # A task begins in the next turn: by now everyone of this one has come.
        self._next = None
        return await self.make(call.items)


@define
class GatheringAnswerCache(AnswerCache):
    """Reads for many at once."""

    cache: AnswerCache
    _getting: Gathering[Fingerprint, Mapping[Fingerprint, StoredAnswer]] = field(init=False)

    @_getting.default
    def _gather(self) -> Gathering[Fingerprint, Mapping[Fingerprint, StoredAnswer]]:
        return Gathering(self._get_each_once)

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Give to each what it asked for."""
        found = await self._getting(fingerprints)
        return {each: found[each] for each in fingerprints if each in found}

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Pass it on."""
        await self.cache.put(answers)

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Pass it on."""
        await self.cache.remove(fingerprints)

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Pass it on."""
        await self.cache.touch(fingerprint, now)

    async def _get_each_once(self, names: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        return await self.cache.get(tuple(dict.fromkeys(names))) if names else {}


@define
class GatheringEmbedder(Embedder):
    """Embeds for many at once, and each text once."""

    embedder: Embedder
    _embedding: Gathering[str, Mapping[str, Embedding]] = field(init=False)

    @_embedding.default
    def _gather(self) -> Gathering[str, Mapping[str, Embedding]]:
        return Gathering(self._embed_each_once)

    @property
    def version(self) -> str:
        """Give the embedder's."""
        return self.embedder.version

    @property
    def dimensions(self) -> int:
        """Give the embedder's."""
        return self.embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        """Give to each what it asked for."""
        embeddings = await self._embedding(texts)
        return [embeddings[each] for each in texts]

    async def _embed_each_once(self, texts: Sequence[str]) -> Mapping[str, Embedding]:
        distinct = tuple(dict.fromkeys(texts))
        return dict(zip(distinct, await self.embedder.embed(distinct), strict=True))


@define
class GatheringVectorIndex(VectorIndex):
    """Searches for many at once who want as many neighbours."""

    index: VectorIndex
    _searching: dict[int, Gathering[Search, Mapping[int, Sequence[Neighbour]]]] = field(factory=dict, init=False)

    async def upsert(self, points: Sequence[Point]) -> None:
        """Pass it on."""
        await self.index.upsert(points)

    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:
        """Give to each what it asked for."""
        gathering = self._searching.setdefault(limit, Gathering(partial(self._search, limit)))
        found = await gathering(searches)
        return [found[id(each)] for each in searches]

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Pass it on."""
        await self.index.remove(fingerprints)

    async def _search(self, limit: int, searches: Sequence[Search]) -> Mapping[int, Sequence[Neighbour]]:
        # By identity: vectors have no hash.
        return dict(zip(map(id, searches), await self.index.search(searches, limit), strict=True))

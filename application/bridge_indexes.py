"""Answer from two indexes while one succeeds the other, without ever comparing what two embedders made."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import define

from application.file_answers import FileAnswers
from application.survive_failures import Surviving
from domain.caching import AnswerCache
from domain.entries import Entry
from domain.events import EventSink
from domain.questions import Fingerprint
from domain.similarity import Neighbour, Point, Search, VectorCatalogue, VectorIndex
from domain.succession import FormerIndex

MOST = 24
"""So many answers are brought over at once: each costs an embedding."""

TOGETHER = 8
"""Of a batch, so many questions are dealt with at once; what has been brought over when time is up counts."""

LONGER = 3
"""A batch may take so many times as long as a question."""

Names = Sequence[Fingerprint]


@define
class BridgedIndex(VectorIndex):
    """
    An index that is being filled; and, as long as it is set, the *former* one, which knows more.

    The former index only proposes. What it finds by its own embedder, and this one has not yet, is embedded anew by
    the present embedder, filed here, and compared as everything here is: no similarity of the former counts. So what
    is asked for moves first. A former index that fails or takes more than *patience* seconds proposes nothing.

    Writes go to this index alone.
    """

    index: VectorIndex
    catalogue: VectorCatalogue
    filing: FileAnswers
    cache: AnswerCache
    events: EventSink
    patience: float = 0.25
    former: FormerIndex | None = None

    async def upsert(self, points: Sequence[Point]) -> None:
        """File them here."""
        await self.index.upsert(points)

    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:
        """Search here, and add what the former index proposes."""
        found = await self.index.search(searches, limit)
        if self.former is None:
            return found
        here = {each.fingerprint for near in found for each in near}
        brought: dict[Fingerprint, Point] = {}
        with Surviving("former_index", self.events):
            async with asyncio.timeout(self.patience * min(len(searches), LONGER)):
                for some in _slices(searches):
                    proposed = await self._proposed(self.former, some, limit)
                    brought |= await self._brought_over([name for name in proposed if name not in here])
        return [_with(brought.values(), *each, limit) for each in zip(searches, found, strict=True)]

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Forget them here and there."""
        await self.index.remove(fingerprints)
        if self.former:
            with Surviving("former_index", self.events):
                async with asyncio.timeout(self.patience):
                    await self.former.index.remove(fingerprints)

    async def _proposed(self, former: FormerIndex, searches: Sequence[Search], limit: int) -> Names:
        """Name what *former* finds by its own embedder, the nearest of each search first."""
        embeddings = await former.embedder.embed([each.text for each in searches])
        asked = [Search(each.partition, made) for each, made in zip(searches, embeddings, strict=True)]
        found = await former.index.search(asked, limit)
        ranked = [near[rank].fingerprint for rank in range(limit) for near in found if rank < len(near)]
        return list(dict.fromkeys(ranked))

    async def _brought_over(self, proposed: Names) -> Mapping[Fingerprint, Point]:
        """Embed and file those that are not here yet; the others were not near enough."""
        here = {each.fingerprint for each in await self.catalogue.read(proposed)} if proposed else set()
        strangers = [name for name in proposed if name not in here]
        return await self._filed(strangers[:MOST]) if strangers else {}

    async def _filed(self, names: Names) -> Mapping[Fingerprint, Point]:
        points = await self.filing.points([Entry(each) for each in (await self.cache.get(names)).values()])
        await self.index.upsert(points)
        return {each.fingerprint: each for each in points}


def _slices(searches: Sequence[Search]) -> Iterator[Sequence[Search]]:
    return (searches[start : start + TOGETHER] for start in range(0, len(searches), TOGETHER))


def _with(brought: Iterable[Point], search: Search, found: Sequence[Neighbour], limit: int) -> Sequence[Neighbour]:
    """Give what was *found* and what was *brought* over into the partition of *search*, nearest first."""
    mine = [each for each in brought if each.partition == search.partition]
    more = [Neighbour(each.fingerprint, each.embedding.similarity(search.embedding)) for each in mine]
    return sorted((*found, *more), key=lambda each: -each.similarity)[:limit]

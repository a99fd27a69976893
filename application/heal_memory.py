"""Make the two memories agree again after a crash or a loss: the answers are the truth, the vectors follow."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from attrs import frozen

from application.forget_answers import ForgetAnswers
from domain.caching import AnswerCache
from domain.catalogue import AnswerCatalogue
from domain.questions import Fingerprint, normalise
from domain.similarity import Embedder, Point, VectorCatalogue, VectorIndex

PAGE = 256

Names = Sequence[Fingerprint]


@frozen
class HealMemory:
    """Files the answers that the index has lost, and removes the vectors that have no answer."""

    cache: AnswerCache
    catalogue: AnswerCatalogue
    index: VectorIndex
    vectors: VectorCatalogue
    embedder: Embedder
    forget: ForgetAnswers

    async def __call__(self) -> int:
        """Heal, and tell how many entries were filed anew; others may read and write meanwhile."""
        orphans = {name async for page in _pages(self.vectors.page) for name in page}
        filed = 0
        async for page in _pages(self.catalogue.page):
            filed += await self._file([name for name in page if name not in orphans])
            orphans.difference_update(page)
        await self._remove(tuple(orphans))
        return filed

    async def _file(self, names: Names) -> int:
        answers = tuple((await self.cache.get(names)).values()) if names else ()
        embeddings = await self.embedder.embed([normalise(each.question) for each in answers])
        pairs = zip(answers, embeddings, strict=True)
        points = [Point(answer.fingerprint, answer.partition, embedding) for answer, embedding in pairs]
        await self.index.upsert(points)
        return len(points)

    async def _remove(self, suspects: Names) -> None:
        for start in range(0, len(suspects), PAGE):
            some = suspects[start : start + PAGE]
            remembered = await self.cache.get(some)  # it may have been remembered since it was first missed
            await self.forget([name for name in some if name not in remembered], cause="orphaned")


async def _pages(page: Callable[[Fingerprint | None, int], Awaitable[Names]]) -> AsyncIterator[Names]:
    names = await page(None, PAGE)
    while names:
        yield names
        names = await page(names[-1], PAGE)

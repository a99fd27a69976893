"""Make the two memories agree again after a crash or a loss: the answers are the truth, the vectors follow."""

from attrs import frozen

from application.file_answers import FileAnswers
from application.forget_answers import ForgetAnswers
from application.go_through import PAGE, Names, pages
from domain.caching import AnswerCache
from domain.catalogue import AnswerCatalogue
from domain.entries import Entry
from domain.similarity import VectorCatalogue


@frozen
class HealMemory:
    """Files the answers that the index has lost, and removes the vectors that have no answer."""

    cache: AnswerCache
    catalogue: AnswerCatalogue
    vectors: VectorCatalogue
    filing: FileAnswers
    forget: ForgetAnswers

    async def __call__(self) -> int:
        """Heal, and tell how many entries were filed anew; others may read and write meanwhile."""
        orphans = {name async for page in pages(self.vectors.page) for name in page}
        filed = 0
        async for page in pages(self.catalogue.page):
            filed += await self._file([name for name in page if name not in orphans])
            orphans.difference_update(page)
        await self._remove(tuple(orphans))
        return filed

    async def _file(self, names: Names) -> int:
        answers = tuple((await self.cache.get(names)).values()) if names else ()
        await self.filing([Entry(each) for each in answers])
        return len(answers)

    async def _remove(self, suspects: Names) -> None:
        for start in range(0, len(suspects), PAGE):
            some = suspects[start : start + PAGE]
            remembered = await self.cache.get(some)  # it may have been remembered since it was first missed
            await self.forget([name for name in some if name not in remembered], cause="orphaned")

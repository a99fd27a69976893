"""Make the two memories agree again after a crash or a loss: the answers are the truth, the vectors follow."""

from collections.abc import AsyncIterator, Callable
from itertools import takewhile
from secrets import token_hex

from attrs import frozen

from application.file_answers import FileAnswers
from application.forget_answers import ForgetAnswers
from application.go_through import PAGE, Names, slices
from domain.caching import AnswerCache
from domain.catalogue import AnswerCatalogue
from domain.entries import Entry
from domain.questions import Fingerprint
from domain.similarity import VectorCatalogue

BATCH = 64
"""Answers embedded and filed at once: so many are done again after a crash, and so often is told how far it is."""


def anywhere() -> Fingerprint:
    """Give a place to begin: workers that heal at once share the work, for they skip what another has filed."""
    return Fingerprint(token_hex(32))


def nobody(_: int) -> None:
    """Tell nobody."""


@frozen
class _Stretch:
    """What both memories hold between two fingerprints."""

    answers: Names
    vectors: Names

    @property
    def missing(self) -> Names:
        filed = set(self.vectors)
        return [name for name in self.answers if name not in filed]

    @property
    def orphans(self) -> Names:
        remembered = set(self.answers)
        return [name for name in self.vectors if name not in remembered]


@frozen
class HealMemory:
    """Files the answers that the index has lost, and removes the vectors that have no answer."""

    cache: AnswerCache
    catalogue: AnswerCatalogue
    vectors: VectorCatalogue
    filing: FileAnswers
    forget: ForgetAnswers
    start: Callable[[], Fingerprint] = anywhere

    async def __call__(self, tell: Callable[[int], None] = nobody) -> int:
        """
        Heal, and tell how many entries were filed anew; others may read and write meanwhile.

        *tell* hears how many answers are known to be filed by now.
        """
        filed = seen = 0
        async for stretch in self._stretches():
            seen += len(stretch.answers) - len(stretch.missing)
            tell(seen + filed)
            for some in slices(stretch.missing, BATCH):
                filed += await self._file(some)
                tell(seen + filed)
            await self._remove(stretch.orphans)
        return filed

    async def _stretches(self) -> AsyncIterator[_Stretch]:
        """Go through both memories in order, from somewhere to the end, and from the beginning to there."""
        somewhere = self.start()
        async for stretch in self._stretches_between(somewhere, None):
            yield stretch
        async for stretch in self._stretches_between(None, somewhere):
            yield stretch

    async def _stretches_between(self, after: Fingerprint | None, last: Fingerprint | None) -> AsyncIterator[_Stretch]:
        while True:
            # The answers first: a vector that is filed in between is at most looked at twice.
            answers = _up_to(last, await self.catalogue.page(after, PAGE))
            vectors = _up_to(last, await self.vectors.page(after, PAGE))
            if not (answers or vectors):
                return
            after = min(page[-1] for page in (answers, vectors) if page)
            yield _Stretch(_up_to(after, answers), _up_to(after, vectors))

    async def _file(self, names: Names) -> int:
        answers = [each for each in (await self.cache.get(names)).values() if not each.literal]
        await self.filing([Entry(each) for each in answers])
        return len(answers)

    async def _remove(self, suspects: Names) -> None:
        remembered = await self.cache.get(suspects) if suspects else {}  # they may have been remembered meanwhile
        await self.forget([name for name in suspects if name not in remembered], cause="orphaned")


def _up_to(last: Fingerprint | None, names: Names) -> Names:
    return names if last is None else list(takewhile(lambda name: name <= last, names))

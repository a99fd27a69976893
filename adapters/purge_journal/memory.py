"""The journal of purges in this process's memory: for a service that is one process, and for tests."""

import asyncio
from collections.abc import Iterator, Sequence

from attrs import define, evolve, field

from domain.purging import KEPT, Continuity, Excerpt, Purge, PurgeJournal


@define
class MemoryPurgeJournal(PurgeJournal):
    """Forgets everything with the process, which whatever was under way does too."""

    kept: int = KEPT
    _purges: list[Purge] = field(factory=list, init=False)
    _number: int = field(default=0, init=False)
    _news: asyncio.Event = field(factory=asyncio.Event, init=False)

    async def append(self, purges: Sequence[Purge], beyond: int = 0) -> Sequence[Purge]:
        """Keep them in a list."""
        known = {each.uid for each in self._purges}
        added = list(self._numbered([each for each in purges if each.uid not in known], beyond))
        self._purges = [*self._purges, *added][-self.kept :]
        self._news.set()
        self._news = asyncio.Event()
        return added

    async def read(self, last: Purge | None) -> Excerpt:
        """Look for the last one known from the end."""
        if last is None:
            return Excerpt(tuple(self._purges))
        later = [each for each in self._purges if each.number > last.number]
        if last in self._purges:
            return Excerpt(later)
        if self._purges and self._purges[0].number > last.number:
            return Excerpt(later, Continuity.TRIMMED)
        return Excerpt(tuple(self._purges), Continuity.BROKEN)

    async def wait(self, last: Purge | None, seconds: float) -> None:
        """Wait for the next."""
        if (last.number if last else 0) >= self._number:
            news = asyncio.create_task(self._news.wait())
            await asyncio.wait([news], timeout=seconds)
            news.cancel()

    async def ping(self) -> None:
        """Be there."""

    def _numbered(self, purges: Sequence[Purge], beyond: int) -> Iterator[Purge]:
        for each in purges:
            self._number = max(self._number, beyond) + 1
            yield evolve(each, number=self._number)

"""Know of all purges, whoever made them, so that nothing that was purged is served or comes back."""

import asyncio
from collections.abc import Sequence

from attrs import define, field

from application.keep_verdicts import RecentVerdicts
from application.survive_failures import Surviving
from domain.bans import Bans
from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.events import EventSink, PartFailed
from domain.purging import Continuity, Epoch, Excerpt, Purge, PurgeJournal, PurgeJournalUnavailable
from domain.questions import Question

UNHEARD = 0.4
"""Seconds until the journal is read although nothing was heard of it: the message may have been lost."""

UNWRITTEN = "what is to be forgotten could not be written down, so it may be served yet: ask for it again"

PAUSE = 0.2
"""Seconds until a journal that failed is asked again."""


@define
class KnownPurges:
    """
    What this worker knows of the journal's purges: its own at once, those of others a moment later.

    *recent* are words of users, of which it forgets those that were purged.
    """

    journal: PurgeJournal
    recent: RecentVerdicts
    events: EventSink
    bans: Bans = field(factory=Bans, init=False)
    _lost: list[Purge] = field(factory=list, init=False)
    _next: "asyncio.Task[None] | None" = field(default=None, init=False)
    _reading: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    def epoch_of(self, question: Question) -> Epoch:
        """Give the present epoch of *question*."""
        return self.bans.epoch_of(question)

    def overtook(self, epoch: Epoch, stored: StoredAnswer) -> bool:
        """Tell whether *stored*, asked for in *epoch*, has been purged since, as far as this worker knows."""
        return self.bans.overtook(epoch, stored)

    async def declare(self, purge: Purge) -> None:
        """Have all workers know of *purge*: when this returns it stands; raises ``PurgeJournalUnavailable``."""
        try:
            await self.journal.append((purge,), self.bans.latest)
            await self.catch_up()
        except PurgeJournalUnavailable as error:
            self.events.note(PartFailed("purge_journal", error))
            raise PurgeJournalUnavailable(UNWRITTEN) from error

    async def catch_up(self) -> None:
        """
        Read what was purged up to now; raises ``PurgeJournalUnavailable``.

        All who come while one reads share the next reading, which begins after they came.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._read())
            self._next.add_done_callback(_seen)
        await asyncio.shield(self._next)

    async def _read(self) -> None:
        async with self._reading:
            self._next = None
            excerpt = await self.journal.read(self.bans.last)
            if excerpt.continuity is Continuity.BROKEN:
                await self._restore(excerpt)
            else:
                self._learn(excerpt)

    async def begin(self) -> None:
        """Learn of what was purged before this worker began; survives, and notes, a journal that fails."""
        with Surviving("purge_journal", self.events):
            await self.catch_up()

    async def wait(self) -> Sequence[Purge]:
        """
        Wait until something may have been purged, and learn of it; survives, and notes, a journal that fails.

        Gives the purges that have to be carried out once more: a server that fell back to an older copy of itself has
        lost them, with what they did.
        """
        with Surviving("purge_journal", self.events):
            await self.journal.wait(self.bans.last, UNHEARD)
            await self.catch_up()
            lost, self._lost = self._lost, []
            return lost
        await asyncio.sleep(PAUSE)
        return ()

    def _learn(self, excerpt: Excerpt) -> None:
        if excerpt.continuity is Continuity.TRIMMED:
            self.bans.begin_anew()
        for purge in excerpt.purges:
            self.bans.note(purge)
            self._forget_words(purge)

    async def _restore(self, excerpt: Excerpt) -> None:
        """Tell the journal what it has lost; of several workers who do so at a time, each purge is taken from one."""
        lost = self.bans.behind({each.uid for each in excerpt.purges})
        self._lost.extend(await self.journal.append(lost, self.bans.latest))
        whole = await self.journal.read(None)
        self.bans.begin_anew(whole.purges)

    def _forget_words(self, purge: Purge) -> None:
        if isinstance(purge.what, Selection):
            self.recent.forget(purge.tenant)
        else:
            self.recent.forget_entry(purge.what)


def _seen(reading: "asyncio.Task[None]") -> None:
    if not reading.cancelled():
        reading.exception()  # whoever waited may have gone

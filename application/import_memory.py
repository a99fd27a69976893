"""Import entries from another memory: those that are still good, and that this one has nothing newer for."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from math import inf

from attrs import evolve, frozen

from application.evict_answers import EvictAnswers
from application.export_memory import FiledMeanings
from application.file_answers import FileAnswers
from application.follow_purges import KnownPurges
from application.go_through import PAGE, slices
from domain.caching import AnswerCache, Freshness, StoredAnswer
from domain.clock import Clock
from domain.entries import Entry
from domain.past_purges import PastPurges, limited
from domain.purging import KEPT, Epoch, Purge
from domain.questions import Fingerprint


class Arrival(StrEnum):
    """What became of an entry that was to be imported."""

    IMPORTED = "imported"
    KNOWN = "known"
    NEWER = "newer"
    PURGED = "purged"
    DEAD = "dead"
    FUTURE = "future"


@frozen
class Beginning:
    """What was purged, there and here, before the import began; what is purged later is known by its number."""

    purged: Sequence[PastPurges]
    epoch: Epoch

    def took(self, stored: StoredAnswer) -> bool:
        """Tell whether *stored* was purged before."""
        return any(each.took(stored) for each in self.purged)


@frozen
class Imported:
    """What became of some entries, and how many of their questions were embedded anew."""

    arrivals: Mapping[Arrival, int]
    embedded: int


@frozen
class ImportMemory:
    """
    Takes entries in, many at once; *filing* and *meanings* are absent where only exact hits are wanted.

    Taking the same entries in again changes nothing, and completes what was broken off. Others may write meanwhile.
    Raises what the ports do.
    """

    cache: AnswerCache
    filing: FileAnswers | None
    meanings: FiledMeanings | None
    evict: EvictAnswers
    purges: KnownPurges
    clock: Clock

    def trusts(self, embedder: str) -> bool:
        """Tell whether embeddings of this version can be used, if any are wanted."""
        return self.filing is None or self.filing.embedder.version == embedder

    async def held(self) -> int:
        """Tell how many entries there are here."""
        return (await self.evict.catalogue.measure()).entries

    async def begin(self, theirs: Sequence[Purge]) -> Beginning:
        """
        Let the purges of the other memory count here too, for what was stored before them.

        The journal is told of them as far as it has room: it forgets none of its own for their sake.
        """
        await self.purges.catch_up()
        ours = tuple(self.purges.bans.known)
        unknown = await self._unknown(theirs, {each.uid for each in ours})
        room = KEPT - len(ours)
        await self.purges.journal.append(unknown[max(0, len(unknown) - room) :], self.purges.bans.latest)
        await self.purges.catch_up()
        bans = self.purges.bans
        return Beginning((PastPurges(theirs), PastPurges(ours)), Epoch(bans.era, seen=bans.latest))

    async def __call__(self, entries: Sequence[Entry], beginning: Beginning) -> Imported:
        """Take *entries* in, none twice."""
        mine = await self.cache.get([each.answer.fingerprint for each in entries])
        arrivals = [(each, self._arrival(each.answer, mine, beginning)) for each in entries]
        taken = [_stamped(each, beginning) for each, arrival in arrivals if arrival is Arrival.IMPORTED]
        for some in slices(taken):
            await self.cache.put([each.answer for each in some])
        embedded = await self._file(taken, [each for each, arrival in arrivals if arrival is Arrival.KNOWN])
        purged = await self._take_back([each.answer for each in taken], beginning)
        await self.evict.make_room()
        counted = Counter(arrival for _, arrival in arrivals)
        counted.update({Arrival.IMPORTED: -len(purged), Arrival.PURGED: len(purged)})
        return Imported(counted, embedded)

    def _arrival(self, theirs: StoredAnswer, ours: Mapping[Fingerprint, StoredAnswer], beginning: Beginning) -> Arrival:
        now, mine = self.clock.now(), ours.get(theirs.fingerprint)
        if theirs.freshness(now) is Freshness.DEAD:
            return Arrival.FUTURE if theirs.age(now) == inf else Arrival.DEAD
        if beginning.took(theirs):
            return Arrival.PURGED
        if mine is None or mine.stored_at < theirs.stored_at:
            return Arrival.IMPORTED
        return Arrival.KNOWN if mine.stored_at == theirs.stored_at else Arrival.NEWER

    async def _file(self, taken: Sequence[Entry], known: Sequence[Entry]) -> int:
        """File what was taken, and what was kept but not filed when an earlier import was broken off."""
        if not (self.filing and self.meanings):
            return 0
        filed = await self.meanings.of([each.answer.fingerprint for each in known])
        return await self.filing([*taken, *(each for each in known if each.answer.fingerprint not in filed)])

    async def _take_back(self, taken: Sequence[StoredAnswer], beginning: Beginning) -> Collection[Fingerprint]:
        await self.purges.catch_up()
        purged = [each.fingerprint for each in taken if self.purges.overtook(beginning.epoch, each)]
        await self.evict.forget(purged, cause="purged")
        return purged

    async def _unknown(self, theirs: Sequence[Purge], known: Collection[str]) -> Sequence[Purge]:
        """Give the purges that are news, limited to what was stored before them."""
        news = [limited(each) for each in theirs if each.uid not in known]
        named = {each.what: each.at for each in news if isinstance(each.what, str)}
        outlived: set[Fingerprint] = set()
        for some in slices(tuple(named), PAGE):
            found = await self.cache.get(some)
            outlived.update(name for name, stored in found.items() if stored.stored_at > named[name])
        return [each for each in news if each.what not in outlived]


def _stamped(entry: Entry, beginning: Beginning) -> Entry:
    return evolve(entry, answer=evolve(entry.answer, epoch=beginning.epoch.seen))

"""Several workers over one memory and one journal."""

import asyncio

import pytest
from attrs import define, evolve, field

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.purge_journal.memory import MemoryPurgeJournal
from application import follow_purges
from application.hide_purged import UnpurgedAnswers
from application.keep_verdicts import Judged
from domain.answers import Reason
from domain.calibration import Traffic
from domain.catalogue import Selection
from domain.events import PartFailed
from domain.generation import ModelBroken
from domain.purging import Excerpt, Purge, PurgeJournalUnavailable
from domain.verdicts import Verdict
from tests.builders import a_fingerprint, a_stored_answer, an_asking
from tests.core import Core
from tests.doubles import ScriptedModel, saying

ASKED = "What is RAGBoost?"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_purges, "UNHEARD", 0.02)
    monkeypatch.setattr(follow_purges, "PAUSE", 0.01)


@define
class Shared:
    """What two workers share."""

    cache: MemoryAnswerCache = field(factory=MemoryAnswerCache)
    journal: MemoryPurgeJournal = field(factory=MemoryPurgeJournal)

    def worker(self, *turns: object) -> Core:
        return Core(ScriptedModel(*turns), cache=self.cache, journal=self.journal, semantic=False)


@define
class Slow(MemoryPurgeJournal):
    """A journal that takes a while to read."""

    readings: int = 0

    async def read(self, last: Purge | None) -> Excerpt:
        self.readings += 1
        excerpt = await MemoryPurgeJournal.read(self, last)
        await asyncio.sleep(0.05)
        return excerpt


@define
class Forgetful(MemoryPurgeJournal):
    """A server that can fall back to an older copy of itself, or be away."""

    away: bool = False

    def fall_back(self, by: int) -> None:
        del self._purges[len(self._purges) - by :]
        self._number -= by

    async def read(self, last: Purge | None) -> Excerpt:
        if self.away:
            raise PurgeJournalUnavailable("away")
        return await super().read(last)


async def test_a_purge_is_known_to_others_a_moment_later() -> None:
    shared = Shared()
    one, other = shared.worker(), shared.worker()
    epoch = other.purges.epoch_of(an_asking(ASKED).question)

    await one.purge(Selection("acme"))
    await other.purge.follow()

    assert other.purges.epoch_of(an_asking(ASKED).question) != epoch


async def test_an_answer_under_way_elsewhere_is_not_remembered() -> None:
    shared, gate = Shared(), asyncio.Event()
    one, other = shared.worker(), shared.worker((gate, *saying("An answer.")))
    asking = asyncio.create_task(other.answer(an_asking(ASKED)))
    await asyncio.sleep(0.01)
    assert other.model.calls == 1

    await one.purge(Selection("acme"))  # the other has not heard of it when its model answers
    gate.set()

    assert (await asking).completion.text == "An answer."
    assert (await shared.cache.measure()).entries == 0


async def test_an_answer_that_the_purge_does_not_take_is_remembered_all_the_same() -> None:
    shared, gate = Shared(), asyncio.Event()
    one, other = shared.worker(), shared.worker((gate, *saying("An answer.")))
    asking = asyncio.create_task(other.answer(an_asking(ASKED, tags=("kept",))))
    await asyncio.sleep(0.01)
    assert other.model.calls == 1

    await one.purge(Selection("acme", tag="dropped"))
    gate.set()
    await asking

    assert (await shared.cache.measure()).entries == 1


async def test_an_old_answer_that_was_purged_while_the_model_failed_rescues_nobody() -> None:
    shared, gate = Shared(), asyncio.Event()
    one, other = shared.worker(saying("An old answer.")), shared.worker((gate, ModelBroken("it broke")))
    await one.answer(an_asking(ASKED))
    other.clock.advance(130)  # past the ttl and the grace
    asking = asyncio.create_task(other.answer(an_asking(ASKED)))
    await asyncio.sleep(0.01)

    await one.purge(Selection("acme"))
    gate.set()
    with pytest.raises(ModelBroken):
        await asking


async def test_those_who_look_while_somebody_reads_share_the_next_reading() -> None:
    shared = Shared(journal=Slow())
    worker = shared.worker()
    first = asyncio.create_task(worker.purges.catch_up())
    await asyncio.sleep(0.01)
    await shared.worker().journal.append([Purge("late", "acme", Selection("acme"), 0.0)])
    await asyncio.gather(first, *(worker.purges.catch_up() for _ in range(30)))

    assert shared.journal.readings == 2
    assert worker.purges.bans.latest == 1


@define
class Ending(MemoryPurgeJournal):
    """A journal that is closed while it is read."""

    async def read(self, last: Purge | None) -> Excerpt:
        raise asyncio.CancelledError


async def test_who_looks_while_all_ends_ends_too() -> None:
    core = Core(journal=Ending())

    with pytest.raises(asyncio.CancelledError):
        await core.purges.catch_up()


async def test_an_answer_that_was_purged_joins_no_others() -> None:
    worker = Shared().worker()
    asking = an_asking(ASKED)
    recall = await worker.recollection.recall(asking)
    await worker.answer(asking)
    (stored,) = (await worker.cache.get([asking.question.fingerprint])).values()
    await worker.remember.join(asking, recall, stored.completion, "one")
    assert (await worker.cache.get([stored.fingerprint]))[stored.fingerprint].cluster == "one"

    await worker.purge(Selection("acme"))
    await worker.cache.put([stored])  # what fell back may have it again
    await worker.remember.join(asking, recall, stored.completion, "another")
    assert (await worker.cache.get([stored.fingerprint]))[stored.fingerprint].cluster == stored.cluster


async def test_words_that_users_wrote_are_forgotten_by_others_too() -> None:
    shared = Shared()
    one, other = shared.worker(), shared.worker()
    verdict = Verdict(hit=False, reason=Reason.UNCERTAIN, similarity=0.9)
    traffic = Traffic("acme", "")
    for number in (1, 2):
        other.judge.recent.keep(traffic, Judged(a_fingerprint(number), "What?", "Why?", verdict, 0.0))

    await one.purge.entry("acme", a_fingerprint(1))
    await other.purge.follow()
    assert [each.entry for each in other.judge.recent.refused(traffic)] == [a_fingerprint(2)]

    await one.purge(Selection("acme"))
    await other.purge.follow()
    assert other.judge.recent.refused(traffic) == []


async def test_what_a_purge_took_is_hidden_wherever_it_comes_back_from() -> None:
    shared = Shared()
    one, other = shared.worker(), shared.worker()
    old, new = a_stored_answer(1), a_stored_answer(2, epoch=1)
    await one.purge(Selection("acme"))
    await shared.cache.put([old, new])
    answers = UnpurgedAnswers(shared.cache, other.purges)

    assert set(await answers.get([old.fingerprint, new.fingerprint])) == {old.fingerprint, new.fingerprint}
    await other.purge.follow()
    assert set(await answers.get([old.fingerprint, new.fingerprint])) == {new.fingerprint}
    assert set(await shared.cache.get([old.fingerprint])) == set()


async def test_what_is_not_hidden_is_passed_on() -> None:
    shared = Shared()
    answers = UnpurgedAnswers(shared.cache, shared.worker().purges)
    await answers.put([a_stored_answer(1), a_stored_answer(2)])
    await answers.touch(a_fingerprint(1), 5.0)
    await answers.remove([a_fingerprint(2)])

    assert await answers.get([a_fingerprint(1), a_fingerprint(2)]) == {
        a_fingerprint(1): evolve(a_stored_answer(1), accesses=1, accessed_at=5.0)
    }


async def test_a_journal_that_fell_back_is_told_what_it_lost_and_once_only() -> None:
    journal = Forgetful()
    shared = Shared(journal=journal)
    one, other, newcomer = shared.worker(), shared.worker(), shared.worker()
    for what in (Selection("acme", tag="a"), Selection("acme", tag="b")):
        await one.purge(what)
    await one.purge.entry("acme", a_fingerprint(3))
    await other.purge.follow()
    epoch = one.purges.epoch_of(an_asking(ASKED).question)

    journal.fall_back(by=2)  # the answers came back with it
    await shared.cache.put([a_stored_answer(1, tags=("b",)), a_stored_answer(2), a_stored_answer(3)])
    await newcomer.purge(Selection("globex"))
    await asyncio.gather(*(each.purge.follow() for each in (other, one)))

    assert set(await shared.cache.page(None, 9)) == {a_fingerprint(2)}
    known = (await journal.read(None)).purges
    assert [each.tenant for each in known] == ["acme", "globex", "acme", "acme"]
    assert one.purges.overtook(epoch, a_stored_answer(2, epoch=epoch.seen))
    for each in (one, other, newcomer):
        await each.purge.follow()
        assert each.purges.bans.spoil(a_stored_answer(1, tags=("b",), epoch=epoch.seen - 1))


async def test_who_missed_more_than_is_kept_remembers_nothing_that_was_under_way() -> None:
    shared = Shared(journal=MemoryPurgeJournal(2))
    one, other = shared.worker(), shared.worker()
    await one.purge(Selection("acme", tag="a"))
    await other.purge.follow()
    epoch = other.purges.epoch_of(an_asking(ASKED).question)
    for tag in "bcd":
        await one.purge(Selection("globex", tag=tag))
    await other.purge.follow()

    assert other.purges.overtook(epoch, a_stored_answer(epoch=epoch.seen))


async def test_a_journal_that_is_away_is_asked_again_and_a_purge_fails_meanwhile() -> None:
    journal = Forgetful()
    shared = Shared(journal=journal)
    one, other = shared.worker(), shared.worker()
    journal.away = True
    with pytest.raises(PurgeJournalUnavailable):
        await one.purge(Selection("acme"))
    await other.purge.follow()
    assert [each.part for each in other.events.events if isinstance(each, PartFailed)] == ["purge_journal"]

    await other.answer(an_asking(ASKED))
    assert (await shared.cache.measure()).entries == 1

    journal.away = False
    await other.purge.follow()
    assert other.purges.bans.latest == 1, "what was appended counts, although its author was told that it failed"


async def test_a_lost_purge_that_cannot_be_carried_out_again_is_noted() -> None:
    journal = Forgetful()
    worker = Shared(journal=journal).worker()
    await worker.purge(Selection("acme"))
    journal.fall_back(by=1)
    worker.cache = BrokenCache()

    await worker.purge.follow()
    assert [each.part for each in worker.events.events if isinstance(each, PartFailed)] == ["answer_cache"]


class BrokenCache(MemoryAnswerCache):
    async def select(self, selection: Selection) -> list[str]:
        raise PurgeJournalUnavailable("broken")

"""Memories that are exported, and imported elsewhere."""

import asyncio
from collections.abc import Mapping, Sequence

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.purge_journal.memory import MemoryPurgeJournal
from application.import_memory import Arrival, Imported
from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.entries import Entry
from domain.events import AnswersRemoved
from domain.purging import KEPT, Purge
from tests.builders import a_fingerprint, a_stored_answer
from tests.core import Core


async def remember(core: Core, *numbers: int, **fields: object) -> None:
    answers = [a_stored_answer(each, question=f"question {each}", **fields) for each in numbers]
    await core.cache.put(answers)
    await core.filing([Entry(each) for each in answers])


async def exported(core: Core, tenant: str | None = None) -> list[Entry]:
    return [each async for page in core.export.entries(tenant) for each in page]


async def move(source: Core, target: Core) -> Imported:
    beginning = await target.importing.begin(await source.export.purges())
    return await target.importing(await exported(source), beginning)


async def remembered(core: Core) -> list[int]:
    return [int(name, 16) for name in await core.cache.page(None, 1000)]


async def filed(core: Core) -> list[int]:
    return [int(name, 16) for name in await core.index.page(None, 1000)]  # type: ignore[attr-defined]


def counts(imported: Imported) -> Mapping[Arrival, int]:
    return {arrival: count for arrival, count in imported.arrivals.items() if count}


class TestExport:
    async def test_everything_is_given_with_its_meaning(self) -> None:
        core = Core()
        await remember(core, *range(600), accesses=3, tags=("a",))

        entries = await exported(core)

        assert [each.answer for each in entries] == list(
            (await core.cache.get([each.answer.fingerprint for each in entries])).values()
        )
        assert len(entries) == await core.export.count() == 600
        points = {
            each.fingerprint: each.embedding
            for each in await core.index.read([a_fingerprint(each) for each in range(600)])
        }  # type: ignore[attr-defined]
        assert all(each.embedding == points[each.answer.fingerprint] for each in entries)
        assert {each.embedder for each in entries} == {core.embedder.version}

    async def test_one_tenants_is_given_alone(self) -> None:
        core = Core()
        await remember(core, *range(300))
        await remember(core, 1000, tenant="globex")

        assert [each.answer.tenant for each in await exported(core, "globex")] == ["globex"]
        assert len(await exported(core, "acme")) == await core.export.count("acme") == 300
        assert await exported(core, "nobody") == []

    async def test_what_is_not_filed_is_given_without_a_meaning(self) -> None:
        core = Core()
        await remember(core, 1, 2)
        await core.index.remove([a_fingerprint(1)])

        assert [each.embedding is None for each in await exported(core)] == [True, False]

    async def test_where_only_exact_hits_are_wanted_there_are_no_meanings(self) -> None:
        core = Core(semantic=False)
        await remember(core, 1)

        (entry,) = await exported(core)
        assert entry.embedding is None

    async def test_purges_are_given_and_what_they_took_is_not(self) -> None:
        journal = MemoryPurgeJournal()
        core, other = Core(journal=journal), Core(journal=journal)
        await remember(core, 1, 2, tags=("a",))
        await other.purge(Selection("acme", tag="a"))
        await other.purge(Selection("globex"))

        assert [each.what for each in await core.export.purges()] == [Selection("acme", tag="a"), Selection("globex")]
        assert [each.what for each in await core.export.purges("globex")] == [Selection("globex")]
        assert await exported(core) == []


class TestImport:
    async def test_another_memory_becomes_the_same(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, 2, 3, accesses=7, accessed_at=1_000_050.0, tags=("a", "b"), cluster="c")

        imported = await move(source, target)

        assert (counts(imported), imported.embedded) == ({Arrival.IMPORTED: 3}, 0)
        assert await exported(target) == await exported(source)
        assert await target.cache.measure() == await source.cache.measure()

    async def test_once_more_changes_nothing(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, 2)
        await move(source, target)
        await target.cache.touch(a_fingerprint(1), 1_000_001.0)
        before = await exported(target)

        assert counts(await move(source, target)) == {Arrival.KNOWN: 2}
        assert await exported(target) == before

    async def test_what_was_broken_off_is_completed(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, 2, 3)
        await move(source, target)
        await target.index.remove([a_fingerprint(2)])

        assert counts(await move(source, target)) == {Arrival.KNOWN: 3}
        assert await filed(target) == [1, 2, 3]

    async def test_what_is_newer_here_stays_and_what_is_older_goes(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, 2, stored_at=1_000_000.0)
        await remember(target, 1, stored_at=1_000_000.5)
        await remember(target, 2, stored_at=999_999.5)

        assert counts(await move(source, target)) == {Arrival.NEWER: 1, Arrival.IMPORTED: 1}
        stored = await target.cache.get([a_fingerprint(1), a_fingerprint(2)])
        assert [each.stored_at for each in stored.values()] == [1_000_000.5, 1_000_000.0]

    async def test_what_is_past_its_lifetime_or_from_the_future_is_left_out(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, stored_at=999_849.0)
        await remember(source, 2, stored_at=999_851.0)
        await remember(source, 3, stored_at=1_000_006.0)

        assert counts(await move(source, target)) == {Arrival.DEAD: 1, Arrival.IMPORTED: 1, Arrival.FUTURE: 1}
        assert await remembered(target) == [2]

    async def test_what_has_no_meaning_that_can_be_used_is_embedded_anew(self) -> None:
        source, target = Core(), Core(embedder=HashingEmbedder(64))
        await remember(source, 1, 2)

        imported = await move(source, target)

        assert imported.embedded == 2
        assert not target.importing.trusts(source.embedder.version)
        assert {len(each.embedding.vector) for each in await exported(target) if each.embedding} == {64}

    async def test_where_only_exact_hits_are_wanted_nothing_is_filed(self) -> None:
        source, target = Core(), Core(semantic=False, embedder=HashingEmbedder(64))
        await remember(source, 1)

        assert (await move(source, target)).embedded == 0
        assert target.importing.trusts(source.embedder.version)
        assert (await remembered(target), await filed(target)) == ([1], [])

    async def test_what_does_not_fit_is_evicted(self) -> None:
        source, target = Core(), Core(limit=4_500)
        for number in range(6):
            await remember(source, number, accessed_at=1_000_000.0 + number)

        await move(source, target)

        assert await remembered(target) == [2, 3, 4, 5]

    async def test_nothing_is_imported_from_nothing(self) -> None:
        assert counts(await move(Core(), Core())) == {}


class TestPurges:
    async def test_what_was_purged_here_stays_purged(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, 2, 3, tags=("a",))
        await remember(source, 4)
        await remember(source, 5, stored_at=1_000_000.5, tags=("a",))
        await target.purge(Selection("acme", tag="a"))
        await target.purge.entry("acme", a_fingerprint(4))

        assert counts(await move(source, target)) == {Arrival.PURGED: 4, Arrival.IMPORTED: 1}
        assert await remembered(target) == [5]

    async def test_what_was_purged_there_while_it_was_exported_stays_purged(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, tags=("a",))
        await remember(source, 2)
        entries = await exported(source)
        await source.purge(Selection("acme", tag="a"))

        beginning = await target.importing.begin(await source.export.purges())

        assert counts(await target.importing(entries, beginning)) == {Arrival.PURGED: 1, Arrival.IMPORTED: 1}

    async def test_purges_move_too_and_keep_an_older_copy_out(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1, 2, tags=("a",))
        await remember(source, 3)
        older = await exported(source)
        source.clock.advance(1)
        await source.purge(Selection("acme", tag="a"))
        await source.purge.entry("acme", a_fingerprint(3))
        await move(source, target)

        beginning = await target.importing.begin(())

        assert counts(await target.importing(older, beginning)) == {Arrival.PURGED: 3}

    async def test_a_purge_from_elsewhere_takes_nothing_that_came_later(self) -> None:
        source, target = Core(), Core()
        await source.purge(Selection("acme"))
        await source.purge.entry("acme", a_fingerprint(2))
        await remember(target, 1, 2, 3, stored_at=1_000_000.5)
        await remember(source, 4, stored_at=1_000_000.5, epoch=2)

        await move(source, target)

        assert await remembered(target) == [1, 2, 3, 4]
        assert len(await exported(target)) == 4

    async def test_a_purge_from_elsewhere_takes_what_was_there_before(self) -> None:
        source, target = Core(), Core()
        await source.purge(Selection("acme", tag="a"))
        await source.purge.entry("acme", a_fingerprint(2))
        await remember(target, 1, stored_at=999_999.0, tags=("a",))
        await remember(target, 2, 3, stored_at=999_999.0)

        await move(source, target)

        assert [int(each.answer.fingerprint, 16) for each in await exported(target)] == [3]

    async def test_purges_are_told_once(self) -> None:
        source, target = Core(), Core()
        await source.purge(Selection("acme", tag="a"))

        for _ in range(2):
            await target.importing.begin(await source.export.purges())

        assert len(await target.export.purges()) == 1

    async def test_a_journal_forgets_none_of_its_own(self) -> None:
        target = Core()
        ours = [Purge(f"ours {number}", "acme", Selection("acme", tag=f"{number}"), 1.0) for number in range(KEPT - 2)]
        await target.journal.append(ours)
        theirs = [Purge(f"theirs {number}", "acme", Selection("acme", tag="b"), float(number)) for number in range(5)]

        await target.importing.begin(theirs)

        uids = [each.uid for each in await target.export.purges()]
        assert (uids[0], uids[-2:]) == ("ours 0", ["theirs 3", "theirs 4"])
        await target.importing.begin([Purge("one more", "acme", Selection("acme"), 9.0)])
        assert (await target.export.purges())[-1].uid == "theirs 4"

    async def test_what_is_purged_while_it_is_imported_does_not_come_back(self) -> None:
        source, target = Core(), Core(cache=Held())
        await remember(source, 1, tags=("a",))
        await remember(source, 2)
        beginning = await target.importing.begin(())
        importing = asyncio.create_task(target.importing(await exported(source), beginning))
        await target.cache.writing.wait()  # type: ignore[attr-defined]
        await target.purge(Selection("acme", tag="a"))
        target.cache.may_write.set()  # type: ignore[attr-defined]

        assert counts(await importing) == {Arrival.PURGED: 1, Arrival.IMPORTED: 1}
        assert await remembered(target) == [2]
        assert AnswersRemoved("purged", 1) in target.events.events

    async def test_what_was_purged_after_the_beginning_stays_purged(self) -> None:
        source, target = Core(), Core()
        await remember(source, 1)
        beginning = await target.importing.begin(())
        await target.purge(Selection("acme"))

        assert counts(await target.importing(await exported(source), beginning)) == {Arrival.PURGED: 1}
        assert await remembered(target) == []


class Held(MemoryAnswerCache):
    """Waits, before it writes, until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.writing, self.may_write = asyncio.Event(), asyncio.Event()

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        self.writing.set()
        await self.may_write.wait()
        await super().put(answers)


def test_an_entry_that_is_imported_is_stamped_with_the_last_purge_here() -> None:
    """Numbers of another journal mean nothing."""

    async def moved() -> int:
        source, target = Core(), Core()
        await remember(source, 1, epoch=900)
        await target.purge(Selection("globex"))
        await move(source, target)
        (entry,) = await exported(target)
        return entry.answer.epoch

    assert asyncio.run(moved()) == 1

"""What every journal of purges promises, told once and run over each."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from adapters.purge_journal import redis as module
from adapters.purge_journal.memory import MemoryPurgeJournal
from adapters.purge_journal.redis import RedisPurgeJournal
from adapters.purge_journal.sql import SqlPurgeJournal
from adapters.records import Records
from domain.catalogue import Selection
from domain.purging import Continuity, Purge, PurgeJournal
from domain.questions import Fingerprint
from tests.builders import a_fingerprint
from tests.redis_servers import redis_connection

KEPT = 20
EVERYTHING = Selection("acme", "support", "ü🦊", "small", "README.md", 1_234_567.890123)


@pytest.fixture(params=["memory", "sql", "redis", "redis cluster"])
async def journal(request: pytest.FixtureRequest) -> AsyncIterator[PurgeJournal]:
    if request.param == "memory":
        yield MemoryPurgeJournal(KEPT)
        return
    if request.param == "sql":
        records = Records(f"sqlite+aiosqlite:///{request.getfixturevalue('tmp_path')}/records.db")
        await records.open()
        yield SqlPurgeJournal(records, KEPT)
        await records.close()
        return
    async with redis_connection(request, request.param) as connection:
        yield RedisPurgeJournal(connection, KEPT)


def a_purge(name: str, what: Selection | Fingerprint | None = None) -> Purge:
    return Purge(name, "acme", what or Selection("acme"), 1_000_000.25)


async def append(journal: PurgeJournal, *names: str) -> list[Purge]:
    return list(await journal.append([a_purge(each) for each in names]))


def names(purges: object) -> list[str]:
    return [each.uid for each in purges]  # type: ignore[attr-defined]


async def test_at_first_there_is_nothing(journal: PurgeJournal) -> None:
    excerpt = await journal.read(None)

    assert list(excerpt.purges) == []
    assert excerpt.continuity is Continuity.SEAMLESS


@pytest.mark.parametrize("what", [a_fingerprint(7), Selection("acme"), EVERYTHING], ids=["entry", "all", "narrow"])
async def test_a_purge_is_read_as_it_was_appended(journal: PurgeJournal, what: Selection | Fingerprint) -> None:
    purge = a_purge("one", what)
    (numbered,) = await journal.append([purge])

    assert numbered == evolve(purge, number=numbered.number)
    assert numbered.number > 0
    assert list((await journal.read(None)).purges) == [numbered]


async def test_purges_are_numbered_in_their_order(journal: PurgeJournal) -> None:
    added = [*await append(journal, "a", "b"), *await append(journal, "c")]

    assert names(added) == ["a", "b", "c"]
    assert [each.number for each in added] == sorted({each.number for each in added})
    assert list((await journal.read(None)).purges) == added


async def test_one_reads_on_from_where_one_was(journal: PurgeJournal) -> None:
    first, second, third = await append(journal, "a", "b", "c")

    assert list((await journal.read(first)).purges) == [second, third]
    assert list((await journal.read(third)).purges) == []


async def test_a_purge_that_is_kept_is_not_kept_twice(journal: PurgeJournal) -> None:
    await append(journal, "a", "b")

    assert names(await append(journal, "b", "c", "a")) == ["c"]
    assert names((await journal.read(None)).purges) == ["a", "b", "c"]


async def test_numbers_can_be_told_to_go_on_higher_up(journal: PurgeJournal) -> None:
    (low,) = await append(journal, "a")
    (high,) = await journal.append([a_purge("b")], beyond=low.number + 500)
    (higher,) = await journal.append([a_purge("c")], beyond=3)

    assert high.number > low.number + 500
    assert higher.number > high.number


async def test_nothing_appended_changes_nothing(journal: PurgeJournal) -> None:
    assert list(await journal.append([])) == []
    assert list((await journal.read(None)).purges) == []


async def test_only_the_last_ones_are_kept_and_who_has_missed_some_is_told(journal: PurgeJournal) -> None:
    (first,) = await append(journal, "first")
    await append(journal, *(f"{number}" for number in range(KEPT + 5)))

    excerpt = await journal.read(first)
    assert names(excerpt.purges) == [f"{number}" for number in range(5, KEPT + 5)]
    assert excerpt.continuity is Continuity.TRIMMED
    assert names((await journal.read(None)).purges) == names(excerpt.purges)


async def test_what_takes_several_pages_is_read_whole(journal: PurgeJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    added = await append(journal, *(f"{number}" for number in range(7)))

    assert list((await journal.read(None)).purges) == added
    assert list((await journal.read(added[0])).purges) == added[1:]
    await append(journal, "7", "8")
    assert names((await journal.read(None)).purges) == [f"{number}" for number in range(9)]


async def test_who_knows_what_is_not_there_is_told(journal: PurgeJournal) -> None:
    await append(journal, "a", "b")

    for unknown in (evolve(a_purge("z"), number=2), evolve(a_purge("z"), number=99)):
        excerpt = await journal.read(unknown)
        assert excerpt.continuity is Continuity.BROKEN
        assert names(excerpt.purges) == ["a", "b"]


async def test_who_waits_is_woken_by_a_purge(journal: PurgeJournal) -> None:
    (last,) = await append(journal, "a")
    waiting = asyncio.create_task(journal.wait(last, 60))
    await asyncio.sleep(0.05)
    assert not waiting.done()

    await append(journal, "b")
    await asyncio.wait_for(waiting, 5)


async def test_who_waits_for_what_is_there_already_does_not_wait(journal: PurgeJournal) -> None:
    await asyncio.gather(append(journal, "a"), asyncio.wait_for(journal.wait(None, 60), 5))
    await asyncio.wait_for(journal.wait(None, 60), 5)


async def test_who_waits_for_nothing_is_let_go_in_time(journal: PurgeJournal) -> None:
    await asyncio.wait_for(journal.wait(None, 0.05), 5)
    (last,) = await append(journal, "a")
    await asyncio.wait_for(journal.wait(last, 0.05), 5)

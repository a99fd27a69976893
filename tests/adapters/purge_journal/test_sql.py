"""What a journal on disk promises besides: it is there after a restart, and says so when it is not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.purge_journal.sql import SqlPurgeJournal
from adapters.records import Records
from domain.catalogue import Selection
from domain.purging import Continuity, Purge, PurgeJournalUnavailable
from tests.builders import a_fingerprint


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    made = Records(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    await made.open()
    yield made
    await made.close()


def a_purge(name: str) -> Purge:
    return Purge(name, "acme", Selection("acme", tag=name), 1_000.0)


async def test_what_was_purged_is_known_after_a_restart(records: Records) -> None:
    before = SqlPurgeJournal(records)
    first, second = await before.append([a_purge("a"), Purge("b", "acme", a_fingerprint(7), 2.0)], beyond=40)

    after = SqlPurgeJournal(records)
    assert list((await after.read(None)).purges) == [first, second]
    (third,) = await after.append([a_purge("a"), a_purge("c")])
    assert third.number > second.number
    assert list((await SqlPurgeJournal(records).read(first)).purges) == [second, third]


async def test_only_the_last_ones_stay_on_disk(records: Records) -> None:
    await SqlPurgeJournal(records, kept=3).append([a_purge(f"{number}") for number in range(5)])

    assert [each.uid for each in (await SqlPurgeJournal(records, kept=3).read(None)).purges] == ["2", "3", "4"]


async def test_what_a_later_version_wrote_is_a_purge_of_nothing(records: Records) -> None:
    await SqlPurgeJournal(records).append([a_purge("a")])
    async with records.writing() as connection:
        await connection.execute(text("INSERT INTO purges VALUES (9, 'odd', x'c1')"))

    excerpt = await SqlPurgeJournal(records).read(None)
    assert [(each.uid, each.number, each.tenant) for each in excerpt.purges] == [("a", 1, "acme"), ("odd", 9, "")]
    assert excerpt.continuity is Continuity.SEAMLESS


async def test_a_purge_that_cannot_be_written_is_no_purge(records: Records) -> None:
    journal = SqlPurgeJournal(records)
    await journal.append([a_purge("a")])
    async with records.writing() as connection:
        await connection.execute(text("DROP TABLE purges"))

    with pytest.raises(PurgeJournalUnavailable, match="no such table"):
        await journal.append([a_purge("b")])
    assert [each.uid for each in (await journal.read(None)).purges] == ["a"]
    with pytest.raises(PurgeJournalUnavailable):
        await SqlPurgeJournal(records).read(None)

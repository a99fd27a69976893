"""What is SQLite's own: damage, a file that goes away, a full disk, and hits that wait for the disk."""

# ruff: noqa: ASYNC240 - nobody else waits in the loop of a test

import asyncio
import os
import random
import resource
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.answer_cache import sqlite as module
from adapters.answer_cache.sqlite import SqliteAnswerCache
from domain.caching import AnswerCacheUnavailable, StoredAnswer
from domain.catalogue import Selection
from domain.generation import Citation
from domain.questions import Fingerprint
from tests.builders import a_completion, a_fingerprint, a_stored_answer

NAMES = [a_fingerprint(number) for number in range(200)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.db"


@pytest.fixture
async def cache(path: Path) -> AsyncIterator[SqliteAnswerCache]:
    opened = SqliteAnswerCache(path)
    yield opened
    await opened.close()


def answers(count: int = 3, size: int = 1_000) -> list[StoredAnswer]:
    return [a_stored_answer(number, completion=a_completion(f"{number} " * size)) for number in range(count)]


async def fill(path: Path, count: int = 3) -> None:
    cache = SqliteAnswerCache(path)
    await cache.put(answers(count))
    await cache.close()


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def driver(cache: SqliteAnswerCache) -> sqlite3.Connection:
    """Give the connection beneath, to do it harm."""
    connection = cache._file.connection  # noqa: SLF001
    assert connection
    return connection


def reader(cache: SqliteAnswerCache) -> sqlite3.Connection:
    connection = cache._file.reader  # noqa: SLF001
    assert connection
    return connection


def forbid_growth(cache: SqliteAnswerCache) -> None:
    connection = driver(cache)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def allow_growth(cache: SqliteAnswerCache) -> None:
    driver(cache).execute("PRAGMA max_page_count = 1000000000")


class TestRemembering:
    async def test_what_was_written_is_there_after_it_was_opened_again(self, path: Path) -> None:
        await fill(path)

        cache = SqliteAnswerCache(path)
        assert await cache.get(NAMES) == {each.fingerprint: each for each in answers()}
        assert cache.damaged is None
        await cache.close()

    async def test_folders_that_are_missing_are_made(self, tmp_path: Path) -> None:
        cache = SqliteAnswerCache(tmp_path / "not" / "there" / "answers.db")
        await cache.put(answers())
        await cache.close()

        assert (tmp_path / "not" / "there" / "answers.db").exists()

    async def test_a_disk_that_waits_does_not_hold_up_the_event_loop(
        self, cache: SqliteAnswerCache, path: Path
    ) -> None:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(cache.put(answers()))
            for _ in range(20):
                await asyncio.sleep(0.005)
            assert not writing.done()
            other.rollback()
        await writing


class TestReadingInTheEventLoop:
    async def test_a_few_answers_need_no_thread(self, cache: SqliteAnswerCache) -> None:
        await cache.put(answers(module.A_FEW))

        with reading_in_the_loop(cache) as read:
            assert len(await cache.get(NAMES[: module.A_FEW])) == module.A_FEW
            assert await cache.get(NAMES[-1:]) == {}

        assert len(read) == 2

    async def test_they_do_not_wait_for_who_writes(self, cache: SqliteAnswerCache, path: Path) -> None:
        await cache.put(answers())
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN EXCLUSIVE")
            writing = asyncio.create_task(cache.put(answers()))
            await asyncio.sleep(0.05)
            assert len(await cache.get(NAMES[:3])) == 3
            assert not writing.done()
            other.rollback()
        await writing

    async def test_more_are_left_to_the_thread(self, cache: SqliteAnswerCache) -> None:
        await cache.put(answers(module.A_FEW + 1))

        with reading_in_the_loop(cache) as read:
            assert len(await cache.get(NAMES[: module.A_FEW + 1])) == module.A_FEW + 1

        assert read == []

    async def test_after_a_disk_was_slow_all_are_left_to_the_thread_for_a_while(
        self, cache: SqliteAnswerCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await cache.put(answers())
        now = 0.0

        def a_clock_that_jumps() -> float:
            nonlocal now
            now += 0.01
            return now

        monkeypatch.setattr(module, "monotonic", a_clock_that_jumps)
        with reading_in_the_loop(cache) as read:
            for _ in range(90):
                assert len(await cache.get(NAMES[:3])) == 3
            assert len(read) == 1
            for _ in range(20):
                assert len(await cache.get(NAMES[:3])) == 3
            assert len(read) == 2

    async def test_what_was_written_last_is_read(self, cache: SqliteAnswerCache) -> None:
        for text in ("first", "second", "third"):
            written = a_stored_answer(0, completion=a_completion(text))
            await cache.put([written])
            assert await cache.get(NAMES[:1]) == {NAMES[0]: written}
            await cache.remove(NAMES[:1])
            assert await cache.get(NAMES[:1]) == {}

    async def test_a_refusal_is_left_to_the_thread(self, cache: SqliteAnswerCache) -> None:
        await cache.put(answers())
        reader(cache).close()

        assert len(await cache.get(NAMES[:3])) == 3


@contextmanager
def reading_in_the_loop(cache: SqliteAnswerCache) -> Iterator[list[str]]:
    """List the statements that were not left to the thread."""
    read: list[str] = []
    reader(cache).set_trace_callback(read.append)
    yield read
    reader(cache).set_trace_callback(None)


async def test_a_change_that_is_cancelled_is_done_when_the_canceller_is_told(
    cache: SqliteAnswerCache, path: Path
) -> None:
    await cache.put(answers())
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        removing = asyncio.create_task(cache.remove(NAMES[:1]))
        await asyncio.sleep(0.05)
        removing.cancel()
        await asyncio.sleep(0.05)
        assert not removing.done()
        other.rollback()

    with pytest.raises(asyncio.CancelledError):
        await removing
    assert await cache.get(NAMES[:1]) == {}


class TestHits:
    async def test_are_on_the_disk_after_closing(self, path: Path) -> None:
        await fill(path)
        cache = SqliteAnswerCache(path)
        for moment in (5.0, 6.0, 7.0):
            await cache.touch(NAMES[1], moment)
        await cache.close()

        assert on_disk(path, NAMES[1]) == (3, 7.0)

    async def test_are_on_the_disk_after_a_moment(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "FLUSH_AFTER", 0.01)
        await fill(path)
        cache = SqliteAnswerCache(path)
        for moment in (5.0, 6.0):
            await cache.touch(NAMES[1], moment)
        assert on_disk(path, NAMES[1]) == (0, 1_000_000.0)
        await asyncio.sleep(0.05)
        await cache.page(None, 1)  # the thread has done what it was given before

        assert on_disk(path, NAMES[1]) == (2, 6.0)
        await cache.touch(NAMES[1], 8.0)
        await asyncio.sleep(0.05)
        await cache.page(None, 1)
        assert on_disk(path, NAMES[1]) == (3, 8.0)
        await cache.close()

    async def test_none_is_lost_or_counted_twice_while_the_disk_takes_them(self, cache: SqliteAnswerCache) -> None:
        await cache.put(answers(20))

        async def hit(number: int) -> None:
            for turn in range(100):
                await cache.touch(NAMES[number], float(turn))
                if turn % 7 == number % 7:
                    await cache.measure()

        await asyncio.gather(*(hit(number) for number in range(20)))

        assert {each.accesses for each in (await cache.get(NAMES)).values()} == {100}
        assert (await cache.measure()).accesses == 2_000

    async def test_that_the_disk_refuses_are_kept_and_added_to_those_that_come_later(
        self, cache: SqliteAnswerCache
    ) -> None:
        await cache.put(answers())
        await cache.touch(NAMES[1], 5.0)
        driver(cache).execute("PRAGMA query_only = ON")

        assert (await cache.measure()).accesses == 0
        await cache.touch(NAMES[1], 6.0)
        await cache.touch(NAMES[2], 7.0)
        assert (await cache.get(NAMES))[NAMES[1]].accesses == 2

        driver(cache).execute("PRAGMA query_only = OFF")
        assert (await cache.measure()).accesses == 3


def on_disk(path: Path, name: Fingerprint) -> tuple[int, float]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT accesses, accessed_at FROM answers WHERE fingerprint = ?"
        accesses, at = connection.execute(query, (name,)).fetchone()
        return accesses, at


class TestDamagedRows:
    @pytest.mark.parametrize(
        "body",
        [b"", b"\x01", b"\x02" + b"x" * 50, os.urandom(100), "text", 7, 1.5],
        ids=["empty", "short", "another version", "garbage", "text", "a number", "a fraction"],
    )
    async def test_one_that_cannot_be_read_is_a_miss_and_removed(self, path: Path, body: object) -> None:
        await fill(path)
        change(path, "UPDATE answers SET body = ? WHERE fingerprint = ?", body, NAMES[1])

        cache = SqliteAnswerCache(path)
        assert sorted(await cache.get(NAMES)) == [NAMES[0], NAMES[2]]
        assert list(await cache.page(None, 9)) == [NAMES[0], NAMES[2]]
        assert (await cache.measure()).entries == 2
        await cache.close()

    @pytest.mark.parametrize("column", ["accesses", "accessed_at"])
    @pytest.mark.parametrize("names", [NAMES[:3], NAMES], ids=["in the event loop", "in the thread"])
    async def test_one_whose_hits_are_no_numbers_is_a_miss_and_removed(
        self, path: Path, column: str, names: list[Fingerprint]
    ) -> None:
        await fill(path)
        change(path, f"UPDATE answers SET {column} = 'many' WHERE fingerprint = ?", NAMES[1])  # noqa: S608

        cache = SqliteAnswerCache(path)
        assert sorted(await cache.get(names)) == [NAMES[0], NAMES[2]]
        assert sorted(await cache.get(names)) == [NAMES[0], NAMES[2]]
        await cache.close()

    async def test_one_that_holds_the_answer_to_another_question_is_a_miss(self, path: Path) -> None:
        await fill(path)
        change(
            path,
            "UPDATE answers SET body = (SELECT body FROM answers WHERE fingerprint = ?) WHERE fingerprint = ?",
            NAMES[2],
            NAMES[1],
        )

        cache = SqliteAnswerCache(path)
        assert sorted(await cache.get(NAMES)) == [NAMES[0], NAMES[2]]
        await cache.close()

    async def test_one_that_cannot_be_removed_is_a_miss_all_the_same(self, path: Path) -> None:
        await fill(path)
        change(path, "UPDATE answers SET body = x'00' WHERE fingerprint = ?", NAMES[1])

        cache = SqliteAnswerCache(path)
        driver(cache).execute("PRAGMA query_only = ON")
        assert sorted(await cache.get(NAMES)) == [NAMES[0], NAMES[2]]
        await cache.close()


class TestDamagedFiles:
    @pytest.mark.parametrize("garbage", [b"garbage", b"x" * 100_000, b"SQLite format 3\0" + b"\xff" * 9_000])
    async def test_garbage_is_set_aside(self, path: Path, garbage: bytes) -> None:
        path.write_bytes(garbage)

        cache = SqliteAnswerCache(path)
        assert cache.damaged == path.with_name("answers.db.damaged-1")
        assert cache.damaged.read_bytes() == garbage
        await cache.put(answers())
        assert len(await cache.get(NAMES)) == 3
        await cache.close()

    async def test_one_of_another_version_is_set_aside(self, path: Path) -> None:
        await fill(path)
        change(path, "PRAGMA user_version = 99")

        cache = SqliteAnswerCache(path)
        assert cache.damaged
        assert await cache.get(NAMES) == {}
        await cache.close()
        with closing(sqlite3.connect(cache.damaged)) as old:
            assert old.execute("SELECT count(*) FROM answers").fetchone() == (3,)

    async def test_one_of_the_version_before_is_upgraded(self, path: Path) -> None:
        cites = a_completion(citations=(Citation("README.md", "It is."),))
        cache = SqliteAnswerCache(path)
        await cache.put([*answers(), a_stored_answer(9, completion=cites)])
        await cache.close()
        change(path, "DROP TABLE documents")
        change(path, "PRAGMA user_version = 2")

        for _ in range(2):
            cache = SqliteAnswerCache(path)
            assert cache.damaged is None
            assert await cache.select(Selection("acme", document="README.md")) == [a_fingerprint(9)]
            assert set(await cache.get(NAMES)) >= {each.fingerprint for each in answers()}
            await cache.close()

    async def test_somebody_elses_database_is_set_aside(self, path: Path) -> None:
        change(path, "CREATE TABLE theirs (x)")
        change(path, "PRAGMA user_version = 1")

        cache = SqliteAnswerCache(path)
        assert cache.damaged
        await cache.put(answers())
        await cache.close()

    async def test_each_has_a_name_of_its_own(self, path: Path) -> None:
        for number in (1, 2, 3):
            path.write_bytes(b"garbage")
            cache = SqliteAnswerCache(path)
            assert cache.damaged == path.with_name(f"answers.db.damaged-{number}")
            await cache.close()

    async def test_an_empty_file_is_a_new_one(self, path: Path) -> None:
        path.touch()

        cache = SqliteAnswerCache(path)
        assert cache.damaged is None
        await cache.put(answers())
        await cache.close()

    async def test_what_cannot_be_opened_for_another_reason_stays_where_it_is(self, path: Path) -> None:
        await fill(path)
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(AnswerCacheUnavailable, match="locked"):
                SqliteAnswerCache(path)

        assert path.exists()
        assert not path.with_name("answers.db.damaged-1").exists()

    async def test_a_folder_in_its_place_is_told(self, path: Path) -> None:
        path.mkdir()

        with pytest.raises(AnswerCacheUnavailable):
            SqliteAnswerCache(path)

    async def test_cut_short_anywhere_it_never_gives_a_wrong_answer_and_works_again(self, path: Path) -> None:
        await fill(path, 30)
        whole = path.read_bytes()

        for length in range(1, len(whole), len(whole) // 40):
            path.write_bytes(whole[:length])
            await check_honesty(path, 30)

    async def test_garbled_anywhere_it_never_gives_a_wrong_answer_and_works_again(self, path: Path) -> None:
        await fill(path, 30)
        whole = path.read_bytes()
        chance = random.Random(11)  # noqa: S311 - an example, no secret

        for _ in range(100):
            garbled = bytearray(whole)
            for _ in range(chance.choice([1, 10, 1_000])):
                garbled[chance.randrange(len(garbled))] = chance.randrange(256)
            path.write_bytes(garbled)
            await check_honesty(path, 30)

    async def test_damage_found_while_it_is_in_use_costs_one_call_and_what_was_remembered(self, path: Path) -> None:
        await fill(path, 200)
        cache = SqliteAnswerCache(path)
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))

        with pytest.raises(AnswerCacheUnavailable):
            await cache.get(NAMES)

        assert cache.damaged
        assert await cache.get(NAMES) == {}
        await cache.put(answers())
        assert len(await cache.get(NAMES)) == 3
        await cache.ping()
        await cache.close()


async def check_honesty(path: Path, count: int) -> None:
    """Whatever has happened to the file: right answers, misses, or a plain refusal; and in the end it works again."""
    cache = SqliteAnswerCache(path)
    for _ in range(5):
        try:
            await use_it_all(cache, answers(count))
        except AnswerCacheUnavailable:
            continue
        break
    else:
        pytest.fail("it does not recover")
    await cache.close()
    for remnant in path.parent.glob("answers.db*"):
        remnant.unlink()


async def use_it_all(cache: SqliteAnswerCache, known: list[StoredAnswer]) -> None:
    for _ in range(2):
        found = await cache.get([each.fingerprint for each in known])
        right = {each.fingerprint: each.completion for each in known if each.fingerprint in found}
        assert {name: each.completion for name, each in found.items()} == right
        await cache.measure()
        await cache.expendable(2_000_000.0, 10**9)
        await cache.remove([each.fingerprint for each in known[:5]])
        await cache.put(known[:7])


class TestFilesThatGoAway:
    async def test_one_removed_is_told_once_and_begun_anew(self, cache: SqliteAnswerCache, path: Path) -> None:
        await cache.put(answers())
        path.unlink()

        with pytest.raises(AnswerCacheUnavailable, match="removed or replaced"):
            await cache.ping()

        await cache.ping()
        assert await cache.get(NAMES) == {}
        await cache.put(answers())
        assert path.exists()
        assert len(await cache.get(NAMES)) == 3

    async def test_a_whole_folder_removed_is_told_to_who_writes_and_made_again(self, tmp_path: Path) -> None:
        cache = SqliteAnswerCache(tmp_path / "data" / "answers.db")
        await cache.put(answers())
        shutil.rmtree(tmp_path / "data")

        with pytest.raises(AnswerCacheUnavailable, match="removed or replaced"):
            await cache.put(answers())

        await cache.put(answers(2))
        await cache.close()
        again = SqliteAnswerCache(tmp_path / "data" / "answers.db")
        assert len(await again.get(NAMES)) == 2
        await again.close()

    async def test_one_replaced_by_another_is_read_from_then_on(
        self, cache: SqliteAnswerCache, path: Path, tmp_path: Path
    ) -> None:
        await cache.put(answers(1))
        await fill(tmp_path / "restored.db", 7)
        (tmp_path / "restored.db").rename(path)

        with pytest.raises(AnswerCacheUnavailable):
            await cache.ping()

        assert len(await cache.get(NAMES)) == 7

    async def test_as_long_as_none_can_be_made_every_call_says_so(self, tmp_path: Path) -> None:
        folder = tmp_path / "data"
        cache = SqliteAnswerCache(folder / "answers.db")
        shutil.rmtree(folder)
        folder.write_text("in the way")

        for _ in range(3):
            with pytest.raises(AnswerCacheUnavailable):
                await cache.ping()
            with pytest.raises(AnswerCacheUnavailable):
                await cache.put(answers())

        folder.unlink()
        await cache.put(answers())
        await cache.ping()
        await cache.close()

    async def test_a_connection_closed_beneath_is_told(self, cache: SqliteAnswerCache) -> None:
        driver(cache).close()

        with pytest.raises(AnswerCacheUnavailable):
            await cache.get(NAMES)
        with pytest.raises(AnswerCacheUnavailable):
            await cache.ping()


class TestFullDisks:
    async def test_what_does_not_fit_is_refused_and_the_rest_can_be_read(self, cache: SqliteAnswerCache) -> None:
        await cache.put(answers(10))
        await cache.touch(NAMES[1], 5.0)
        forbid_growth(cache)

        with pytest.raises(AnswerCacheUnavailable, match="full"):
            await cache.put(answers(50, size=5_000))

        assert {name: each.completion for name, each in (await cache.get(NAMES)).items()} == {
            each.fingerprint: each.completion for each in answers(10)
        }
        assert (await cache.measure()).entries == 10
        assert len(await cache.expendable(1_000_000.0, 10**9)) == 10
        with pytest.raises(AnswerCacheUnavailable, match="the last answer was not written"):
            await cache.ping()

    async def test_there_is_room_again_once_something_was_removed(self, cache: SqliteAnswerCache) -> None:
        await cache.put(answers(10))
        forbid_growth(cache)
        with pytest.raises(AnswerCacheUnavailable):
            await cache.put([a_stored_answer(99, completion=a_completion("x" * 20_000))])

        await cache.remove(NAMES[:10])
        await cache.put([a_stored_answer(99, completion=a_completion("x" * 5_000))])

        await cache.ping()

    async def test_once_the_disk_has_room_all_is_well(self, cache: SqliteAnswerCache) -> None:
        await cache.put(answers(10))
        forbid_growth(cache)
        with pytest.raises(AnswerCacheUnavailable):
            await cache.put(answers(100))
        allow_growth(cache)

        await cache.put(answers(100))

        await cache.ping()
        assert len(await cache.get(NAMES)) == 100

    async def test_a_file_system_that_takes_no_more(self, path: Path) -> None:
        cache = SqliteAnswerCache(path)
        kept = 0
        with no_file_larger_than(300_000), pytest.raises(AnswerCacheUnavailable):
            while kept < 500:
                await cache.put([a_stored_answer(kept, completion=a_completion(f"{kept} " * 2_000))])
                kept += 1

        names = [a_fingerprint(number) for number in range(500)]
        assert len(await cache.get(names)) == kept > 3
        with pytest.raises(AnswerCacheUnavailable, match="the last answer was not written"):
            await cache.ping()
        await cache.close()

        again = SqliteAnswerCache(path)
        assert len(await again.get(names)) == kept
        assert again.damaged is None
        await again.close()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Have the operating system refuse to this process what a full disk would refuse to all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("condition", ["dies_at < 5", "accessed_at > 5 AND stored_at > 5"])
async def test_the_dead_and_the_unborn_are_found_by_an_index(cache: SqliteAnswerCache, condition: str) -> None:
    plan = driver(cache).execute(f"EXPLAIN QUERY PLAN SELECT size FROM answers WHERE {condition}").fetchall()  # noqa: S608

    assert "INDEX answers_by" in str(plan)

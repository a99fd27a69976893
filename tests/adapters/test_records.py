import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from attrs import evolve
from sqlalchemy import Connection, inspect, text

from adapters.key_ring.sql import SqlKeyRing
from adapters.migrations.upgrade import configuration
from adapters.records import HEAD, Records, RecordsTooNew, RecordsUnusable, current_version, metadata
from domain.tenancy import ApiKey, KeyRingUnavailable, digest_of

KEY = ApiKey("rails", "acme", digest_of("rb_rails"), created_at=1000.0)

OPEN = """
import asyncio, sys
from adapters.records import Records
from adapters.key_ring.sql import SqlKeyRing

async def main():
    records = Records(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    await records.open()
    print(len(await SqlKeyRing(records).keys()))
    await records.close()

asyncio.run(main())
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/data/records.db"


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    records = Records(url)
    await records.open()
    yield records
    await records.close()


def test_the_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == HEAD


async def test_the_migrations_make_the_tables_that_the_code_expects(records: Records) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with records.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_what_was_acknowledged_is_there_after_reopening(url: str) -> None:
    for expected in ([KEY], [KEY, KEY]):
        records = Records(url)
        await records.open()
        ring = SqlKeyRing(records)
        if len(expected) == 1:
            await ring.add(KEY)
        assert list(await ring.keys()) == [KEY]
        await records.close()


@pytest.mark.usefixtures("records")
def test_a_database_that_is_up_to_date_needs_no_alembic(url: str) -> None:
    script = f"{OPEN}\nassert not any(name.startswith('alembic') for name in sys.modules), 'alembic was imported'"

    subprocess.run([sys.executable, "-c", script, url], check=True, input=b"\n", capture_output=True)  # noqa: S603


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db"
    command_line = [sys.executable, "-W", "error", "-c", OPEN, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen(command_line, text=True, **pipes) for _ in range(3)]  # type: ignore[call-overload]  # noqa: S603
    ready = [process.stdout.readline() for process in processes]

    finished = [process.communicate("go\n", timeout=60) for process in processes]

    assert ready == ["ready\n"] * 3
    assert finished == [("0\n", "")] * 3
    assert [process.returncode for process in processes] == [0, 0, 0]


async def test_a_newer_database_is_refused(url: str, records: Records) -> None:
    async with records.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    late = Records(url)
    with pytest.raises(RecordsTooNew, match=r"newer RAGBoost.*9999"):
        await late.open()
    await late.close()


async def test_a_failing_migration_leaves_nothing_behind(url: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data/records.db")) as database:
        database.execute("CREATE TABLE api_keys (something_else TEXT)")
    records = Records(url)

    with pytest.raises(Exception, match="already exists"):
        await records.open()

    async with records.reading() as connection:
        assert await connection.run_sync(current_version) is None
    await records.close()


async def test_the_steps_lead_back_as_well(records: Records) -> None:
    def back(connection: Connection) -> None:
        command.downgrade(_within(connection), "base")

    async with records.writing() as connection:
        await connection.run_sync(back)
    with pytest.raises(KeyRingUnavailable, match="no such table"):
        await SqlKeyRing(records).keys()


async def test_keys_of_the_first_version_are_good_and_may_report(url: str, tmp_path: Path) -> None:
    await _step(url, tmp_path, "0001")
    with closing(sqlite3.connect(tmp_path / "data/records.db")) as database:
        database.execute(
            "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?)", (KEY.name, KEY.tenant, KEY.digest, 1000.0, None)
        )
        database.execute("INSERT INTO api_keys VALUES ('old', 'acme', 'd', 500.5, 600.5)")
        database.commit()
    records = Records(url)
    await records.open()

    assert list(await SqlKeyRing(records).keys()) == [ApiKey("old", "acme", "d", 500.5, 600.5), KEY]
    assert KEY.may_report
    await records.close()


async def test_keys_outlive_the_step_back_to_the_first_version(url: str, records: Records) -> None:
    def back(connection: Connection) -> list[str]:
        command.downgrade(_within(connection), "0001")
        return inspect(connection).get_table_names()

    await SqlKeyRing(records).add(KEY)
    await SqlKeyRing(records).add(evolve(KEY, name="silent", digest="d", may_report=False))
    async with records.writing() as connection:
        tables = await connection.run_sync(back)
    await records.close()

    assert sorted(tables) == ["alembic_version", "api_keys"]
    again = Records(url)
    await again.open()
    kept = list(await SqlKeyRing(again).keys())
    await again.close()
    assert kept == [KEY, evolve(KEY, name="silent", digest="d")]


async def test_sqlite_waits_for_its_disk(records: Records) -> None:
    async with records.reading() as connection:
        assert await connection.scalar(text("PRAGMA synchronous")) == 2
        assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"


async def test_a_broken_file_makes_the_ring_unavailable(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"this is no database" * 100)
    ring = SqlKeyRing(Records(f"sqlite+aiosqlite:///{tmp_path}/records.db"))

    for question in (ring.ping(), ring.keys(), ring.find("x"), ring.add(KEY), ring.revoke("rails", 1.0)):
        with pytest.raises(KeyRingUnavailable, match="not a database"):
            await question


async def test_an_error_does_not_tell_the_digest(records: Records) -> None:
    async with records.writing() as connection:
        await connection.execute(text("DROP TABLE api_keys"))

    with pytest.raises(KeyRingUnavailable) as caught:
        await SqlKeyRing(records).find(KEY.digest)

    assert KEY.digest not in str(caught.value)


async def test_a_ring_that_works_answers_pings_until_it_is_closed(url: str) -> None:
    records = Records(url)
    await records.open()
    ring = SqlKeyRing(records)

    await ring.ping()
    await ring.close()

    assert records.engine.pool.checkedin() == 0  # type: ignore[attr-defined]


async def test_a_file_that_is_no_database_is_named_in_a_sentence_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"this is no database" * 100)

    told = await _complaint_of_opening(f"sqlite+aiosqlite:///{tmp_path}/records.db")

    assert told.startswith(f"the records in {tmp_path}/records.db cannot be used: file is not a database; ")
    assert "RAGBOOST_RECORDS_URL" in told
    assert "\n" not in told


async def test_so_is_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    told = await _complaint_of_opening(f"sqlite+aiosqlite:///{tmp_path}/data/records.db")

    assert told.startswith(f"the records in {tmp_path}/data/records.db cannot be used: ")
    assert "File exists" in told
    assert "RAGBOOST_DATA_FOLDER" in told


async def test_so_is_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "records.db").mkdir()

    told = await _complaint_of_opening(f"sqlite+aiosqlite:///{tmp_path}/records.db")

    assert told.startswith(f"the records in {tmp_path}/records.db cannot be used: unable to open database file; ")


async def test_so_is_a_file_whose_keys_are_damaged(url: str) -> None:
    records = Records(url)
    await records.open()
    async with records.reading() as connection:
        page = await connection.scalar(text("SELECT rootpage FROM sqlite_schema WHERE name = 'api_keys'"))
    await records.close()
    assert records.file
    assert page
    with records.file.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)

    assert f"{records.file} cannot be used: database disk image is malformed; " in await _complaint_of_opening(url)


async def test_what_callers_are_told_has_neither_statement_nor_path(url: str, records: Records) -> None:
    async with records.writing() as connection:
        await connection.execute(text("DROP TABLE api_keys"))

    with pytest.raises(KeyRingUnavailable, match="no such table") as caught:
        await SqlKeyRing(records).keys()

    assert "SELECT" not in str(caught.value)
    assert url.removeprefix("sqlite+aiosqlite:///") not in str(caught.value)
    assert "\n" not in str(caught.value)


def _connections() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if "_connection_worker_thread" in each.name}


def _within(connection: Connection) -> Config:
    config = configuration()
    config.attributes["connection"] = connection
    return config


async def _step(url: str, folder: Path, version: str) -> None:
    """Make a database as it was at *version*."""
    (folder / "data").mkdir()
    records = Records(url)
    async with records.writing() as connection:
        await connection.run_sync(lambda each: command.upgrade(_within(each), version))
    await records.close()


async def _complaint_of_opening(url: str) -> str:
    """Give what is said; no connection may be left, but those of servers that other tests share."""
    others = _connections()
    records = Records(url)
    with pytest.raises(RecordsUnusable) as caught:
        await records.open()
    await records.close()
    for thread in _connections() - others:  # on its way out, but it may still have a word for the loop
        thread.join(timeout=5)
    assert _connections() <= others
    return str(caught.value)

"""What files and folders are found to be; all of them are left as they were."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.answer_cache.sqlite_schema import UPGRADED, VERSION
from adapters.examiner import files
from adapters.examiner.edge import EdgeExaminer
from adapters.examiner.folder import LEAST, FolderExaminer
from adapters.examiner.sqlite_answers import SqliteAnswersExaminer
from adapters.examiner.sqlite_records import SqliteRecordsExaminer
from adapters.examiner.succession import Successor
from adapters.exclusive import Exclusive
from adapters.key_ring.sql import SqlKeyRing
from adapters.records import HEAD, Records
from adapters.vector_index.edge.shelf import EdgeIndexShelf
from domain.examination import Examiner, Finding, Judgement
from domain.tenancy import ApiKey
from tests.builders import a_stored_answer

Found = Mapping[str, Finding]


async def findings(examiner: Examiner) -> Found:
    return {each.subject: each for each in await examiner.examine()}


def contents(folder: Path) -> dict[str, bytes]:
    """Give all that is there, folders with nothing."""
    return {str(each.relative_to(folder)): each.read_bytes() if each.is_file() else b"" for each in folder.rglob("*")}


class TestFolder:
    async def test_one_that_is_not_there_is_made_later_and_not_now(self, tmp_path: Path) -> None:
        found = await findings(FolderExaminer(tmp_path / "a" / "data", [], 0))

        assert {each.judgement for each in found.values()} == {Judgement.OK}
        assert found["access"].found.endswith("/a/data is not there, and made at the first start")
        assert contents(tmp_path) == {}

    async def test_what_is_there_already_needs_no_more_room(self, tmp_path: Path) -> None:
        (tmp_path / "answers.db").write_bytes(b"x" * 3_000_000)
        found = await findings(FolderExaminer(tmp_path, [tmp_path / "answers.db"], LEAST + 10_000_000))

        assert found["room"].found.endswith(" MB free, up to 107 MB may be wanted")

    async def test_there_may_be_too_little_room_in_the_end(self, tmp_path: Path) -> None:
        room = (await findings(FolderExaminer(tmp_path, [], 10**18)))["room"]

        assert (room.judgement, room.remedy) == (
            Judgement.ADVICE,
            "make room, or lower RAGBOOST_ANSWER_CACHE_SIZE_MB",
        )

    async def test_there_may_be_none_at_all(self) -> None:
        room = (await findings(FolderExaminer(Path("/proc/self"), [], 0)))["room"]

        assert room.judgement is Judgement.WRONG

    @pytest.mark.parametrize("place", ["file", "file/data"])
    async def test_one_that_cannot_be_written_to(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").touch()
        access = (await findings(FolderExaminer(tmp_path / place, [], 0)))["access"]

        assert access.judgement is Judgement.WRONG
        assert "RAGBOOST_DATA_FOLDER" in access.remedy


class TestAnswers:
    @pytest.fixture
    async def file(self, tmp_path: Path) -> Path:
        cache = SqliteAnswerCache(tmp_path / "answers.db")
        await cache.put([a_stored_answer(number) for number in range(3)])
        await cache.close()
        return tmp_path / "answers.db"

    @staticmethod
    def examiner(file: Path) -> Examiner:
        return SqliteAnswersExaminer(file, (UPGRADED, VERSION))

    async def test_none_are_made_where_there_are_none(self, tmp_path: Path) -> None:
        found = await findings(self.examiner(tmp_path / "answers.db"))

        assert found["file"].found == "there are none yet"
        assert contents(tmp_path) == {}

    async def test_sound_ones_are_counted_and_left_as_they_are(self, file: Path) -> None:
        before = contents(file.parent)
        found = await findings(self.examiner(file))

        assert {each.judgement for each in found.values()} == {Judgement.OK}
        assert found["file"].found.startswith("sound: 3 answers, ")
        assert found["use"].found == "no service has them"
        assert contents(file.parent) == before

    async def test_a_running_service_is_no_error(self, file: Path) -> None:
        taken, cache = Exclusive(file), SqliteAnswerCache(file)
        await cache.put([a_stored_answer(9)])
        found = await findings(self.examiner(file))
        await cache.close()
        await taken.close()

        assert {each.judgement for each in found.values()} == {Judgement.OK}
        assert found["use"].found == "a running service has them, as it should"
        assert found["file"].found.startswith("sound: 4 answers")
        assert (await findings(self.examiner(file)))["use"].found == "no service has them"

    async def test_what_a_killed_service_left_is_read(self, file: Path) -> None:
        kill_while_writing(file)

        assert (await findings(self.examiner(file)))["file"].found.startswith("sound: 7 answers")

    @pytest.mark.parametrize("damage", ["no database", "a damaged page", "another version", "a folder"])
    async def test_what_the_next_start_would_set_aside_is_told(self, file: Path, damage: str) -> None:
        spoil(file, damage)
        found = (await findings(self.examiner(file)))["file"]

        assert found.judgement is Judgement.WRONG
        assert str(file) in found.found
        assert "sets it aside" in found.remedy

    async def test_what_cannot_be_read_in_time_is_said_to_be_unknown(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "LONGEST", -1.0)
        monkeypatch.setattr(files, "STEPS", 1)

        assert (await findings(self.examiner(file)))["file"].judgement is Judgement.UNKNOWN


class TestRecords:
    @pytest.fixture
    async def file(self, tmp_path: Path) -> Path:
        records = Records(f"sqlite+aiosqlite:///{tmp_path}/records.db")
        await records.open()
        ring = SqlKeyRing(records)
        await ring.add(ApiKey("shop", "acme", "a" * 64, 1.0))
        await ring.add(ApiKey("gone", "acme", "b" * 64, 1.0, revoked_at=2.0))
        await records.close()
        return tmp_path / "records.db"

    @staticmethod
    def examiner(file: Path | None, *, needs_key: bool = True, newest: str = HEAD) -> Examiner:
        return SqliteRecordsExaminer(file, newest, needs_key)

    async def test_sound_ones_with_a_key_are_left_as_they_are(self, file: Path) -> None:
        before = contents(file.parent)
        found = await findings(self.examiner(file))

        assert {each.judgement for each in found.values()} == {Judgement.OK}
        assert found["file"].found == str(file)
        assert found["contents"].found == f"sound, version {HEAD}"
        assert found["keys"].found == "1 valid"
        assert contents(file.parent) == before

    async def test_older_ones_are_brought_up_to_date_later(self, file: Path) -> None:
        found = await findings(self.examiner(file, newest="9999"))

        assert found["contents"].found == f"sound, version {HEAD}, brought up to 9999 at the next start"

    async def test_newer_ones_want_a_newer_release(self, file: Path) -> None:
        found = await findings(self.examiner(file, newest="0001"))

        assert found["contents"].judgement is Judgement.WRONG
        assert found["contents"].remedy == "run that one, or a newer one"

    @pytest.mark.parametrize(("needs_key", "judgement"), [(True, Judgement.WRONG), (False, Judgement.OK)])
    async def test_without_them_there_is_no_key(self, tmp_path: Path, needs_key: bool, judgement: Judgement) -> None:
        found = await findings(self.examiner(tmp_path / "records.db", needs_key=needs_key))

        assert found["file"].found.endswith("records.db is not there, and made at the first start")
        assert found["keys"].judgement is judgement
        assert ("ragboost keys create" in found["keys"].remedy) == needs_key
        assert contents(tmp_path) == {}

    async def test_where_they_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        found = await findings(self.examiner(tmp_path / "file" / "records.db"))

        assert found["file"].judgement is Judgement.WRONG
        assert "RAGBOOST_RECORDS_URL" in found["file"].remedy

    async def test_in_memory_they_end_with_the_process(self) -> None:
        found = await findings(self.examiner(None))

        assert found["file"].judgement is Judgement.WRONG

    @pytest.mark.parametrize("damage", ["no database", "a damaged page", "a folder"])
    async def test_damaged_ones(self, file: Path, damage: str) -> None:
        spoil(file, damage)
        found = await findings(self.examiner(file))

        assert found["contents"].judgement is Judgement.WRONG
        assert "a sound copy" in found["contents"].remedy

    async def test_a_file_on_a_network_is_no_place_for_them(
        self, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mounts = tmp_path / "mounts"
        mounts.write_text(f"host:/ {tmp_path} nfs4 rw 0 0\n")
        monkeypatch.setattr(files, "MOUNTS", mounts)
        found = await findings(self.examiner(file))

        assert found["file"].judgement is Judgement.WRONG
        assert found["file"].found == f"{file} lies on nfs4"


class TestMounts:
    MOUNTS = (
        "overlay / overlay rw 0 0\nserver:/a /srv nfs4 rw 0 0\n/dev/sda1 /srv/local ext4 rw 0 0\n"
        "//nas/b /mnt/two\\040words cifs rw 0 0\ntmpfs /mnt/late nfs rw 0 0\ntmpfs /mnt/late tmpfs rw 0 0\n"
    )

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/srv/records.db", "nfs4"),
            ("/srv/local/records.db", None),
            ("/srvs/records.db", None),
            ("/mnt/two words/records.db", "cifs"),
            ("/mnt/late/records.db", None),
        ],
    )
    def test_the_deepest_counts_and_of_two_the_last(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: str | None
    ) -> None:
        (tmp_path / "mounts").write_text(self.MOUNTS)
        monkeypatch.setattr(files, "MOUNTS", tmp_path / "mounts")

        assert files.network(Path(path)) == kind

    def test_where_nobody_tells_nothing_is_known(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "MOUNTS", tmp_path / "missing")

        assert files.network(tmp_path) is None


class TestEdge:
    MANIFEST = '{"embedder": "mini/int8/1", "dimensions": 3, "shard": "shard-1"}'

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "index" / "mini-int8-1"

    @staticmethod
    def examiner(folder: Path, embedder: str = "mini/int8/1", *, has_model: bool = True) -> Examiner:
        shelf = EdgeIndexShelf(folder.parent, embedder)
        return EdgeExaminer(folder, Successor(shelf, embedder, lambda _: has_model))

    async def test_none_yet(self, folder: Path) -> None:
        found = await findings(self.examiner(folder))

        assert {each.judgement for each in found.values()} == {Judgement.OK}
        assert found["contents"].found == "none for mini/int8/1 yet; it is filled from the answers"
        assert found["in use"].found == "none yet, for mini/int8/1"
        assert contents(folder.parent) == {}

    async def test_one_of_ours_and_whether_a_service_has_it(self, folder: Path) -> None:
        fill(folder, self.MANIFEST)
        taken = Exclusive(folder)
        used = await findings(self.examiner(folder))
        await taken.close()
        found = await findings(self.examiner(folder))

        assert {each.judgement for each in (*used.values(), *found.values())} == {Judgement.OK}
        assert used["use"].found == "a running service has it, as it should"
        assert found["use"].found == "no service has it"
        assert found["contents"].found == "embeddings of mini/int8/1, 1.0 MB"

    @pytest.mark.parametrize("has_model", [True, False])
    async def test_another_embedders_beside_none_of_ours(self, folder: Path, has_model: bool) -> None:
        fill(folder, self.MANIFEST)
        found = await findings(self.examiner(folder.with_name("mini-fp32-2"), "mini/fp32/2", has_model=has_model))

        assert found["in use"].judgement is Judgement.ADVICE
        assert found["in use"].found.startswith("that of mini/int8/1, and the embedder is mini/fp32/2")
        assert "ragboost index migrate" in found["in use"].remedy
        assert ("without the model of the former" in found["in use"].found) is not has_model

    async def test_former_ones_that_are_kept_are_named(self, folder: Path) -> None:
        fill(folder, self.MANIFEST)
        fill(folder.with_name("mini-fp32-2"), self.MANIFEST.replace("mini/int8/1", "mini/fp32/2"))
        await EdgeIndexShelf(folder.parent, "mini/fp32/2").take_into_use("mini/fp32/2")
        found = await findings(self.examiner(folder.with_name("mini-fp32-2"), "mini/fp32/2"))

        assert found["in use"].found == "that of mini/fp32/2; also kept: mini/int8/1"

    async def test_one_that_holds_something_else(self, folder: Path) -> None:
        fill(folder, self.MANIFEST)
        found = await findings(self.examiner(folder, "mini/int8/2"))

        assert found["contents"].judgement is Judgement.WRONG

    async def test_one_that_does_not_say_what_it_is(self, folder: Path) -> None:
        fill(folder, "{")
        found = await findings(self.examiner(folder))

        assert found["contents"].judgement is Judgement.ADVICE
        assert "moves it aside" in found["contents"].remedy


KILLED = """
import os, sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute("UPDATE totals SET entries = 7")
os._exit(9)
"""


def kill_while_writing(file: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)  # noqa: S603 - our own interpreter


def fill(folder: Path, manifest: str) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(manifest)
    (folder / "shard-1").mkdir()
    (folder / "shard-1" / "vectors").write_bytes(bytes(1_000_000))


def spoil(file: Path, damage: str) -> None:
    match damage:
        case "no database":
            file.write_bytes(b"this is no database" * 1_000)
        case "a damaged page":
            whole = bytearray(file.read_bytes())
            whole[4_096:8_192] = os.urandom(4_096)
            file.write_bytes(whole)
        case "another version":
            with closing(sqlite3.connect(file, isolation_level=None)) as connection:
                connection.execute("PRAGMA user_version = 77")
        case "a folder":
            file.unlink()
            file.mkdir()

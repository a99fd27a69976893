"""ragboost cache export and import, as an operator runs them, and what may go wrong."""

import re
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoints.cli.memory_file import MemoryFileUnusable
from entrypoints.cli.memory_moves import ImportBrokenOff, NothingToExport
from entrypoints.cli.whole_file import whole_file
from tests.entrypoints.cli.conftest import Main, Run
from tests.entrypoints.http.running import PATIENCE, running
from tests.qdrant_server import ScriptedQdrant
from tests.redis_servers import RedisServer

COMMAND = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]
COUNT = 600


@pytest.fixture(autouse=True)
def without_meanings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Want exact hits only, unless a test is about meanings."""
    monkeypatch.setenv("RAGBOOST_SEMANTIC_ENABLED", "false")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Have the commands that follow use another data folder."""

    def home(name: str) -> Path:
        monkeypatch.setenv("RAGBOOST_DATA_FOLDER", str(tmp_path / name))
        return tmp_path / name

    return home


@pytest.fixture
def file(run: Run, tmp_path: Path, home: Callable[[str], Path]) -> Path:
    """Give an export of many answers; from here on nothing is remembered."""
    fill(run, tmp_path, COUNT)
    assert run("cache", "export", "memory.ragboost").exit_code == 0
    home("new")
    return tmp_path / "memory.ragboost"


def fill(run: Run, folder: Path, count: int, answer: str = "Answer", *options: str) -> None:
    lines = (f'{{"query": "Question {each}?", "answer": "{answer} {each}.", "ttl": 86400}}\n' for each in range(count))
    (folder / "warm.jsonl").write_text("".join(lines))
    assert run("cache", "warm", "warm.jsonl", *options).exit_code == 0


def entries(run: Run) -> int:
    return int(run("cache", "stats").stdout.split()[0].replace(",", ""))


class TestThereAndBack:
    def test_what_was_exported_is_imported_elsewhere(self, run: Run, file: Path) -> None:
        result = run("cache", "import", str(file))

        assert (result.exit_code, result.stdout) == (0, f"{COUNT} answers imported\n")
        assert entries(run) == COUNT
        assert "exact hit" in run("ask", "Question 77?").stdout

    def test_importing_again_changes_nothing(self, run: Run, file: Path) -> None:
        run("cache", "import", str(file))

        assert run("cache", "import", str(file)).stdout == f"{COUNT} known already\n"

    def test_what_is_newer_stays(self, run: Run, file: Path) -> None:
        fill(run, file.parent, 1, "Newer")

        assert run("cache", "import", str(file)).stdout == (
            f"{COUNT - 1} answers imported, 1 left out, for what is remembered is newer\n"
        )
        assert "Newer 0." in run("ask", "Question 0?").stdout

    def test_the_export_says_what_is_in_it(self, run: Run, tmp_path: Path) -> None:
        fill(run, tmp_path, 3)

        told = run("cache", "export", "memory.ragboost").stdout

        size = (tmp_path / "memory.ragboost").stat().st_size
        assert told == f"3 answers, 0 with their meaning, are in memory.ragboost ({size:,} bytes)\n"

    def test_only_its_owner_may_read_it(self, file: Path) -> None:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not list(file.parent.glob("*.part"))

    def test_a_tenant_is_exported_alone(self, run: Run, tmp_path: Path) -> None:
        fill(run, tmp_path, 3)
        fill(run, tmp_path, 2, "Answer", "--key", run("keys", "create", "acme").stdout.strip())

        assert run("cache", "export", "a", "--tenant", "acme").stdout.startswith("2 answers, ")
        assert run("cache", "export", "b").stdout.startswith("5 answers, ")

    def test_what_does_not_fit_is_told(
        self, run: Run, tmp_path: Path, home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(run, tmp_path, 100, "long " * 5_000)
        run("cache", "export", "memory.ragboost")
        home("small")
        monkeypatch.setenv("RAGBOOST_ANSWER_CACHE_SIZE_MB", "1")

        told = run("cache", "import", "memory.ragboost").stdout

        evicted = re.fullmatch(
            r"100 answers imported, (\d+) evicted, for RAGBOOST_ANSWER_CACHE_SIZE_MB allows no more\n", told
        )
        assert evicted
        assert 50 < int(evicted[1]) < 70


@pytest.fixture
def edge(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - which chooses another index
    """Keep vectors on disk."""
    monkeypatch.setenv("RAGBOOST_SEMANTIC_ENABLED", "true")
    monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "edge")


@pytest.mark.usefixtures("run", "edge")
class TestMeanings:
    def test_they_move_with_the_answers(self, run: Run, file: Path) -> None:
        assert run("cache", "import", str(file)).stdout == f"{COUNT} answers imported\n"
        assert run("cache", "export", "again").stdout.startswith(f"{COUNT} answers, {COUNT} with their meaning, ")

    def test_where_only_exact_hits_are_wanted_they_are_left_out(
        self, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAGBOOST_SEMANTIC_ENABLED", "false")

        assert run("cache", "import", str(file)).stdout == f"{COUNT} answers imported\n"
        assert run("cache", "export", "again").stdout.startswith(f"{COUNT} answers, 0 with their meaning, ")

    def test_those_by_another_embedder_are_made_anew_and_that_is_said(
        self, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAGBOOST_MODELS_FOLDER", str(Path(__file__).parents[3] / ".data/models"))
        monkeypatch.setenv("RAGBOOST_EMBEDDER_KIND", "onnx")

        result = run("cache", "import", str(file))

        assert result.stdout == f"{COUNT} answers imported, {COUNT} embedded anew\n"
        assert "the vectors are by hashing/1/256, which is not in use here: embedding anew\n" in result.stderr

    def test_an_import_that_was_killed_is_completed_by_another(
        self, run: Run, tmp_path: Path, home: Callable[[str], Path]
    ) -> None:
        fill(run, tmp_path, 5_000)
        run("cache", "export", "memory.ragboost")
        folder = home("new")
        importing = subprocess.Popen([*COMMAND, "cache", "import", "memory.ragboost"])  # noqa: S603 - our own command
        journal = folder / "answers.db-wal"
        wait_until(lambda: journal.exists() and journal.stat().st_size > 500_000)
        importing.kill()
        importing.wait(PATIENCE)
        count = entries(run)

        told = run("cache", "import", "memory.ragboost").stdout

        assert 0 < count < 5_000
        assert told == f"{5_000 - count:,} answers imported, {count:,} known already\n"
        assert run("cache", "export", "again").stdout.startswith("5,000 answers, 5,000 with their meaning, ")


class TestDamagedFiles:
    def test_of_a_file_that_was_cut_short_what_is_sound_is_used(self, run: Run, file: Path) -> None:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

        result = run("cache", "import", str(file))

        assert isinstance(result.exception, MemoryFileUnusable)
        assert result.stdout == "256 answers imported\n"
        assert re.fullmatch(
            rf"{file} is damaged: it was cut short at byte [\d,]+, "
            r"nobody knows how many answers are missing; the rest was used",
            str(result.exception),
        )
        assert entries(run) == 256

    def test_of_one_with_a_broken_byte_too(self, run: Run, file: Path, main: Main) -> None:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

        status, told = main("cache", "import", str(file))

        assert status == 1
        assert re.fullmatch(
            rf"ragboost: {file} is damaged: at byte [\d,]+, 256 of 600 answers are missing; the rest was used\n", told
        )

    def test_many_places_are_not_all_named(self, run: Run, tmp_path: Path, home: Callable[[str], Path]) -> None:
        fill(run, tmp_path, 4_000)
        run("cache", "export", "memory.ragboost")
        home("new")
        file = tmp_path / "memory.ragboost"
        content = bytearray(file.read_bytes())
        for place in range(1000, len(content), len(content) // 8):
            content[place] ^= 1
        file.write_bytes(content)

        told = str(run("cache", "import", str(file)).exception)

        assert re.search(
            r"at byte [\d,]+(, [\d,]+){4} and at \d places more, [\d,]+ of 4,000 answers are missing", told
        )

    @pytest.mark.parametrize("content", [b"", b"no file of ours" * 100])
    def test_what_is_none_of_ours_is_refused(self, run: Run, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "other").write_bytes(content)

        result = run("cache", "import", "other")

        assert isinstance(result.exception, MemoryFileUnusable)
        assert str(result.exception).startswith("other cannot be imported: it was not written by `ragboost cache")

    def test_a_newer_format_says_what_to_do(self, run: Run, file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[17] = 2
        file.write_bytes(content)

        assert "a newer RAGBoost wrote it (format 2" in str(run("cache", "import", str(file)).exception)

    def test_a_file_that_is_not_there_is_named(self, run: Run) -> None:
        result = run("cache", "import", "nowhere")

        assert result.exit_code == 2
        assert "nowhere" in result.stderr


class TestWhereNothingCanBeWritten:
    def test_nothing_remembered_is_no_file(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "memory.ragboost").write_text("of yesterday")
        nobody = run("cache", "export", "memory.ragboost", "--tenant", "acmee")
        nothing = run("cache", "export", "memory.ragboost")

        assert isinstance(nothing.exception, NothingToExport)
        assert str(nothing.exception) == "nothing is remembered; memory.ragboost is not written"
        assert str(nobody.exception) == "nothing is remembered for tenant 'acmee'; memory.ragboost is not written"
        assert (tmp_path / "memory.ragboost").read_text() == "of yesterday"

    @pytest.mark.parametrize("place", ["nowhere/memory.ragboost", "warm.jsonl/memory.ragboost"])
    def test_a_place_that_is_none_is_named(self, run: Run, tmp_path: Path, place: str) -> None:
        fill(run, tmp_path, 3)

        result = run("cache", "export", place)

        assert isinstance(result.exception, MemoryFileUnusable)
        assert str(result.exception).startswith(f"{place} cannot be written: ")

    def test_a_disk_that_fills_up_leaves_what_was_there(self, run: Run, tmp_path: Path) -> None:
        fill(run, tmp_path, COUNT)
        (tmp_path / "memory.ragboost").write_text("of yesterday")

        exporting = subprocess.run(  # noqa: S603 - our own command
            [*COMMAND, "cache", "export", "memory.ragboost"],
            preexec_fn=a_small_disk,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

        assert exporting.returncode == 1
        assert exporting.stderr.startswith(  # who measures coverage has no room either, and says so
            "ragboost: memory.ragboost cannot be written: File too large; what was there is as it was\n"
        )
        assert (tmp_path / "memory.ragboost").read_text() == "of yesterday"
        assert not list(tmp_path.glob("*.part"))

    def test_an_export_that_was_killed_leaves_no_file_and_the_next_is_whole(self, run: Run, tmp_path: Path) -> None:
        fill(run, tmp_path, 3)
        (tmp_path / "memory.ragboost.part").write_bytes(b"left by one that was killed" * 10_000)

        run("cache", "export", "memory.ragboost")

        assert not list(tmp_path.glob("*.part"))
        assert run("cache", "import", "memory.ragboost").stdout == "3 known already\n"

    def test_an_export_that_goes_wrong_leaves_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("of yesterday")

        with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "file") as file:
            file.write(b"half")
            raise ZeroDivisionError

        assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "of yesterday")]

    def test_two_exports_into_one_file_do_not_mix(self, run: Run, tmp_path: Path) -> None:
        fill(run, tmp_path, 3)

        with whole_file(tmp_path / "memory.ragboost") as other:
            other.write(b"of the other")
            result = run("cache", "export", "memory.ragboost")

        assert str(result.exception) == "memory.ragboost is being written by another export"
        assert (tmp_path / "memory.ragboost").read_bytes() == b"of the other"

    def test_an_import_into_a_memory_that_fails_says_how_far_it_came(
        self, run: Run, file: Path, home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RAGBOOST_SEMANTIC_ENABLED", "true")
        monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "qdrant")
        monkeypatch.setenv("QDRANT_URL", "http://127.0.0.1:9")

        result = run("cache", "import", str(file))

        assert isinstance(result.exception, ImportBrokenOff)
        assert "0 of 600 answers were dealt with: mend that, and run it again" in str(result.exception)


@pytest.mark.parametrize("command", ["export", "import"])
def test_a_folder_that_a_service_uses_is_refused(main: Main, file: Path, command: str) -> None:
    with running(file.parent, RAGBOOST_ANSWER_CACHE_KIND="sqlite", RAGBOOST_DATA_FOLDER=str(file.parent / "new")):
        status, told = main("cache", command, str(file))

    assert status == 1
    assert told == f"ragboost: a running service uses {file.parent}/new: stop it for as long as this takes\n"


@pytest.fixture
def shared(redis_server: RedisServer, redis_prefix: str, qdrant_server: ScriptedQdrant) -> dict[str, str]:
    """Give the settings of memories on servers."""
    return {
        "RAGBOOST_ANSWER_CACHE_KIND": "redis",
        "REDIS_URL": redis_server.url,
        "RAGBOOST_REDIS_PREFIX": redis_prefix,
        "RAGBOOST_REDIS_TIMEOUT": "2",
        "RAGBOOST_VECTOR_INDEX_KIND": "qdrant",
        "QDRANT_URL": qdrant_server.url,
        "RAGBOOST_QDRANT_COLLECTION": redis_prefix,
        "RAGBOOST_QDRANT_TIMEOUT": "2",
        "RAGBOOST_SEMANTIC_ENABLED": "true",
    }


def test_over_servers_it_is_done_beside_the_services(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: dict[str, str]
) -> None:
    for name, value in shared.items():
        monkeypatch.setenv(name, value)
    with running(tmp_path, **shared) as service:
        fill(run, tmp_path, 300, "Answer", "--url", str(service.client.base_url))
        exported = run("cache", "export", "memory.ragboost").stdout
        service.post("/api/v1/cache/purge", {"all": True})

        imported = run("cache", "import", "memory.ragboost").stdout

    assert exported.startswith("300 answers, 300 with their meaning, are in ")
    assert imported == "300 left out, for they were purged\n"


def a_small_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.002)

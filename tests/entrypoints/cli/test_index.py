"""`ragboost index migrate`, as operators run it: stopped in the middle, beside a service, on disk and on a server."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from adapters.embedder.prepared_model import PreparedModel
from domain.questions import Fingerprint
from entrypoints.cli import index as command
from entrypoints.container import Container
from entrypoints.migration_note import NAME
from entrypoints.settings_loading import load_settings
from tests.builders import a_question, a_stored_answer
from tests.entrypoints.cli.conftest import Main, Run
from tests.entrypoints.http.running import OURS, running
from tests.qdrant_server import ScriptedQdrant

OLD = "hashing/1/256"
ENTRIES = 1_200
MIGRATE = [sys.executable, "-c", "from entrypoints.cli.main import main; main()", "index", "migrate"]

Operate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["edge", "qdrant"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def environment(
    kind: str, tmp_path: Path, prepared_model: PreparedModel, qdrant_server: ScriptedQdrant
) -> dict[str, str]:
    """Say where everything is, and that questions are embedded by hashing."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
        "RAGBOOST_DATA_FOLDER": str(tmp_path / "data"),
        "RAGBOOST_MODELS_FOLDER": str(prepared_model.folder.parent),
        "RAGBOOST_VECTOR_INDEX_KIND": kind,
        "RAGBOOST_EMBEDDER_KIND": "hashing",
        "QDRANT_URL": qdrant_server.url,
        "RAGBOOST_QDRANT_TIMEOUT": "2",
    }


@pytest.fixture
def operate(environment: dict[str, str]) -> Operate:
    """Run a command with another embedder, in a process of its own."""

    def operate(*options: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own interpreter and command
            [*MIGRATE, *options],
            env={**environment, "RAGBOOST_EMBEDDER_KIND": "onnx", **changes},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return operate


def container(environment: dict[str, str], tmp_path: Path, embedder: str) -> Container:
    return Container(settings=load_settings({**environment, "RAGBOOST_EMBEDDER_KIND": embedder}, tmp_path))


def remember(environment: dict[str, str], tmp_path: Path, entries: int = ENTRIES) -> None:
    """Have so many answers, and an index of them by the former embedder."""

    async def fill() -> None:
        made = container(environment, tmp_path, "hashing")
        questions = [a_question(f"How do I install package {number}?") for number in range(entries)]
        async with made.open_things():
            await made.stored_answers().put(
                [
                    a_stored_answer(
                        fingerprint=each.fingerprint,
                        partition=each.compatibility,
                        question=each.text,
                        stored_at=time.time(),
                    )
                    for each in questions
                ]
            )
            await made.vector_index().ping()
            await made.succession().succeed_nobody()
            await made.heal_memory()()

    asyncio.run(fill())


def filed(environment: dict[str, str], tmp_path: Path, embedder: str = "onnx") -> Sequence[Fingerprint]:
    async def look() -> Sequence[Fingerprint]:
        made = container(environment, tmp_path, embedder)
        async with made.open_things():
            return list(await made.vector_index().page(None, 10_000))

    return asyncio.run(look())


def kill_in_the_middle(environment: dict[str, str], has_begun: Callable[[], bool]) -> None:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
        MIGRATE, env={**environment, "RAGBOOST_EMBEDDER_KIND": "onnx"}, stdout=subprocess.DEVNULL
    )
    while not has_begun():
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def uploads(server: ScriptedQdrant) -> int:
    return len([each for each in server.asked if each.startswith("PUT") and "/points" in each])


def test_memory_moves_and_the_old_index_goes_on_request(
    environment: dict[str, str], tmp_path: Path, operate: Operate
) -> None:
    remember(environment, tmp_path, 150)

    moved = operate()
    assert (moved.returncode, moved.stderr) == (0, "")
    assert f"From {OLD} to all-MiniLM-L6-v2/int8" in moved.stdout
    assert "150/150 answers" in moved.stdout
    assert "is in use now" in moved.stdout
    assert f"Kept the index of {OLD}" in moved.stdout
    assert "--remove-old" in moved.stdout
    assert len(filed(environment, tmp_path)) == 150
    assert len(filed(environment, tmp_path, "hashing")) == 150

    removed = operate("--remove-old")
    assert removed.returncode == 0
    assert "there is nothing to move" in removed.stdout
    assert f"Removed the index of {OLD}" in removed.stdout
    assert "Removed" not in operate("--remove-old").stdout


@pytest.mark.parametrize("kind", ["edge"], indirect=True)
def test_killed_in_the_middle_it_goes_on_where_it_was(
    environment: dict[str, str], tmp_path: Path, operate: Operate
) -> None:
    remember(environment, tmp_path)
    kill_in_the_middle(environment, lambda: any((tmp_path / "data" / "index").glob("all-MiniLM*/shard-*/wal")))
    before = set(filed(environment, tmp_path))
    assert len(before) < ENTRIES

    moved = operate()

    assert moved.returncode == 0, moved.stderr
    after = filed(environment, tmp_path)
    assert len(after) == ENTRIES
    assert before < set(after)


@pytest.mark.parametrize("kind", ["qdrant"], indirect=True)
def test_what_was_filed_before_it_was_killed_is_not_filed_again(
    environment: dict[str, str], tmp_path: Path, operate: Operate, qdrant_server: ScriptedQdrant
) -> None:
    remember(environment, tmp_path)
    qdrant_server.asked.clear()
    kill_in_the_middle(environment, lambda: uploads(qdrant_server) > 2)
    left = ENTRIES - len(filed(environment, tmp_path))
    assert 0 < left < ENTRIES
    qdrant_server.asked.clear()

    assert operate().returncode == 0

    assert uploads(qdrant_server) <= left / 64 + ENTRIES / 256 + 3  # batches of 64, and a rest for each page
    assert len(filed(environment, tmp_path)) == ENTRIES


@pytest.mark.parametrize("kind", ["qdrant"], indirect=True)
def test_a_server_that_goes_away_is_told_and_what_was_filed_stays(
    environment: dict[str, str], tmp_path: Path, operate: Operate, qdrant_server: ScriptedQdrant
) -> None:
    remember(environment, tmp_path)
    qdrant_server.asked.clear()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
        MIGRATE, env={**environment, "RAGBOOST_EMBEDDER_KIND": "onnx"}, stderr=subprocess.PIPE, text=True
    )
    while uploads(qdrant_server) < 2:
        time.sleep(0.005)
    qdrant_server.stop()
    try:
        _, told = process.communicate(timeout=30)
    finally:
        qdrant_server.start()

    assert process.returncode == 1
    assert told.startswith("ragboost: Qdrant ")
    assert "Traceback" not in told
    assert operate().returncode == 0
    assert len(filed(environment, tmp_path)) == ENTRIES


def test_a_missing_model_is_told_with_the_remedy(environment: dict[str, str], tmp_path: Path, operate: Operate) -> None:
    remember(environment, tmp_path, 3)

    told = operate(RAGBOOST_MODELS_FOLDER=str(tmp_path / "nowhere"))

    assert told.returncode == 1
    assert "run `ragboost models prepare`" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("kind", ["edge"], indirect=True)
@pytest.mark.usefixtures("full_precision_model")  # which takes its time
def test_beside_a_service_it_shows_how_far_the_service_is(
    environment: dict[str, str], tmp_path: Path, operate: Operate
) -> None:
    environment["RAGBOOST_EMBEDDER_PRECISION"] = "fp32"
    remember(environment, tmp_path)
    same = {name: value for name, value in environment.items() if name.startswith(OURS)}
    changed = {"RAGBOOST_ANSWER_CACHE_KIND": "sqlite", "RAGBOOST_EMBEDDER_KIND": "onnx"}
    with running(tmp_path / "data", **{**same, **changed}):
        moved = operate("--remove-old")
    (tmp_path / "data" / "output.txt").unlink()

    assert moved.returncode == 0, moved.stderr
    assert f"{ENTRIES}/{ENTRIES} answers" in moved.stdout
    assert f"Removed the index of {OLD}" in moved.stdout
    assert len(filed(environment, tmp_path)) == ENTRIES
    assert not (tmp_path / "data" / NAME).exists()


def test_beside_a_service_of_the_former_embedder_the_remedy_is_a_restart(
    environment: dict[str, str], tmp_path: Path, main: Main, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(environment, tmp_path, 3)
    monkeypatch.setattr(command, "STARTING", 0.3)
    for name, value in {**environment, "RAGBOOST_EMBEDDER_KIND": "onnx"}.items():
        monkeypatch.setenv(name, value)
    service = container(environment, tmp_path, "hashing")
    taken = service.taken_answers()

    status, told = main("index", "migrate")

    asyncio.run(taken.close())
    assert status == 1
    assert f"makes embeddings of {OLD}: restart it with all-MiniLM-L6-v2/int8" in told


@pytest.mark.parametrize("part", ["ANSWER_CACHE", "VECTOR_INDEX"])
def test_what_ends_with_the_service_is_not_moved(run: Run, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "edge")
    monkeypatch.setenv(f"RAGBOOST_{part}_KIND", "memory")

    told = run("index", "migrate").exception

    assert isinstance(told, command.CannotMigrate)
    assert "is `memory`, which ends with each service" in str(told)

"""Parts that fail under the running service: the question is answered all the same, and operators are told."""

import os
import re
import shutil
import signal
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import structlog
from attrs import define, field, frozen
from httpx import Response

from adapters.answer_cache.sqlite_file import AnswersFile
from adapters.embedder.prepared_model import PreparedModel
from domain.generation import Chunk, FinishReason, LanguageModel, ModelUnreachable
from domain.prompts import Prompt
from domain.questions import Fingerprint
from domain.similarity import EmbedderUnavailable
from domain.tokens import TokenUsage
from entrypoints.settings import Settings
from tests.entrypoints.http.service import Service, serving

MEMORIES = ("answer_cache", "vector_index", "embedder")
BREAKABLE = {"answer_cache": "stored_answers", "vector_index": "vector_index", "embedder": "embedder"}


@define
class KnowingModel(LanguageModel):
    """Knows one right answer to every question at a time; *edition* changes what is right."""

    edition: int = 1
    reachable: bool = True
    length: int = 1
    calls: int = field(default=0, init=False)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        self.calls += 1
        if not self.reachable:
            raise ModelUnreachable("as told")
        yield Chunk(self.answer_to(prompt.messages[-1].content))
        yield Chunk(finish_reason=FinishReason.STOP, usage=TokenUsage(1, 1), model=prompt.model)

    def answer_to(self, question: str) -> str:
        return f"{sha256(question.encode()).hexdigest()} in edition {self.edition}. " * self.length


@frozen
class World:
    """The service on real parts in *folder*, and the model behind it."""

    folder: Path
    service: Service
    model: KnowingModel

    def ask(self, question: str, cache_control: str = "", **fields: Any) -> Response:
        return self.service.ask(question, {"cache-control": cache_control}, **fields)

    def answered(self, question: str, cache_control: str = "") -> str:
        """Ask, insist on the right answer, and tell what memory had to do with it."""
        response = self.ask(question, cache_control)
        assert response.status_code == 200, response.text
        assert response.json()["response"] == self.model.answer_to(question)
        return str(response.headers["x-ragboost-cache"])

    def remembers(self, question: str) -> bool:
        response = self.ask(question, "only-if-cached")
        assert response.status_code in {200, 504}, response.text
        return response.status_code == 200

    def complaints(self) -> dict[str, str]:
        """Give what /ready says of each part that does not work."""
        response = self.service.client.get("/ready")
        assert response.status_code == 200
        found = {each["name"]: each["error"] for each in response.json()["dependencies"] if each["error"]}
        assert response.json()["status"] == ("degraded" if found else "ready")
        return found

    def failures(self, part: str) -> float:
        """Give what /metrics counts."""
        page = self.service.client.get("/metrics").text
        found = re.search(rf'^ragboost_part_failures_total{{part="{part}"}} (.*)$', page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Call *work* in the service's own event loop."""
        with self.service.client.portal() as portal:
            return portal.call(work, *arguments)

    def names(self, part: str) -> list[Fingerprint]:
        return list(self.call(getattr(self.service.container, part)().page, None, 10_000))

    @property
    def index_folder(self) -> Path:
        return next(each for each in (self.folder / "index").glob("*") if each.is_dir())


@contextmanager
def living(folder: Path, model: KnowingModel | None = None, **changes: Any) -> Iterator[World]:
    sections = {
        "embedder": {"kind": "hashing"},
        "semantic": {"policy": "threshold"},
        "openai": {"base_url": "http://127.0.0.1:9/v1"},
        **changes,
    }
    settings = Settings.model_validate({"data_folder": folder, **sections})
    known = model or KnowingModel()
    with serving(settings, openai=known) as service:
        yield World(folder, service, known)


@pytest.fixture(autouse=True)
def without_log() -> Iterator[None]:
    """Keep the log from writing tracebacks with all variables, as it does unless it is configured."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with living(tmp_path) as world:
        yield world


def is_normal(world: World, question: str) -> bool:
    """Tell whether a new question is remembered, found again by its meaning, and nobody complains."""
    first, again, likewise = world.answered(question), world.answered(question), world.ask(question.upper())
    assert likewise.json()["response"] == world.model.answer_to(question)
    kinds = [first, again, likewise.headers["x-ragboost-cache"]]
    return (kinds, world.complaints()) == (["miss", "exact", "semantic"], {})


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), RuntimeError("driver"), TimeoutError()])
@pytest.mark.parametrize("part", MEMORIES)
def test_whatever_a_driver_raises_the_question_is_answered_and_operators_are_told(
    world: World, part: str, trouble: Exception
) -> None:
    assert world.answered("What was known before?") == "miss"
    world.service.parts[BREAKABLE[part]].trouble = trouble

    assert world.answered("What is new?") == "miss"
    assert world.answered("What was known before?") in {"exact", "miss"}

    assert part in world.complaints()
    assert world.failures(part) >= 1

    world.service.parts[BREAKABLE[part]].trouble = None
    assert is_normal(world, "Is everything as it was?")


def test_with_all_memories_gone_at_once_every_question_is_answered(world: World) -> None:
    for part in BREAKABLE.values():
        world.service.parts[part].trouble = OSError(5, "Input/output error")

    for number in range(5):
        assert world.answered(f"Question {number}?") == "miss"
    assert world.answered("Question 0?", "no-cache") == "miss"
    assert world.answered("Question 0?", "no-store") == "pass"

    assert world.complaints().keys() == {*MEMORIES}
    for part in BREAKABLE.values():
        world.service.parts[part].trouble = None
    assert is_normal(world, "Is everything as it was?")


class TestAnswerCache:
    def test_its_file_is_removed(self, world: World) -> None:
        assert is_normal(world, "What was known before?")
        (world.folder / "answers.db").unlink()

        assert world.answered("What is new?") == "miss"
        assert world.failures("answer_cache") == 1
        assert is_normal(world, "Is everything as it was?")

        (world.folder / "answers.db").unlink()
        assert "removed or replaced" in world.complaints()["answer_cache"]
        assert is_normal(world, "And now?")

    def test_its_folder_is_gone_and_cannot_be_made(self, world: World) -> None:
        assert is_normal(world, "What was known before?")
        for file in world.folder.glob("answers.db*"):
            file.unlink()
        (world.folder / "answers.db").mkdir()

        for number in range(3):
            assert world.answered(f"What is new, {number}?") == "miss"
            assert "answer_cache" in world.complaints()
        assert world.failures("answer_cache") >= 3

        (world.folder / "answers.db").rmdir()
        assert is_normal(world, "Is everything as it was?")

    def test_its_file_is_garbled(self, world: World) -> None:
        for number in range(20):
            world.answered(f"What was known before, {number}?")
        garble(answers_file(world))

        for number in range(3):
            assert world.answered(f"What is new, {number}?") == "miss"
            assert world.answered(f"What was known before, {number}?") == "exact"
        assert world.failures("answer_cache") >= 1

        assert is_normal(world, "Is everything as it was?")
        assert (world.folder / "answers.db.damaged-1").exists()

    def test_its_connection_is_closed_beneath(self, world: World) -> None:
        file = answers_file(world)
        assert file.connection
        file.connection.close()

        assert world.answered("What is new?") == "miss"
        assert "closed" in world.complaints()["answer_cache"]
        assert world.failures("answer_cache") >= 1

        file.connection = None
        assert is_normal(world, "Is everything as it was?")

    def test_its_disk_is_full(self, world: World) -> None:
        assert is_normal(world, "What was known before?")
        connection = answers_file(world).connection
        assert connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        world.model.length = 1_000

        assert world.answered("What is new?") == "miss"
        assert "full" in world.complaints()["answer_cache"]
        assert world.failures("answer_cache") == 1
        world.model.length = 1
        assert world.answered("What was known before?") == "exact"
        assert world.service.client.get("/api/v1/cache/stats").json()["entries"] == 1

        connection.execute("PRAGMA max_page_count = 1000000000")
        assert is_normal(world, "Is everything as it was?")


def garble(file: AnswersFile) -> None:
    """Overwrite all but the first page, and have SQLite forget what it read before."""
    connection = file.open()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.path.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * (file.path.stat().st_size - 4096))
    connection.execute("PRAGMA shrink_memory")


def answers_file(world: World) -> AnswersFile:
    file: AnswersFile = world.service.container.stored_answers().part._file  # noqa: SLF001 - to do it harm
    return file


class TestVectorIndex:
    def test_its_engine_is_killed(self, world: World) -> None:
        for number in range(5):
            assert is_normal(world, f"What was known before, {number}?")
            kill_engines()
            assert world.answered(f"What is new, {number}?") == "miss"

        assert is_normal(world, "Is everything as it was?")
        assert world.names("vector_index") == world.names("stored_answers")

    def test_its_engine_is_killed_while_many_ask(self, world: World) -> None:
        with ThreadPoolExecutor(8) as many:
            asking = [many.submit(world.answered, f"What is {number} times {number}?") for number in range(120)]
            for _ in range(3):
                time.sleep(0.05)
                kill_engines()
            assert {each.result() for each in asking} == {"miss"}
        assert is_normal(world, "Is everything as it was?")

    def test_its_folder_is_removed_and_its_engine_killed(self, world: World) -> None:
        assert is_normal(world, "What was known before?")
        shutil.rmtree(world.index_folder)
        kill_engines()

        assert world.answered("What is new?") == "miss"
        assert world.answered("What was known before?") == "exact"
        assert is_normal(world, "Is everything as it was?")

        world.call(world.service.container.heal_memory())
        assert world.names("vector_index") == world.names("stored_answers")

    def test_its_folder_cannot_be_read(self, world: World) -> None:
        assert is_normal(world, "What was known before?")
        folder = world.index_folder
        folder.rename(folder.with_name("away"))
        folder.write_text("in the way")
        kill_engines()

        for number in range(2):
            assert world.answered(f"What is new, {number}?") == "miss"
        assert world.answered("What was known before?") == "exact"
        assert "vector_index" in world.complaints()
        assert world.failures("vector_index") >= 2

        folder.unlink()
        folder.with_name("away").rename(folder)
        assert is_normal(world, "Is everything as it was?")
        world.call(world.service.container.heal_memory())
        assert world.names("vector_index") == world.names("stored_answers")

    def test_its_files_are_garbled_and_its_engine_killed(self, world: World) -> None:
        assert is_normal(world, "What was known before?")
        kill_engines()
        for each in world.index_folder.rglob("*"):
            if each.is_file():
                each.write_bytes(b"\xff" * min(each.stat().st_size, 10_000))

        assert world.answered("What is new?") == "miss"
        assert is_normal(world, "Is everything as it was?")


def kill_engines() -> None:
    """Kill the engines that this process has started, and wait until that is noticed."""
    for task in Path("/proc/self/task").glob("*"):
        for child in map(int, (task / "children").read_text().split()):
            if b"vector_index.edge.engine" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
    time.sleep(0.02)


class TestEmbedder:
    def test_a_model_that_is_not_there_is_told_at_the_start(self, tmp_path: Path) -> None:
        with pytest.raises(EmbedderUnavailable, match="models prepare"), living(tmp_path, embedder={"kind": "onnx"}):
            pass

    def test_a_model_that_is_removed_once_loaded_is_not_missed(
        self, tmp_path: Path, prepared_model: PreparedModel
    ) -> None:
        copy = tmp_path / "models" / prepared_model.folder.name
        shutil.copytree(prepared_model.folder, copy)

        with living(tmp_path, embedder={"kind": "onnx"}) as world:
            assert is_normal(world, "What was known before?")
            shutil.rmtree(tmp_path / "models")
            assert is_normal(world, "Is everything as it was?")


class TestClock:
    """The wall clock jumps: no answer is served that is not known to be fresh, and nothing breaks."""

    def test_back_by_an_hour(self, world: World) -> None:
        assert world.answered("What time is it?") == "miss"
        world.service.clock.advance(-3600)
        world.model.edition = 2

        assert not world.remembers("What time is it?")
        assert world.answered("What time is it?") == "miss"
        assert world.answered("What time is it?") == "exact"
        world.call(world.service.container.evict_answers().sweep)
        assert world.answered("What time is it?") == "exact"

        world.service.clock.advance(3600 + 61)
        world.model.edition = 3
        assert world.answered("What time is it?") == "miss"

    def test_back_by_an_hour_what_seems_yet_to_come_makes_room(self, world: World) -> None:
        for number in range(3):
            world.answered(f"Question {number}?")
        world.service.clock.advance(-3600)
        world.answered("What is new?")

        world.call(world.service.container.evict_answers().sweep)

        assert world.remembers("What is new?")
        assert len(world.names("stored_answers")) == len(world.names("vector_index")) == 1

    def test_back_by_a_moment_as_clocks_do(self, world: World) -> None:
        world.answered("What time is it?")
        world.service.clock.advance(-2)

        response = world.ask("What time is it?")
        assert (response.headers["x-ragboost-cache"], response.headers["age"]) == ("exact", "0")

    def test_forward_by_a_day(self, world: World) -> None:
        assert world.answered("What time is it?") == "miss"
        world.service.clock.advance(86_400)
        world.model.edition = 2

        assert world.answered("What time is it?") == "miss"
        assert world.answered("What time is it?") == "exact"

    def test_forward_by_a_day_when_no_model_answers(self, world: World) -> None:
        world.answered("What time is it?")
        world.model.reachable = False

        world.service.clock.advance(86_400)
        assert world.answered("What time is it?") == "stale"
        world.service.clock.advance(86_400)
        assert world.ask("What time is it?").status_code == 503

    def test_to_and_fro(self, world: World) -> None:
        for edition, jump in enumerate([0, 10_000, -20_000, 50_000, -100_000, 10_000_000, -10_000_000], 1):
            world.service.clock.advance(jump)
            world.model.edition = edition
            assert world.answered("What time is it?") == "miss"
            assert world.answered("What time is it?") == "exact"
            world.call(world.service.container.evict_answers().sweep)
            assert world.complaints() == {}


class TestMemoryLimit:
    def test_three_times_what_fits(self, tmp_path: Path) -> None:
        model = KnowingModel(length=350)  # 28 KB
        with living(tmp_path, model, answer_cache={"size_mb": 1}) as world:
            world.answered("What is asked again and again?")
            for number in range(108):
                world.service.clock.advance(1)
                assert world.answered(f"What is number {number}?") == "miss"
                world.service.clock.advance(1)
                assert world.answered("What is asked again and again?") == "exact"
                assert 0 < held(world) <= 1_000_000

            kept = [number for number in range(108) if world.remembers(f"What is number {number}?")]
            assert kept == list(range(108 - len(kept), 108))
            assert len(kept) == pytest.approx(1_000_000 / 28_500, abs=2)
            assert world.names("vector_index") == world.names("stored_answers")
            assert len(world.names("vector_index")) == len(kept) + 1

    def test_an_answer_that_can_never_fit_is_given_and_not_kept(self, tmp_path: Path) -> None:
        model = KnowingModel()
        with living(tmp_path, model, answer_cache={"size_mb": 1}) as world:
            world.answered("What is small?")
            world.service.clock.advance(1)
            model.length = 20_000
            assert world.answered("What is huge?") == "miss"

            assert held(world) <= 1_000_000
            assert world.names("vector_index") == world.names("stored_answers")
            assert world.complaints() == {}


def held(world: World) -> int:
    return int(world.service.client.get("/api/v1/cache/stats").json()["size_bytes"])

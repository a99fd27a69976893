"""
``kill -9`` at any moment: what a client was told is remembered or honestly forgotten, never wrong, never half.

RAGBOOST_KILLS says how often (20 if unset); the data folder stays the same, so the rounds pile up.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from attrs import define, field

from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.embedder.onnx import OnnxEmbedder
from adapters.embedder.prepared_model import PreparedModel
from adapters.vector_index.edge.index import EdgeVectorIndex
from domain.questions import Fingerprint
from domain.similarity import Embedder
from tests.upstream import Reply, Request, ScriptedUpstream, openai_answer

KILLS = int(os.environ.get("RAGBOOST_KILLS", "20"))
CLIENTS = 12
ROOT = Path(__file__).parents[2]
SERVE = [sys.executable, "-c", "from entrypoints.cli.main import main; main()", "serve"]
PATIENCE = 60.0


def question(number: int) -> str:
    """Give a question that shares no words with any other."""
    return f"What is {sha256(str(number).encode()).hexdigest()[:40]}?"


def answer_to(asked: str) -> str:
    """Give the only right answer: up to 13 KB that follow from the question."""
    digest = sha256(asked.encode()).hexdigest()
    return f"{asked} {digest}" * (1 + int(digest[:2], 16) % 100) + " The end."


def answering(request: Request) -> Reply:
    return openai_answer([answer_to(request.question)])


@define
class Service:
    """``ragboost serve`` in a process of its own, on the same folder each time."""

    folder: Path
    settings: Mapping[str, str]
    url: str = ""
    healed: Event = field(factory=Event)
    output: list[str] = field(factory=list)
    _process: "subprocess.Popen[str]" = field(init=False)
    _listening: Event = field(factory=Event)
    _reader: Thread = field(init=False)

    def start(self) -> None:
        # Without compiled modules each start would take a second more.
        foreign = ("RAGBOOST", "OPENAI", "ANTHROPIC", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        own = {"PYTHONPATH": str(ROOT), "RAGBOOST_PORT": "0", "LOG_LEVEL": "debug", **self.settings}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
            SERVE, cwd=self.folder, env=kept | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = Thread(target=self._read)
        self._reader.start()

    def await_listening(self) -> None:
        assert self._listening.wait(PATIENCE), "".join(self.output)
        assert self.url, "".join(self.output)

    def await_healing(self) -> None:
        assert self.healed.wait(PATIENCE), "".join(self.output)

    def kill(self, with_engine: bool) -> None:
        """Kill the service at once, and its index's engine with it or not."""
        if self._process.poll() is None:  # else its number may be another's by now
            for pid in _children(self._process.pid) if with_engine else []:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.kill()
        self._ended()

    def stop(self) -> None:
        """End it as an operator does."""
        self._process.terminate()
        self._ended()
        assert self._process.returncode in {0, -signal.SIGTERM}, "".join(self.output)

    def _ended(self) -> None:
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stdout
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.output.append(line)
            if " answers on " in line:
                self.url = next(word for word in line.split() if word.startswith("http"))
                self._listening.set()
            if "memory_healed" in line:
                self.healed.set()
        self._listening.set()


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@define
class Client:
    """Asks one question after the other, and keeps what it was told; *sent* counts all that it asked."""

    received: dict[str, str] = field(factory=dict)
    sent: int = 0

    async def ask_until_the_end(self, http: httpx.AsyncClient) -> None:
        with suppress(httpx.TransportError):
            while True:
                asked = question(self.sent)
                self.sent += 1
                response = await http.post("/api/v1/query", json={"query": asked})
                assert response.status_code == 200, response.text
                assert response.headers["x-ragboost-cache"] == "miss", "a question of which nobody has heard"
                self.received[asked] = response.json()["response"]


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=service.url, limits=limits, timeout=PATIENCE, trust_env=False) as http:
        yield http


async def write_until_killed(service: Service, client: Client, answers: int, with_engine: bool) -> None:
    """Ask from many sides at once, and kill the service in the midst of it, once *answers* have come."""
    goal = len(client.received) + answers
    async with connected(service) as http:
        asking = [asyncio.create_task(client.ask_until_the_end(http)) for _ in range(CLIENTS)]
        while len(client.received) < goal and not all(each.done() for each in asking):  # noqa: ASYNC110 - any moment will do
            await asyncio.sleep(0.001)
        await asyncio.to_thread(service.kill, with_engine)
        await asyncio.gather(*asking)
    assert len(client.received) >= goal, "".join(service.output)


async def recall(service: Service, questions: Sequence[str]) -> dict[str, str]:
    """Give what memory says, without asking a model; every answer must be of the question itself, and whole."""
    remembered: dict[str, str] = {}
    turns = asyncio.Semaphore(CLIENTS)

    async def ask(http: httpx.AsyncClient, asked: str) -> None:
        async with turns:
            response = await http.post(
                "/api/v1/query", json={"query": asked}, headers={"cache-control": "only-if-cached"}
            )
        assert response.status_code in {200, 504}, response.text
        if response.status_code == 200:
            assert response.json()["cache_info"]["matched_query"] == asked
            remembered[asked] = response.json()["response"]

    async with connected(service) as http:
        await asyncio.gather(*(ask(http, each) for each in questions))
    return remembered


async def check(service: Service, client: Client, numbers: Sequence[int]) -> None:
    """Ask memory again: those that were answered and those that were under way when the service died."""
    asked = [question(number) for number in numbers]
    remembered = await recall(service, asked)

    assert remembered == {each: answer_to(each) for each in remembered}
    told = {each for each in asked if each in client.received}
    # More than was asked of it: SQLite loses nothing that was acknowledged when only the process dies.
    assert told <= remembered.keys()


async def agreed(folder: Path, embedder: Embedder) -> list[Fingerprint]:
    """Open both memories after the service has ended; they must name the same entries."""
    cache = SqliteAnswerCache(folder / "answers.db")
    name = embedder.version.replace("/", "-")
    index = EdgeVectorIndex(folder / "index" / name, embedder.version, embedder.dimensions, pytest.fail)
    answers, vectors = [list(await each.page(None, 100_000)) for each in (cache, index)]
    await index.close()
    await cache.close()
    assert cache.damaged is None
    assert vectors == answers
    return answers


@contextmanager
def started(folder: Path, settings: Mapping[str, str]) -> Iterator[Service]:
    service = Service(folder, settings)
    service.start()
    try:
        yield service
    finally:
        service.kill(with_engine=True)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[dict[str, str]]:
    with ScriptedUpstream() as upstream:
        upstream.answer(answering)
        yield {
            "RAGBOOST_DATA_FOLDER": str(tmp_path),
            "RAGBOOST_EMBEDDER_KIND": "hashing",
            "RAGBOOST_LANGUAGE_MODEL_RETRIES": "0",
            "OPENAI_BASE_URL": upstream.url + "/v1",
        }


async def test_killed_at_any_moment_it_remembers_or_forgets_but_never_lies(
    tmp_path: Path, settings: dict[str, str], prepared_model: PreparedModel
) -> None:
    chance = random.Random(17)  # noqa: S311 - an example, no secret
    client, fresh = Client(), 0
    onnx = settings | {"RAGBOOST_EMBEDDER_KIND": "onnx", "RAGBOOST_MODELS_FOLDER": str(prepared_model.folder.parent)}

    for kill in range(KILLS):
        with started(tmp_path, onnx if kill == KILLS // 2 else settings) as service:
            if chance.random() < 0.1:
                await asyncio.sleep(chance.uniform(0.1, 1.5))  # in the midst of starting
                continue
            service.await_listening()
            await check(
                service, client, sorted({*chance.sample(range(fresh), min(fresh, 50)), *range(fresh, client.sent)})
            )
            fresh = client.sent
            await write_until_killed(service, client, chance.randrange(1, 150), with_engine=bool(kill % 2))

    with started(tmp_path, settings) as service:
        service.await_listening()
        await check(service, client, range(client.sent))
        service.await_healing()
        service.stop()
    assert len(await agreed(tmp_path, HashingEmbedder())) >= len(client.received) >= 50 * KILLS


async def test_an_index_that_saw_only_some_of_it_is_healed(
    tmp_path: Path, settings: dict[str, str], prepared_model: PreparedModel
) -> None:
    client = Client()
    onnx = settings | {"RAGBOOST_EMBEDDER_KIND": "onnx", "RAGBOOST_MODELS_FOLDER": str(prepared_model.folder.parent)}
    for wiring in (settings, onnx):
        with started(tmp_path, wiring) as service:
            service.await_listening()
            await write_until_killed(service, client, 40, with_engine=True)

    with started(tmp_path, onnx) as service:
        service.await_listening()
        service.await_healing()
        service.stop()
    embedder = OnnxEmbedder(prepared_model.folder)
    assert len(await agreed(tmp_path, embedder)) >= 80
    await embedder.close()

"""
Several workers over one Redis, each `ragboost serve` in a process of its own, with a scripted provider behind them.

    with workers(4, folder, redis.url, upstream) as fleet:
        await fleet.ask(0, "What is RAGBoost?")
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
from attrs import define, field, frozen

from tests.entrypoints.http.running import Process, running
from tests.upstream import Reply, Request, ScriptedUpstream, openai_answer

PATIENCE = 30.0
LIMITS = httpx.Limits(max_connections=500, max_keepalive_connections=500, keepalive_expiry=2.0)
"""Idle connections go before the workers close them, which they do after 5 s: a request might cross the closing."""


class TryAgain(Exception):
    """It could not be done just now, and nobody knows how much of it was."""


@frozen
class Answered:
    """What came back, and when it was asked; times are those of ``time.monotonic``."""

    text: str
    kind: str
    asked: float
    entry: str | None = None

    @property
    def number(self) -> int:
        """Give the number of the model's call that this came from."""
        return int(self.text.split()[0])


@define
class CountingModel:
    """Answers each call with the call's number, and remembers when it came in; *pause* is in seconds."""

    pause: float = 0.0
    began: dict[int, float] = field(factory=dict)
    questions: list[str] = field(factory=list)
    _numbers: Iterator[int] = field(factory=count)
    _lock: Lock = field(factory=Lock)

    def __call__(self, request: Request) -> Reply:
        with self._lock:
            number = next(self._numbers)
            self.began[number] = time.monotonic()
            self.questions.append(request.question)
        reply = openai_answer([f"{number} ", "is", " the", " answer."])
        return reply.slowly(self.pause / 4) if self.pause else reply


@frozen
class Workers:
    """The processes, and a client to all of them."""

    processes: Sequence[Process]
    client: httpx.AsyncClient

    async def ask(self, worker: int, question: str, **fields: Any) -> Answered:
        """Ask one of them."""
        asked = time.monotonic()
        reply = await self._post(worker, "/api/v1/query", {"query": question, **fields})
        told = reply["cache_info"]
        return Answered(reply["response"], told["cache_type"] or "none", asked, told["entry_id"])

    async def purge(self, worker: int, **selection: Any) -> None:
        """Have one of them purge; raises ``TryAgain``."""
        reply = await self.client.post(f"{self._base(worker)}/api/v1/cache/purge", json=selection)
        assert reply.status_code in {200, 503}, reply.text
        if reply.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise TryAgain

    async def forget(self, worker: int, entry: str) -> bool:
        """Have one of them purge an entry, and tell whether it was there; raises ``TryAgain``."""
        reply = await self.client.delete(f"{self._base(worker)}/api/v1/cache/entries/{entry}")
        assert reply.status_code in {204, 404, 503}, reply.text
        if reply.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise TryAgain
        return reply.is_success

    async def _post(self, worker: int, path: str, body: Mapping[str, Any]) -> Any:
        reply = await self.client.post(f"{self._base(worker)}{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json()

    def _base(self, worker: int) -> str:
        return str(self.processes[worker].client.base_url)


@contextmanager
def workers(
    number: int, folder: Path, redis: str, upstream: ScriptedUpstream, **environment: str
) -> Iterator[Sequence[Process]]:
    """Start so many at once, without semantic hits unless *environment* wants them."""
    shared = {
        "RAGBOOST_ANSWER_CACHE_KIND": "redis",
        "REDIS_URL": redis,
        "RAGBOOST_REDIS_TIMEOUT": "5",  # so many processes keep one another waiting, which is not the question
        "RAGBOOST_SEMANTIC_ENABLED": "false",
        "RAGBOOST_RECORDS_URL": f"sqlite+aiosqlite:///{folder}/records.db",
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        **environment,
    }
    with ExitStack() as stack, ThreadPoolExecutor(number) as threads:
        folders = [folder / f"worker-{each}" for each in range(number)]
        for each in folders:
            each.mkdir(parents=True, exist_ok=True)
        starting = [threads.submit(stack.enter_context, running(each, **shared)) for each in folders]
        yield [each.result() for each in starting]


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=PATIENCE, limits=LIMITS)

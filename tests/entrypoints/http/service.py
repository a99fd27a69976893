"""
The whole application, driven over HTTP inside this process: a clock that stands, a model that says what it is told.

    with serving(memory_settings(folder)) as service:
        service.ask("What is RAGBoost?")
        service.clock.advance(60)
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from dependency_injector.providers import Object
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from application.coalesce import Flights
from application.manage_keys import NewKey
from application.pass_on_chunks import Hearing
from application.share_flights import Landing, MakeCompletion
from domain.flights import Flight
from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.settings import Settings
from tests.doubles import ScriptedModel, Step, StoppedClock, saying

QUERY = "/api/v1/query"
QUERIES = "/api/v1/queries"
PROBLEM = "application/problem+json"
BREAKABLE = ("key_ring", "stored_answers", "vector_index", "embedder")
MEMORY = {
    "answer_cache": {"kind": "memory"},
    "vector_index": {"kind": "memory"},
    "embedder": {"kind": "hashing"},
    "semantic": {"policy": "threshold"},
    "language_model": {"retries": 0, "breaker_failures": 1000},  # for those whose subject is something else
}
PRICES = {
    "openai/priced": {"input": 2, "output": 10, "cached": 1},
    "openai/free": {"input": 0, "output": 0},
}
"""What models cost, as far as anybody knows."""

NOWHERE = {"base_url": "http://127.0.0.1:9/v1"}
"""An address that makes a provider count as configured, and at which nobody answers."""


@define
class Breakable:
    """A part that can be made to fail whatever it is asked, as a full disk or a lost connection makes it."""

    part: Any
    trouble: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.part, name)
        return partial(self._work, found) if iscoroutinefunction(found) else found

    async def _work(self, method: Callable[..., Awaitable[Any]], *given: Any, **named: Any) -> Any:
        if self.trouble:
            raise self.trouble
        return await method(*given, **named)


@define
class WatchedFlights(Flights):
    """Counts those who came to wait, so that a crowd can be seen to be complete."""

    joined: int = field(default=0, init=False)
    loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)

    async def join(self, flight: Flight, make: MakeCompletion, hearing: Hearing | None = None) -> Landing:
        self.joined += 1
        self.loop = asyncio.get_running_loop()
        return await Flights.join(self, flight, make, hearing)


@frozen
class Service:
    """An application that is up."""

    container: Container
    client: TestClient[Litestar]
    clock: StoppedClock
    model: ScriptedModel
    parts: Mapping[str, Breakable]

    def ask(self, query: str | None = "What is RAGBoost?", headers: Any = None, **fields: Any) -> Response:
        asked = fields if query is None else {"query": query, **fields}
        return self.client.post(QUERY, json=asked, headers=headers)

    def ask_many(self, *queries: Any, headers: Any = None) -> Response:
        """Ask many at once; a text stands for a query of this text."""
        asked = [{"query": each} if isinstance(each, str) else each for each in queries]
        return self.client.post(QUERIES, json={"queries": asked}, headers=headers)

    def send(self, body: bytes, path: str = QUERY, kind: str | None = "application/json") -> Response:
        return self.client.post(path, content=body, headers={"content-type": kind} if kind else None)

    def purge(self, headers: Any = None, **fields: Any) -> Response:
        return self.client.post("/api/v1/cache/purge", json=fields or {"all": True}, headers=headers)

    def entry(self, entry_id: str, headers: Any = None) -> Response:
        return self.client.get(f"/api/v1/cache/entries/{entry_id}", headers=headers)

    def report(self, entry_id: str, query: str, correct: bool, headers: Any = None, **fields: Any) -> Response:
        said = {"entry_id": entry_id, "query": query, "correct": correct, **fields}
        return self.client.post("/api/v1/cache/feedback", json=said, headers=headers)

    def quality(self, headers: Any = None, **narrowed: Any) -> Response:
        return self.client.get("/api/v1/cache/quality", params=narrowed, headers=headers)

    def create_key(self, name: str, tenant: str | None = None, may_report: bool = True) -> NewKey:
        with self.client.portal() as portal:
            return portal.call(self.container.manage_keys().create, name, tenant, may_report)

    def revoke_key(self, name: str) -> None:
        with self.client.portal() as portal:
            portal.call(self.container.manage_keys().revoke, name)

    def says(self, *turns: str | list[Step]) -> None:
        """Let the model say these in turn, as texts or step by step, and forget what it was asked."""
        self.model.turns = tuple(saying(each) if isinstance(each, str) else each for each in turns)
        self.model.prompts.clear()

    def start_over(self) -> None:
        """Forget everything, mend everything: the next test should not notice this one."""
        for part in self.parts.values():
            part.trouble = None
        self.purge()
        self.says("An answer.")
        self.clock.advance(10)


def memory_settings(folder: Path, **changes: Any) -> Settings:
    """Keep everything in memory, but the keys."""
    return Settings.model_validate({"data_folder": folder, **MEMORY, "openai": NOWHERE, "prices": PRICES, **changes})


@contextmanager
def serving(settings: Settings, **overrides: Any) -> Iterator[Service]:
    """Start the application, and end it; *overrides* replace the scripted model behind ``openai`` and other parts."""
    container = Container(settings=settings)
    clock, model = StoppedClock(), ScriptedModel()
    for name, part in {"clock": clock, "openai": model, **overrides}.items():
        if part is not None:
            getattr(container, name).override(Object(part))
    parts = {name: _make_breakable(container, name) for name in BREAKABLE}
    with TestClient(create_app(container)) as client:
        yield Service(container, client, clock, model, parts)


def _make_breakable(container: Container, name: str) -> Breakable:
    provider = getattr(container, name)
    part = Breakable(provider())
    provider.override(Object(part))
    return part

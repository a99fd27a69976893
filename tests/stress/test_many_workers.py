"""What several workers promise together: one purge for all, one call of a model for all."""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

from tests.redis_servers import RedisServer
from tests.stress.workers import Answered, CountingModel, TryAgain, Workers, client, workers
from tests.upstream import ScriptedUpstream, until

PURGES = int(os.environ.get("RAGBOOST_PURGES", "2000"))
WITHIN = 1.0
"""Seconds after which a purge is known everywhere."""

TOPICS, MODELS, NAMESPACES = 25, 10, 5
NUMBERS = range(100)
QUESTIONS = {f"What is new about number {number}?": number for number in NUMBERS}
KINDS = {"tag": 80, "entry": 12, "model": 4, "namespace": 3, "all": 1}
"""What is purged, and how often of a hundred times."""


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as server:
        yield server


@frozen
class Purged:
    """A purge that takes some questions: when it was sent, and when it was acknowledged."""

    takes: frozenset[int]
    sent: float
    acknowledged: float


@define
class Story:
    """What was purged and what was answered."""

    fleet: Workers
    chance: random.Random
    purged: list[Purged] = field(factory=list)
    answered: list[tuple[str, Answered]] = field(factory=list)
    entries: dict[int, str] = field(factory=dict)
    over: bool = False

    async def ask(self) -> None:
        """Ask anybody anything, again and again."""
        while not self.over:
            question, number = self.chance.choice(list(QUESTIONS.items()))
            worker = self.chance.randrange(len(self.fleet.processes))
            answer = await self.fleet.ask(worker, question, **labels(number))
            self.answered.append((question, answer))
            if answer.entry:
                self.entries[number] = answer.entry

    async def purge(self, times: int) -> None:
        """Purge something so many times, whoever is asked to."""
        while len(self.purged) < times:
            worker, number = self.chance.randrange(len(self.fleet.processes)), self.chance.choice(NUMBERS)
            (kind,) = self.chance.choices(list(KINDS), list(KINDS.values()))
            with suppress(TryAgain):  # its connection was cut
                sent, takes = time.monotonic(), await self._purge(worker, kind, number)
                self.purged += [Purged(takes, sent, time.monotonic())] if takes else []

    async def _purge(self, worker: int, kind: str, number: int) -> frozenset[int]:
        if kind != "entry":
            await self.fleet.purge(worker, **selection(kind, number))
            return taken(kind, number)
        entry = self.entries.get(number)
        was_there = entry and await self.fleet.forget(worker, entry)
        return frozenset({number} if was_there else ())

    def resurrected(self, began: dict[int, float]) -> list[tuple[str, Answered]]:
        """Give the answers that were older than a purge which had been acknowledged a second before."""
        return [
            (question, answer)
            for question, answer in self.answered
            if any(
                QUESTIONS[question] in each.takes
                and each.acknowledged + WITHIN <= answer.asked
                and began[answer.number] < each.sent
                for each in self.purged
            )
        ]


def labels(number: int) -> dict[str, Any]:
    """Give the fields by which question *number* can be purged."""
    return {
        "tags": [f"topic-{number % TOPICS}"],
        "namespace": f"shop-{number % NAMESPACES}",
        "provider": "openai",
        "model": f"model-{number % MODELS}",
    }


def selection(kind: str, number: int) -> dict[str, Any]:
    """Select what has that of question *number*."""
    fields = labels(number)
    return {"all": True} if kind == "all" else {kind: fields["tags"][0] if kind == "tag" else fields[kind]}


def taken(kind: str, number: int) -> frozenset[int]:
    """Name the questions that such a selection takes."""
    apart = {"tag": TOPICS, "model": MODELS, "namespace": NAMESPACES, "all": 1}[kind]
    return frozenset(each for each in NUMBERS if each % apart == number % apart)


async def cut_connections(server: RedisServer, times: int) -> None:
    """Lose messages: whoever waits for one is cut off."""
    for _ in range(times):
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.command, "CLIENT", "KILL", "TYPE", "normal")


async def test_a_purge_is_seen_by_all_workers_within_a_second(
    tmp_path: Path, redis_server: RedisServer, redis_prefix: str, upstream: ScriptedUpstream
) -> None:
    model = CountingModel(pause=0.02)
    upstream.answer(model)
    with workers(4, tmp_path, redis_server.url, upstream, RAGBOOST_REDIS_PREFIX=redis_prefix) as processes:
        async with client() as http:
            story = Story(Workers(processes, http), random.Random(11))  # noqa: S311 - an example, no secret
            asking = [asyncio.create_task(story.ask()) for _ in range(8)]
            await asyncio.gather(*(story.purge(PURGES) for _ in range(4)), cut_connections(redis_server, 4))
            await asyncio.sleep(WITHIN)
            await asyncio.sleep(0.5)
            story.over = True
            await asyncio.gather(*asking)

    kinds = [answer.kind for _, answer in story.answered]
    assert kinds.count("exact") > 100, "hits are what might be wrong"
    assert len(story.purged) >= PURGES
    assert story.resurrected(model.began) == []


async def test_many_workers_and_askers_make_one_call(
    tmp_path: Path, redis_server: RedisServer, redis_prefix: str, upstream: ScriptedUpstream
) -> None:
    model = CountingModel(pause=2.0)
    upstream.answer(model)
    with workers(8, tmp_path, redis_server.url, upstream, RAGBOOST_REDIS_PREFIX=redis_prefix) as processes:
        async with client() as http:
            fleet = Workers(processes, http)
            answers = await asyncio.gather(*(fleet.ask(number % 8, "What is RAGBoost?") for number in range(400)))

    assert model.questions == ["What is RAGBoost?"]
    assert {answer.text for answer in answers} == {"0 is the answer."}


async def test_when_the_worker_that_asks_dies_another_one_asks(
    tmp_path: Path, redis_server: RedisServer, redis_prefix: str, upstream: ScriptedUpstream
) -> None:
    model = CountingModel(pause=3.0)
    upstream.answer(model)
    with workers(4, tmp_path, redis_server.url, upstream, RAGBOOST_REDIS_PREFIX=redis_prefix) as processes:
        async with client() as http:
            fleet = Workers(processes, http)
            first = asyncio.create_task(fleet.ask(0, "What is RAGBoost?"))
            await until(lambda: bool(model.questions))
            others = [asyncio.create_task(fleet.ask(1 + number % 3, "What is RAGBoost?")) for number in range(60)]
            await asyncio.sleep(0.3)
            processes[0].process.kill()
            died = time.monotonic()
            answers = await asyncio.gather(*others)

    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever a client says of a connection that breaks
        await first
    assert len(model.questions) == 2
    assert model.began[1] - died < 2.0
    assert {answer.text for answer in answers} == {"1 is the answer."}

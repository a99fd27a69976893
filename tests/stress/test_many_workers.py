"""What several workers promise together: one purge for all, one call of a model for all."""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define, field, frozen

from tests.redis_servers import RedisServer
from tests.stress.workers import Answered, CountingModel, Workers, client, workers
from tests.upstream import ScriptedUpstream, until

PURGES = int(os.environ.get("RAGBOOST_PURGES", "2000"))
WITHIN = 1.0
"""Seconds after which a purge is known everywhere."""

TOPICS = 25
QUESTIONS = {f"What is new about number {number}?": f"topic-{number % TOPICS}" for number in range(100)}


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as server:
        yield server


@frozen
class Purged:
    """A purge of a topic, or of a question: when it was sent, and when it was acknowledged."""

    what: str
    sent: float
    acknowledged: float


@define
class Story:
    """What was purged and what was answered."""

    fleet: Workers
    chance: random.Random
    purged: list[Purged] = field(factory=list)
    answered: list[tuple[str, Answered]] = field(factory=list)
    entries: dict[str, str] = field(factory=dict)
    over: bool = False

    async def ask(self) -> None:
        """Ask anybody anything, again and again."""
        while not self.over:
            question = self.chance.choice(list(QUESTIONS))
            worker = self.chance.randrange(len(self.fleet.processes))
            self.answered.append((question, await self.fleet.ask(worker, question, tags=[QUESTIONS[question]])))

    async def purge(self, times: int) -> None:
        """Purge a topic, whoever is asked to."""
        for _ in range(times):
            worker, topic = self.chance.randrange(len(self.fleet.processes)), f"topic-{self.chance.randrange(TOPICS)}"
            sent = time.monotonic()
            while not await self.fleet.purge(worker, tag=topic):  # its connection was cut
                sent = time.monotonic()
            self.purged.append(Purged(topic, sent, time.monotonic()))

    def resurrected(self, began: dict[int, float]) -> list[tuple[str, Answered]]:
        """Give the answers that were older than a purge which had been acknowledged a second before."""
        return [
            (question, answer)
            for question, answer in self.answered
            if any(
                each.what == QUESTIONS[question]
                and each.acknowledged + WITHIN <= answer.asked
                and began[answer.number] < each.sent
                for each in self.purged
            )
        ]


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
            await asyncio.gather(*(story.purge(PURGES // 4) for _ in range(4)), cut_connections(redis_server, 4))
            await asyncio.sleep(WITHIN)
            await asyncio.sleep(0.5)
            story.over = True
            await asyncio.gather(*asking)

    kinds = [answer.kind for _, answer in story.answered]
    assert kinds.count("exact") > 100, "hits are what might be wrong"
    assert len(story.purged) == PURGES // 4 * 4
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

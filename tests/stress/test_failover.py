"""A Redis that fails over to a replica which was behind: nothing wrong is served, and nothing purged comes back."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redis_servers import HOST, RedisServer, skip_without_redis
from tests.stress.workers import CountingModel, Workers, client, workers
from tests.tcp_proxy import TcpProxy
from tests.upstream import ScriptedUpstream

PRICES = [f"What does article {number} cost?" for number in range(20)]
HOURS = [f"When does shop {number} open?" for number in range(20)]
PATIENCE = 20.0


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def master() -> Iterator[RedisServer]:
    skip_without_redis()
    with RedisServer() as server:
        yield server


@pytest.fixture
def replica(master: RedisServer) -> Iterator[RedisServer]:
    with RedisServer((f"replicaof {HOST} {master.port}",)) as server:
        yield server


async def caught_up(master: RedisServer, replica: RedisServer) -> None:
    deadline = time.monotonic() + PATIENCE
    while master.command("DBSIZE") != replica.command("DBSIZE") or not master.command("WAIT", 1, 1000):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_what_was_purged_before_a_replica_took_over_that_had_not_heard_of_it_stays_purged(
    tmp_path: Path, master: RedisServer, replica: RedisServer, upstream: ScriptedUpstream
) -> None:
    model = CountingModel()
    upstream.answer(model)
    with (
        TcpProxy(master.port) as proxy,
        workers(2, tmp_path, f"redis://{HOST}:{proxy.port}/0", upstream) as processes,
    ):
        async with client() as http:
            fleet = Workers(processes, http)
            before = {each: await fleet.ask(0, each, tags=["prices"]) for each in PRICES}
            before |= {each: await fleet.ask(1, each, tags=["hours"]) for each in HOURS}
            await caught_up(master, replica)
            replica.command("REPLICAOF", "NO", "ONE")  # from here on it is behind

            await fleet.purge(0, tag="prices")
            later = await fleet.ask(0, "What does the last article cost?", tags=["prices"])
            await asyncio.sleep(1.0)  # by now both know
            master.kill()
            proxy.lead_to(replica.port)

            # Nobody waits until the workers have noticed anything.
            after = {each: await fleet.ask(number % 2, each, tags=["prices"]) for number, each in enumerate(PRICES)}
            assert all(after[each].number > later.number for each in PRICES), "what was purged came back"
            again = {each: await fleet.ask(number % 2, each, tags=["hours"]) for number, each in enumerate(HOURS)}
            assert all(answer.text.endswith("is the answer.") for answer in again.values())

            await asyncio.sleep(3.0)
            for number, each in enumerate(HOURS):
                assert (await fleet.ask(number % 2, each)).text in {before[each].text, again[each].text}
            kept = await fleet.ask(0, HOURS[0])
            assert kept.kind == "exact"
            assert (await fleet.ask(1, HOURS[0])).text == kept.text

    names = replica.command("KEYS", "*purges*")  # here the keys may be gone through: nothing else is in this server
    assert names, "the new master has been told of the purge it had not heard of"

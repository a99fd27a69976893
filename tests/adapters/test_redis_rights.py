"""The least that a user of Redis must be allowed: enough for all that workers do, and nothing else."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from adapters.answer_cache.redis import RedisAnswerCache
from adapters.answer_cache.redis_buckets import Buckets
from adapters.flight_board.redis import RedisFlightBoard
from adapters.purge_journal.redis import RedisPurgeJournal
from adapters.redis_address import parse_address
from adapters.redis_commands import Command
from adapters.redis_connection import RedisConnection
from adapters.redis_rights import OF_A_CLUSTER, least_rights, refused_commands
from domain.catalogue import Holdings, Selection
from domain.flights import Flight, Outcome
from domain.purging import Epoch, Purge
from domain.questions import Fingerprint
from tests.builders import a_completion, a_stored_answer
from tests.redis_servers import PATIENCE, RedisCluster, RedisServer

NOW = 1_000_000.0
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
NAMES = [Fingerprint(f"{number:064x}") for number in range(0, 2**256, 2**256 // 20)]
GREETINGS = {"hello", "ping", "auth", "select", "client"}
"""Which are of the category @connection."""


@asynccontextmanager
async def a_user(server: RedisServer, rights: str, prefix: str, url: str = "") -> AsyncIterator[RedisConnection]:
    """Connect as one who has just been given these *rights*, and no others."""
    server.command("ACL", "SETUSER", prefix, "reset", "on", ">wonder", *rights.split(" "))
    address = parse_address((url or server.url).replace("//", f"//{prefix}:wonder@"))
    connection = RedisConnection(address, prefix, timeout=PATIENCE)
    try:
        yield connection
    finally:
        await connection.close()
        server.command("ACL", "DELUSER", prefix)


async def test_with_them_a_worker_does_everything(redis_server: RedisServer, redis_prefix: str) -> None:
    async with a_user(redis_server, least_rights(redis_prefix), redis_prefix) as connection:
        await use_everything(connection)
        assert await refused_commands(connection, Buckets(redis_prefix).bases[:1]) == []


@pytest.mark.usefixtures("redis_server")
async def test_they_name_what_is_used_and_nothing_else(redis_prefix: str) -> None:
    with RedisServer() as server:
        async with a_user(server, least_rights(redis_prefix), redis_prefix) as connection:
            server.command("CONFIG", "RESETSTAT")
            await use_everything(connection)
            await connection.info("memory")
            told = server.command("INFO", "commandstats")

    used = {re.split(r"[_|]", name)[1] for name in told} - GREETINGS - {"config"}
    assert used == allowed(redis_prefix)


async def test_in_a_cluster_it_may_also_ask_who_has_what(redis_cluster: RedisCluster, redis_prefix: str) -> None:
    rights, nodes = least_rights(redis_prefix, in_cluster=True), redis_cluster.nodes
    url = redis_cluster.url.replace("redis:", "redis+cluster:")
    async with AsyncExitStack() as stack:
        connection, *_ = [await stack.enter_async_context(a_user(each, rights, redis_prefix, url)) for each in nodes]
        await use_everything(connection)
        assert await refused_commands(connection, Buckets(redis_prefix).bases) == []

        # One node was forgotten when rights were given anew.
        nodes[2].command("ACL", "SETUSER", redis_prefix, "-hset")
        assert await refused_commands(connection, Buckets(redis_prefix).bases) == ["hset"]


async def test_each_one_that_is_missing_is_named(redis_server: RedisServer, redis_prefix: str) -> None:
    for right in sorted(allowed(redis_prefix) - {"info", "eval"}):
        rights = least_rights(redis_prefix).replace(f"+{right} ", "").removesuffix(f"+{right}")
        async with a_user(redis_server, rights, redis_prefix) as connection:
            assert await refused_commands(connection, [b"{%b:00}" % redis_prefix.encode()]) == [right]


async def test_trying_leaves_nothing_behind(redis_server: RedisServer, redis_prefix: str) -> None:
    for rights in (least_rights(redis_prefix), least_rights(redis_prefix).replace("+del ", "")):
        async with a_user(redis_server, rights, redis_prefix) as connection:
            await refused_commands(connection, [b"{%b:00}" % redis_prefix.encode()])
        left = redis_server.command("KEYS", f"{{{redis_prefix}:*")
        assert all(0 < redis_server.command("PTTL", key) <= 1_000 for key in left)
        redis_server.command("DEL", *left, "nothing")


async def test_who_may_write_nothing_tries_nothing_else(redis_server: RedisServer, redis_prefix: str) -> None:
    for rights in ("~other:* +@all", f"~{{{redis_prefix}:* +@all -set"):
        async with a_user(redis_server, rights, redis_prefix) as connection:
            assert await refused_commands(connection, [b"{%b:00}" % redis_prefix.encode()]) == ["set"]
        assert redis_server.command("KEYS", f"{{{redis_prefix}:*") == []


def test_the_page_on_operations_names_them() -> None:
    told = re.sub(r"\\\n\s*", "", PAGE.read_text(encoding="utf-8"))

    assert least_rights("ragboost") in told
    assert OF_A_CLUSTER in told


def allowed(prefix: str) -> set[str]:
    return set(re.findall(r"\+(\w+)", least_rights(prefix)))


async def use_everything(connection: RedisConnection) -> None:
    """Remember, count, list, purge and fly, as all of it can happen."""
    cache = RedisAnswerCache(connection)
    await use_answers(cache)
    junk = Buckets(connection.prefix).entry(bytes.fromhex(NAMES[0]))
    await connection.run(Command(("SET", junk, "junk", "PX", 1_000), junk))
    assert await cache.get(NAMES[:1]) == {}
    journal = RedisPurgeJournal(connection, kept=2)
    for number in range(4):
        await journal.append([Purge(f"purge-{number}", "acme", Selection("acme"), NOW)])
    excerpt = await journal.read(None)
    await journal.read(excerpt.purges[-1])
    await journal.wait(excerpt.purges[-1], 0.01)
    board, flight = RedisFlightBoard(connection), Flight(NAMES[0], Epoch())
    await board.join(flight, "me")
    await board.renew(flight, "me")
    await board.land(flight, "me", Outcome(a_completion("An answer.")))


async def use_answers(cache: RedisAnswerCache) -> None:
    answers = [a_stored_answer(fingerprint=each, tags=("a",), tenant="acme", stored_at=NOW) for each in NAMES]
    await cache.ping()
    await cache.put(answers)
    assert len(await cache.get(NAMES)) == len(NAMES)
    await cache.touch(NAMES[0], NOW + 1)
    assert (await cache.measure("acme")).accesses == 1
    assert len(await cache.select(Selection("acme", tag="a", stored_before=NOW + 1))) == len(NAMES)
    assert len(await cache.select(Selection("acme"))) == len(NAMES)
    assert len(await cache.page(None, 100)) == len(NAMES)
    assert len(await cache.expendable(NOW, 10**9)) == len(NAMES)
    await cache.memory()
    await cache.remove(NAMES)
    assert await cache.measure("acme") == Holdings()

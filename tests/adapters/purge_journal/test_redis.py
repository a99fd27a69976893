"""What a journal in Redis survives besides: a server that is full, one that evicts, one of another version."""

import pytest

from adapters.purge_journal.redis import RedisPurgeJournal
from domain.catalogue import Selection
from domain.purging import Continuity, Purge
from tests.redis_servers import RedisServer, redis_connection


def a_purge(name: str) -> Purge:
    return Purge(name, "acme", Selection("acme", tag=name), 1_000.0)


async def test_a_server_that_is_full_takes_purges(request: pytest.FixtureRequest, redis_server: RedisServer) -> None:
    async with redis_connection(request) as connection:
        journal = RedisPurgeJournal(connection)
        redis_server.command("CONFIG", "SET", "maxmemory", "1")
        try:
            await journal.append([a_purge("a")])
            await journal.append([a_purge("b")])
        finally:
            redis_server.command("CONFIG", "SET", "maxmemory", "0")
        assert [each.uid for each in (await journal.read(None)).purges] == ["a", "b"]


async def test_a_journal_that_was_evicted_in_part_takes_again_what_it_lost(
    request: pytest.FixtureRequest, redis_server: RedisServer
) -> None:
    async with redis_connection(request) as connection:
        journal = RedisPurgeJournal(connection)
        lost = await journal.append([a_purge("a"), a_purge("b")])
        redis_server.command("DEL", f"{{{connection.prefix}:purges}}")

        assert (await journal.read(lost[-1])).continuity is Continuity.BROKEN
        assert len(await journal.append(lost, beyond=lost[-1].number)) == 2
        assert len((await journal.read(None)).purges) == 2


async def test_a_purge_that_cannot_be_read_spoils_what_is_under_way_and_nothing_else(
    request: pytest.FixtureRequest, redis_server: RedisServer
) -> None:
    async with redis_connection(request) as connection:
        journal = RedisPurgeJournal(connection)
        (first,) = await journal.append([a_purge("a")])
        redis_server.command("XADD", f"{{{connection.prefix}:purges}}", "9-0", "uid", "odd", "purge", b"\xc1")

        excerpt = await journal.read(first)
        assert excerpt.continuity is Continuity.TRIMMED
        assert [(each.uid, each.number) for each in excerpt.purges] == [("odd", 9)]
        assert (await journal.read(excerpt.purges[-1])).continuity is Continuity.SEAMLESS
        await journal.ping()

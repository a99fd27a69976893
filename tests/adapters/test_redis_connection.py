"""The way to Redis: what it says when something is wrong, and that nothing that breaks on it stays broken."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import pytest
from redis.crc import key_slot
from redis.exceptions import MovedError

from adapters.redis_address import parse_address
from adapters.redis_commands import Command, Script
from adapters.redis_connection import RedisConnection
from adapters.redis_refusals import RedisAway, RedisRefused
from tests.redis_servers import HOST, RedisCluster, RedisServer, skip_without_redis, wait_until
from tests.tcp_proxy import CERTIFICATE, TcpProxy

PATIENCE = 5.0
"""Seconds: a machine that is busy may take some, where time is not what a test is about."""

Connect = Callable[..., RedisConnection]

ECHO = Script("return {KEYS[1], ARGV[1]}")
OVER_HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    made = []

    def connect(url: str, **options: Any) -> RedisConnection:
        made.append(RedisConnection(parse_address(url), **{"timeout": PATIENCE, **options}))
        return made[-1]

    yield connect
    for each in made:
        await each.close()


@asynccontextmanager
async def a_server_that_says(reply: bytes) -> AsyncIterator[str]:
    clients = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.append(writer)
        with suppress(OSError):
            while said := await reader.read(1000):
                writer.write(b"+PONG\r\n" if b"PING" in said else reply)

    server = await asyncio.start_server(answer, HOST, 0)
    async with server:
        yield f"redis://{HOST}:{server.sockets[0].getsockname()[1]}"
    for each in clients:
        each.transport.abort()
    await asyncio.sleep(0.01)


def get(key: str) -> Command:
    return Command(("GET", key), key.encode())


def put(key: str, value: str) -> Command:
    return Command(("SET", key, value), key.encode())


def over(scheme: str, url: str) -> str:
    return f"{scheme}://{url.partition('://')[2]}"


async def until_it_answers(connection: RedisConnection) -> None:
    """Wait until the guard has seen for itself that the server is back."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await connection.ping()
            except RedisAway:
                await asyncio.sleep(0.02)
            else:
                return


async def refusal_of(doing: Awaitable[object], kind: type[Exception] = RedisRefused) -> str:
    with pytest.raises(kind) as caught:
        await doing
    return str(caught.value)


@pytest.fixture(params=["one server", "cluster"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "cluster":
        cluster: RedisCluster = request.getfixturevalue("redis_cluster")
        return over("redis+cluster", cluster.url)
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url


class TestAsking:
    async def test_commands_are_done_in_order_and_each_has_its_reply(
        self, connect: Connect, url: str, redis_prefix: str
    ) -> None:
        connection = connect(url)
        keys = [f"{redis_prefix}:{number}" for number in range(100)]
        replies = await connection.pipeline([each for key in keys for each in (put(key, f"of {key}"), get(key))])
        assert list(replies[1::2]) == [f"of {key}".encode() for key in keys]
        assert await connection.run(get(keys[3])) == f"of {keys[3]}".encode()
        assert await connection.pipeline([]) == []

    async def test_many_keys_are_read_at_once(self, connect: Connect, url: str, redis_prefix: str) -> None:
        connection = connect(url)
        await connection.pipeline([put(f"{redis_prefix}:{number}", str(number)) for number in range(0, 100, 2)])
        found = await connection.read([f"{redis_prefix}:{number}".encode() for number in (2, 1, 98, 2, 40)])
        assert list(found) == [b"2", None, b"98", b"2", b"40"]
        assert list(await connection.read([])) == []

    async def test_a_script_is_sent_to_a_server_that_does_not_know_it(self, connect: Connect, url: str) -> None:
        connection = connect(url)
        calls = [ECHO.on(f"key {number}".encode(), number) for number in range(20)]
        expected = [[f"key {number}".encode(), str(number).encode()] for number in range(20)]
        for _ in range(2):
            await connection.everywhere("SCRIPT", "FLUSH")
            assert await connection.pipeline(calls) == expected
            assert await connection.pipeline(calls) == expected

    async def test_one_that_is_refused_does_not_keep_the_others_from_being_done(
        self, connect: Connect, url: str, redis_prefix: str
    ) -> None:
        connection = connect(url)
        key = f"{redis_prefix}:a"
        assert "WRONGTYPE" in await refusal_of(
            connection.pipeline([put(key, "1"), Command(("LPUSH", key, 1), key.encode()), put(key, "2")])
        )
        assert await connection.run(get(key)) == b"2"

    async def test_every_server_is_asked(self, connect: Connect, url: str) -> None:
        connection = connect(url)
        told = await connection.info("server")
        assert len({each["tcp_port"] for each in told}) == (3 if "cluster" in url else 1)
        await connection.ping()

    async def test_it_is_spoken_to_over_tls(self, connect: Connect, redis_server: RedisServer) -> None:
        with TcpProxy(redis_server.port, tls=True) as proxy:
            url = f"rediss://{HOST}:{proxy.port}"
            trusting = connect(f"{url}?ssl_ca_certs={CERTIFICATE}")
            await asyncio.gather(*(trusting.ping() for _ in range(5)))
            assert "certificate verify failed" in await refusal_of(connect(url).ping(), RedisAway)
            await connect(f"{url}?ssl_cert_reqs=none").ping()

    async def test_it_is_spoken_to_over_a_socket(self, connect: Connect, redis_server: RedisServer) -> None:
        await connect(f"unix://{redis_server.socket}").ping()


class TestRefusals:
    async def test_a_wrong_password_an_unknown_user_and_none_at_all(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with RedisServer(("user alice on >wonder ~* +@all",), password="letmein") as server:
            for who in ("alice:wrong@", "bob:wonder@", ":wrong@", ""):
                told = await refusal_of(connect(server.url.replace(":letmein@", who)).ping())
                assert "the password of the user" in told
                assert "REDIS_URL" in told
                assert "wrong@" not in told
            await connect(server.url).ping()
            await connect(server.url.replace(":letmein@", "alice:wonder@")).ping()

    async def test_a_command_that_a_user_may_not_send(self, connect: Connect, redis_server: RedisServer) -> None:
        with RedisServer(("user alice on >wonder ~a* +@all -mget -bitfield",)) as server:
            connection = connect(server.url.replace("//", "//alice:wonder@"))
            await connection.ping()
            assert "ACL SETUSER alice +mget" in await refusal_of(connection.read([b"a"]))
            assert "the user 'alice' may not" in await refusal_of(connection.run(get("b")))
            script = Script("return redis.call('BITFIELD', KEYS[1], 'GET', 'u8', 0)")
            assert "ACL SETUSER alice" in await refusal_of(connection.run(script.on(b"a")))

    async def test_a_database_that_is_not_there(self, connect: Connect, redis_server: RedisServer) -> None:
        told = await refusal_of(connect(redis_server.url[:-1] + "99").ping())
        assert "there is no database 99" in told
        await connect(redis_server.url[:-1] + "3").ping()

    async def test_a_cluster_behind_a_plain_url_and_the_other_way_round(
        self, connect: Connect, redis_server: RedisServer, redis_cluster: RedisCluster
    ) -> None:
        plain = connect(redis_cluster.url)
        for doing in (plain.ping(), plain.pipeline([get("a"), get("b"), get("c")]), plain.read([b"a", b"b"])):
            assert "redis+cluster://" in await refusal_of(doing)
        assert "redis+cluster://" in await refusal_of(connect(redis_cluster.url[:-1] + "1").ping())

        clustered = connect(over("redis+cluster", redis_server.url))
        for doing in (clustered.ping(), clustered.run(get("a"))):
            assert "without +cluster" in await refusal_of(doing)

    async def test_something_that_is_no_redis(self, connect: Connect) -> None:
        async with a_server_that_says(OVER_HTTP) as url:
            assert "is no Redis" in await refusal_of(connect(url).ping())

    async def test_a_redis_that_is_too_old_and_a_sentinel(self, connect: Connect) -> None:
        async with a_server_that_says(b"-ERR unknown command `HELLO`\r\n") as url:
            assert "6.2" in await refusal_of(connect(url).ping())
        hello = b"%%4\r\n+version\r\n+%b\r\n+proto\r\n:3\r\n+mode\r\n+%b\r\n+role\r\n+%b\r\n"
        async with a_server_that_says(hello % (b"6.0.16", b"standalone", b"master")) as url:
            assert "6.2" in await refusal_of(connect(url).ping())
        async with a_server_that_says(hello % (b"7.2.1", b"sentinel", b"master")) as url:
            assert "Sentinel" in await refusal_of(connect(url).ping())

    async def test_a_server_that_is_still_loading_is_away(self, connect: Connect) -> None:
        async with a_server_that_says(b"-LOADING Redis is loading the dataset in memory\r\n") as url:
            assert "loading" in await refusal_of(connect(url).ping(), RedisAway)

    async def test_a_replica_may_only_be_read(self, connect: Connect, redis_server: RedisServer) -> None:
        with RedisServer((f"replicaof {HOST} {redis_server.port}",)) as replica:
            connection = connect(replica.url)
            assert "it is a replica" in await refusal_of(connection.run(put("a", "b")))
            assert "it is a replica" in await refusal_of(connection.ping())

    async def test_no_server_at_all(self, connect: Connect, redis_server: RedisServer) -> None:
        with RedisServer() as server:
            server.kill()
            began = time.monotonic()
            assert "Connect call failed" in await refusal_of(connect(server.url).ping(), RedisAway)
            clustered = connect(over("redis+cluster", server.url))
            assert "Connect call failed" in await refusal_of(clustered.ping(), RedisAway)
            assert time.monotonic() - began < 1


class TestOutages:
    async def test_a_server_that_started_anew_is_not_noticed(self, connect: Connect, redis_server: RedisServer) -> None:
        with RedisServer() as server:
            connection = connect(server.url)
            await asyncio.gather(*(connection.run(put(f"key {number}", "x")) for number in range(8)))
            server.restart()
            assert await asyncio.gather(*(connection.run(get(f"key {number}")) for number in range(8))) == [b"x"] * 8

    async def test_connections_that_were_cut_are_opened_again(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with TcpProxy(redis_server.port) as proxy:
            connection = connect(f"redis://{HOST}:{proxy.port}", pool_size=4)
            for _ in range(5):
                await asyncio.gather(*(connection.ping() for _ in range(8)))
                proxy.cut()
            proxy.refuse()
            await refusal_of(connection.ping(), RedisAway)
            proxy.listen()
            await until_it_answers(connection)

    async def test_a_server_that_hangs_costs_no_more_than_the_time_allowed(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with RedisServer() as server:
            connection = connect(server.url, timeout=0.1, pool_size=4)
            await connection.ping()
            server.freeze()
            began = time.monotonic()
            told = await asyncio.gather(*(connection.ping() for _ in range(20)), return_exceptions=True)
            assert 0.1 <= time.monotonic() - began < 0.2
            assert {type(each) for each in told} == {RedisAway}
            assert "no answer within 0.1 s" in str(told[0])
            server.thaw()
            await until_it_answers(connection)
            await asyncio.gather(*(connection.run(get("never written"), PATIENCE) for _ in range(20)))

    async def test_opening_a_connection_may_take_longer_than_a_call(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with TcpProxy(redis_server.port, delay=0.3) as proxy:
            connection = connect(f"redis://{HOST}:{proxy.port}", timeout=0.1, pool_size=2)
            await refusal_of(connection.ping(), RedisAway)
            proxy.delay = 0
            await until_it_answers(connection)
            assert await connection.run(get("never written"), PATIENCE) is None

    async def test_connections_whose_other_end_has_gone_silently_do_not_last(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with TcpProxy(redis_server.port) as proxy:
            connection = connect(f"redis://{HOST}:{proxy.port}", timeout=0.2, pool_size=8)
            await asyncio.gather(*(connection.run(get("a"), PATIENCE) for _ in range(8)))
            proxy.forget()
            await refusal_of(connection.ping(), RedisAway)
            await until_it_answers(connection)

    async def test_what_a_server_holds_is_read_though_it_cannot_write_to_its_disk(self, connect: Connect) -> None:
        with RedisServer(("save 3600 1",)) as server:
            (server.folder / "dump.rdb").mkdir()
            connection = connect(server.url)
            await connection.run(put("a", "1"))
            await connection.close()
            server.command("BGSAVE")
            wait_until(lambda: server.command("INFO", "persistence")["rdb_last_bgsave_status"] == "err", "it failed")
            another = connect(server.url)
            await refusal_of(another.run(put("a", "2")))
            assert await another.run(get("a")) == b"1"

    async def test_a_primary_that_has_become_a_replica_is_looked_for_anew(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with RedisServer() as primary, TcpProxy(primary.port) as proxy:
            connection = connect(f"redis://{HOST}:{proxy.port}")
            await connection.run(put("a", "1"))
            primary.command("REPLICAOF", HOST, redis_server.port)
            proxy.upstream = redis_server.port  # what a name server, or a balancer, would do
            await refusal_of(connection.run(put("a", "2")))
            await connection.run(put("a", "3"))
            assert redis_server.command("GET", "a") == b"3"


class TestConnections:
    async def test_there_are_no_more_than_allowed_and_who_finds_none_waits(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with TcpProxy(redis_server.port) as proxy:
            connection = connect(f"redis://{HOST}:{proxy.port}", pool_size=3)
            await asyncio.gather(*(connection.run(get("a")) for _ in range(100)))
            assert proxy.connections <= 3

    async def test_who_waits_for_a_connection_does_so_in_the_time_allowed(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        connection = connect(redis_server.url, timeout=0.1, pool_size=2)
        busy = [asyncio.create_task(connection.run(_sleep(0.4), PATIENCE)) for _ in range(2)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        told = await refusal_of(connection.run(get("a")), RedisAway)
        assert "all 2 connections are in use" in told
        assert time.monotonic() - began < 0.2
        await asyncio.gather(*busy)
        await until_it_answers(connection)

    async def test_cancelled_calls_leave_no_answer_for_somebody_else(
        self, connect: Connect, redis_server: RedisServer, redis_prefix: str
    ) -> None:
        connection = connect(redis_server.url, pool_size=4)
        chance = random.Random(11)  # noqa: S311 - an example, no secret
        await connection.pipeline([put(f"{redis_prefix}:{number}", f"{number} " * 500) for number in range(40)])

        async def ask(number: int) -> None:
            assert await connection.run(get(f"{redis_prefix}:{number}")) == (f"{number} " * 500).encode()

        for _ in range(60):
            asking = [asyncio.create_task(ask(chance.randrange(40))) for _ in range(40)]
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(chance.choice([0, 0, 0.0002, 0.001]))
            for each in chance.sample(asking, 25):
                each.cancel()
            done = await asyncio.gather(*asking, return_exceptions=True)
            assert {type(each) for each in done} <= {type(None), asyncio.CancelledError}

    async def test_calls_that_run_out_of_time_lose_no_connection(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with TcpProxy(redis_server.port, delay=0.01) as proxy:
            connection = connect(f"redis://{HOST}:{proxy.port}", timeout=0.02, pool_size=4)
            for _ in range(20):
                await asyncio.gather(*(connection.run(get("a")) for _ in range(20)), return_exceptions=True)
            proxy.delay = 0
            await until_it_answers(connection)
            for _ in range(5):
                await asyncio.gather(*(connection.run(get("a"), PATIENCE) for _ in range(20)))

    async def test_nothing_is_left_open(self, connect: Connect, url: str) -> None:
        connection = connect(url)
        under_way = [asyncio.create_task(connection.run(get(f"key {number}"))) for number in range(10)]
        await asyncio.sleep(0)
        await connection.close()
        await asyncio.gather(*under_way, return_exceptions=True)
        await connection.close()


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[RedisCluster]:
    skip_without_redis()
    with RedisCluster(settings=("cluster-require-full-coverage no",)) as cluster:
        yield cluster


class TestCluster:
    async def test_keys_that_are_moving_and_have_moved_are_followed(
        self, connect: Connect, own_cluster: RedisCluster
    ) -> None:
        slot = key_slot(b"moving")
        source, target = _owner_and_another(own_cluster, slot)
        connection = connect(over("redis+cluster", own_cluster.url))
        await connection.run(put("{moving}:old", "1"))
        names = {each: each.command("CLUSTER", "MYID") for each in (source, target)}

        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[target])
        await connection.run(put("{moving}:new", "2"))
        assert list(await connection.read([b"{moving}:old"])) == [b"1"]
        assert await connection.pipeline([get("{moving}:new"), get("{moving}:old")]) == [b"2", b"1"]

        source.command("MIGRATE", HOST, target.port, "{moving}:old", 0, 5000)
        for each in (target, source):
            each.command("CLUSTER", "SETSLOT", slot, "NODE", names[target])
        assert list(await connection.read([b"{moving}:new", b"{moving}:old"])) == [b"2", b"1"]
        assert await connection.run(ECHO.on(b"{moving}:old", 5)) == [b"{moving}:old", b"5"]

    async def test_a_node_that_dies_is_told_and_used_again_when_it_returns(
        self, connect: Connect, own_cluster: RedisCluster
    ) -> None:
        connection = connect(over("redis+cluster", own_cluster.url))
        lost, _ = _owner_and_another(own_cluster, key_slot(b"lost"))
        await connection.run(put("lost", "1"))
        lost.command("SAVE")
        lost.kill()
        try:
            for _ in range(5):
                await refusal_of(connection.run(get("lost")), RedisAway)
            await refusal_of(connection.ping(), RedisAway)
        finally:
            lost.start()
        wait_until(own_cluster.is_whole, "the cluster is whole again")
        await until_it_answers(connection)
        assert await connection.run(get("lost")) == b"1"

    async def test_a_cluster_of_which_no_node_answers(self, connect: Connect, redis_server: RedisServer) -> None:
        with RedisServer() as one, RedisServer() as other:
            connection = connect(f"redis+cluster://{HOST}:{one.port},{HOST}:{other.port}")
            one.kill()
            other.kill()
            for _ in range(3):
                await refusal_of(connection.run(get("a")), RedisAway)


def _owner_and_another(cluster: RedisCluster, slot: int) -> tuple[RedisServer, RedisServer]:
    owner = _owner(cluster, slot)
    return owner, next(each for each in cluster.nodes if each is not owner)


def _owner(cluster: RedisCluster, slot: int) -> RedisServer:
    """Ask each node for the slot: who has it does not send us elsewhere."""
    key = next(b"%d" % number for number in count() if key_slot(b"%d" % number) == slot)
    return next(each for each in cluster.nodes if _has(each, key))


def _has(node: RedisServer, key: bytes) -> bool:
    try:
        node.command("EXISTS", key)
    except MovedError:
        return False
    return True


def _sleep(seconds: float) -> Command:
    return Command(("BLPOP", "nothing comes here", seconds), b"nothing comes here")

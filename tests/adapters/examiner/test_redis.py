"""What a Redis is found to be: real ones, each with something that is not as it should be."""

import time
from collections.abc import Sequence
from urllib.parse import quote

import pytest
from attrs import frozen

from adapters.redis_rights import least_rights
from domain.clock import Clock
from domain.examination import Finding, Judgement
from tests.adapters.examiner.conftest import Examine
from tests.redis_servers import HOST, RedisCluster, RedisServer, wait_until
from tests.tcp_proxy import CERTIFICATE, TcpProxy

SOUND = ("appendonly yes", "maxmemory 1200mb", "maxmemory-policy volatile-lru")
EVERYTHING = [
    *("server", "rights", "writes", "memory", "persistence"),
    *("replicas", "connections", "latency", "clock"),
]

pytestmark = pytest.mark.usefixtures("redis_server")


@frozen
class ShiftedClock(Clock):
    """Is so many seconds behind the system's."""

    behind: float

    def now(self) -> float:
        return time.time() - self.behind

    def monotonic(self) -> float:
        return time.monotonic()


def judged(found: dict[str, Finding], judgement: Judgement) -> list[str]:
    return [subject for subject, each in found.items() if each.judgement is judgement]


async def test_one_that_suits_us_is_found_sound(examine: Examine) -> None:
    with RedisServer(SOUND) as server:
        found = await examine(server.url)

    assert list(found) == EVERYTHING
    assert judged(found, Judgement.OK) == EVERYTHING
    assert found["server"].found.startswith("Redis ")
    assert found["persistence"].found == "append-only file"


async def test_one_as_it_comes_out_of_the_box_has_no_limit_and_keeps_snapshots_only(examine: Examine) -> None:
    with RedisServer(("save 3600 1",)) as server:
        found = await examine(server.url)

    assert judged(found, Judgement.ADVICE) == ["memory", "persistence"]
    assert found["memory"].remedy.startswith("set maxmemory to 1193mb or more")
    assert found["persistence"].found == "snapshots only (3600 1)"
    assert "appendonly yes" in found["persistence"].remedy


class TestServer:
    async def test_one_that_does_not_run(self, examine: Examine) -> None:
        server = RedisServer()
        server.stop()

        (finding,) = (await examine(server.url)).values()

        assert (finding.subject, finding.judgement) == ("server", Judgement.WRONG)
        assert f"Connect call failed ('127.0.0.1', {server.port})" in finding.found
        assert "REDIS_URL" in finding.remedy

    async def test_one_that_hangs(self, examine: Examine) -> None:
        with RedisServer() as server:
            server.freeze()
            (finding,) = (await examine(server.url, within=0.1)).values()

        assert (finding.found, finding.judgement) == ("no answer within 2 s", Judgement.WRONG)

    @pytest.mark.parametrize("named", ["alice:s3cr3t-word@", ":s3cr3t-word@", ""])
    async def test_the_wrong_password_or_none(self, examine: Examine, named: str) -> None:
        with RedisServer(password="letmein") as server:
            (finding,) = (await examine(f"redis://{named}{HOST}:{server.port}/0")).values()

        assert (finding.subject, finding.judgement) == ("server", Judgement.WRONG)
        assert "REDIS_URL names both, or should" in finding.remedy
        assert "s3cr3t-word" not in finding.found + finding.remedy

    async def test_a_database_that_is_not_there(self, examine: Examine) -> None:
        with RedisServer() as server:
            (finding,) = (await examine(f"redis://{HOST}:{server.port}/77")).values()

        assert finding.found == "DB index is out of range"
        assert finding.remedy == "there is no database 77: REDIS_URL must end in the number of one that there is"

    async def test_a_replica(self, examine: Examine) -> None:
        with RedisServer() as master, RedisServer((f"replicaof {HOST} {master.port}",)) as replica:
            (finding,) = (await examine(replica.url)).values()

        assert finding.found == "it is a replica, which may only be read"
        assert finding.remedy == "REDIS_URL must name the primary"

    async def test_a_cluster_behind_the_address_of_a_single_server(
        self, examine: Examine, redis_cluster: RedisCluster
    ) -> None:
        (finding,) = (await examine(redis_cluster.url)).values()

        assert finding.found == "it is part of a Redis Cluster"
        assert "REDIS_URL must begin with redis+cluster://" in finding.remedy

    async def test_a_single_server_behind_the_address_of_a_cluster(
        self, examine: Examine, redis_server: RedisServer
    ) -> None:
        (finding,) = (await examine(redis_server.url.replace("redis:", "redis+cluster:"))).values()

        assert finding.judgement is Judgement.WRONG
        assert finding.remedy.endswith("REDIS_URL must begin without +cluster")

    async def test_a_cluster(self, examine: Examine, redis_cluster: RedisCluster, redis_prefix: str) -> None:
        found = await examine(redis_cluster.url.replace("redis:", "redis+cluster:"), redis_prefix)

        assert list(found) == EVERYTHING
        assert found["server"].found.endswith(", a cluster of 3 primaries, as default")
        assert found["writes"].judgement is Judgement.OK

    async def test_by_way_of_tls(self, examine: Examine, redis_server: RedisServer) -> None:
        with TcpProxy(redis_server.port, tls=True) as proxy:
            options = f"?ssl_ca_certs={quote(str(CERTIFICATE))}"
            found = await examine(f"rediss://{HOST}:{proxy.port}/0{options}")
            refused = await examine(f"rediss://{HOST}:{proxy.port}/0")

        assert found["server"].found.endswith(", as default, TLS")
        assert "CERTIFICATE_VERIFY_FAILED" in refused["server"].found


class TestRights:
    async def test_what_a_user_may_not_do_is_named_with_the_rule_to_give(self, examine: Examine) -> None:
        rights = least_rights("ragboost").replace("+hset ", "").replace("+xadd ", "")
        with RedisServer((f"user worker on >wonder {rights}",)) as server:
            found = await examine(server.url.replace("//", "//worker:wonder@"))

        assert found["rights"].found == "worker may not: HSET, XADD"
        assert found["rights"].remedy == f"ACL SETUSER worker {least_rights('ragboost')}"
        assert found["rights"].judgement is Judgement.WRONG
        assert "writes" not in found

    async def test_a_user_with_the_least_rights_lacks_none_and_hides_little(self, examine: Examine) -> None:
        with RedisServer((f"user worker on >wonder {least_rights('ragboost')}",)) as server:
            found = await examine(server.url.replace("//", "//worker:wonder@"))

        assert found["rights"].judgement is found["writes"].judgement is Judgement.OK
        assert judged(found, Judgement.UNKNOWN) == ["persistence"]
        assert "may not see whether there are snapshots" in found["persistence"].found

    async def test_whoever_may_not_even_ask_how_it_is_hears_that(self, examine: Examine) -> None:
        with RedisServer((f"user worker on >wonder {least_rights('ragboost').replace('+info ', '')}",)) as server:
            (finding,) = (await examine(server.url.replace("//", "//worker:wonder@"))).values()

        assert "ACL SETUSER worker +info" in finding.remedy

    async def test_nothing_is_left_behind(self, examine: Examine, redis_server: RedisServer, redis_prefix: str) -> None:
        await examine(redis_server.url, redis_prefix)

        wait_until(lambda: not redis_server.command("KEYS", f"{{{redis_prefix}:*"), "what was tried is gone")


class TestMemory:
    @pytest.mark.parametrize(
        ("settings", "judgement"),
        [
            (("maxmemory 1200mb", "maxmemory-policy noeviction"), Judgement.OK),
            (("maxmemory 1200mb", "maxmemory-policy volatile-ttl"), Judgement.OK),
            (("maxmemory 1000mb", "maxmemory-policy volatile-lru"), Judgement.ADVICE),
            (("maxmemory 1000mb", "maxmemory-policy noeviction"), Judgement.WRONG),
            (("maxmemory 500mb", "maxmemory-policy volatile-lru"), Judgement.WRONG),
            (("maxmemory 4gb", "maxmemory-policy allkeys-lru"), Judgement.WRONG),
            (("maxmemory 0", "maxmemory-policy volatile-lru"), Judgement.ADVICE),
        ],
    )
    async def test_there_must_be_room_and_only_answers_may_be_evicted(
        self, examine: Examine, settings: Sequence[str], judgement: Judgement
    ) -> None:
        with RedisServer(settings) as server:
            memory = (await examine(server.url))["memory"]

        assert memory.judgement is judgement
        assert bool(memory.remedy) == (judgement is not Judgement.OK)

    async def test_the_remedy_says_what_would_fit(self, examine: Examine) -> None:
        with RedisServer(("maxmemory 500mb", "maxmemory-policy volatile-lru")) as server:
            memory = (await examine(server.url))["memory"]

        assert "set maxmemory to 1193mb or more, or RAGBOOST_ANSWER_CACHE_SIZE_MB to 419 or less" in memory.remedy

    async def test_one_that_is_full_refuses(self, examine: Examine) -> None:
        with RedisServer(("maxmemory-policy noeviction",)) as server:
            server.command("SET", "a", "x" * 2_500_000)
            server.command("CONFIG", "SET", "maxmemory", "3mb")
            found = await examine(server.url, size=1_000)

        assert judged(found, Judgement.WRONG) == ["writes", "memory", "persistence"]
        assert found["writes"].found == "command not allowed when used memory > 'maxmemory'."
        assert "raise its maxmemory" in found["writes"].remedy
        assert "it is full" in found["memory"].found

    async def test_of_too_little_it_says_no_smaller_size_than_there_can_be(self, examine: Examine) -> None:
        with RedisServer(("maxmemory 1mb",)) as server:
            assert "RAGBOOST_ANSWER_CACHE_SIZE_MB" not in (await examine(server.url))["memory"].remedy


class TestPersistence:
    async def test_nothing_is_kept(self, examine: Examine) -> None:
        with RedisServer() as server:
            persistence = (await examine(server.url))["persistence"]

        assert (persistence.found, persistence.judgement) == ("nothing is kept on disk", Judgement.WRONG)

    async def test_a_disk_that_failed(self, examine: Examine) -> None:
        with RedisServer(("appendonly yes",)) as server:
            (server.folder / "dump.rdb").mkdir()
            server.command("BGSAVE")
            wait_until(lambda: server.command("INFO", "persistence")["rdb_last_bgsave_status"] == "err", "it failed")
            persistence = (await examine(server.url))["persistence"]

        assert (persistence.found, persistence.judgement) == ("the last write to its disk failed", Judgement.WRONG)

    async def test_one_that_takes_nothing_because_its_disk_failed(self, examine: Examine) -> None:
        with RedisServer(("save 3600 1",)) as server:
            (server.folder / "dump.rdb").mkdir()
            server.command("SET", "a", "b")
            server.command("BGSAVE")
            wait_until(lambda: server.command("INFO", "persistence")["rdb_last_bgsave_status"] == "err", "it failed")
            found = await examine(server.url)

        assert list(found) == ["server"]
        assert "cannot write to its disk" in found["server"].remedy

    async def test_one_that_wants_replicas_takes_nothing_without_them(self, examine: Examine) -> None:
        with RedisServer(("min-replicas-to-write 1",)) as server:
            writes = (await examine(server.url))["writes"]

        assert writes.judgement is Judgement.WRONG
        assert "min-replicas-to-write" in writes.remedy


class TestReplicas:
    async def test_one_in_step(self, examine: Examine) -> None:
        with RedisServer() as master, RedisServer((f"replicaof {HOST} {master.port}",)):
            wait_until(lambda: master.command("WAIT", 1, 100), "the replica is in step")
            replicas = (await examine(master.url))["replicas"]

        assert replicas.judgement is Judgement.OK
        assert replicas.found.startswith("1, up to ")

    async def test_one_that_is_behind(self, examine: Examine) -> None:
        with RedisServer() as master, RedisServer((f"replicaof {HOST} {master.port}",)) as replica:
            wait_until(lambda: master.command("WAIT", 1, 100), "the replica is in step")
            replica.freeze()
            for _ in range(12):
                master.command("SET", "a", "x" * 1_000_000)
            replicas = (await examine(master.url))["replicas"]

        assert replicas.judgement is Judgement.ADVICE
        assert "a failover loses what they have not got" in replicas.remedy


class TestTheWay:
    async def test_connections_may_run_out(self, examine: Examine) -> None:
        with RedisServer(("maxclients 20",)) as server:
            connections = (await examine(server.url, pool_size=64))["connections"]

        assert connections.judgement is Judgement.ADVICE
        assert "RAGBOOST_REDIS_POOL_SIZE" in connections.remedy

    async def test_answers_may_take_too_long(self, examine: Examine, redis_server: RedisServer) -> None:
        with TcpProxy(redis_server.port, delay=0.02) as proxy:
            url = f"redis://{HOST}:{proxy.port}/0"
            latency = (await examine(url, within=0.06))["latency"]
            patient = (await examine(url, within=5.0))["latency"]

        assert latency.judgement is Judgement.WRONG
        assert "RAGBOOST_REDIS_TIMEOUT: what takes more than 15.0 ms is a failure" in latency.remedy
        assert patient.judgement is Judgement.OK

    @pytest.mark.parametrize(
        ("behind", "judgement"),
        [(0.2, Judgement.OK), (2.0, Judgement.ADVICE), (-2.0, Judgement.ADVICE), (6.0, Judgement.WRONG)],
    )
    async def test_clocks_must_agree(
        self, examine: Examine, redis_server: RedisServer, behind: float, judgement: Judgement
    ) -> None:
        clock = (await examine(redis_server.url, clock=ShiftedClock(behind)))["clock"]

        assert clock.judgement is judgement
        assert clock.found == f"{abs(behind):.1f} s {'ahead of' if behind > 0 else 'behind'} this machine's"

"""What is Redis's own: values that others wrote, servers that hang or are full, and users who may do little."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from adapters.answer_cache import redis_tallies
from adapters.answer_cache.redis import RedisAnswerCache
from adapters.answer_cache.redis_buckets import BUCKETS, Buckets, bucket_of, member_of, name_of
from adapters.answer_cache.redis_survey import FIRST_LOOK
from adapters.answer_cache.redis_values import HEAD, IDENTITY, MARK
from adapters.redis_address import parse_address
from adapters.redis_connection import RedisConnection
from adapters.redis_rights import least_rights
from domain.caching import AnswerCacheUnavailable, Lifetime, StoredAnswer
from domain.catalogue import Holdings, Selection
from domain.questions import Fingerprint
from tests.builders import a_completion, a_stored_answer
from tests.redis_servers import HOST, PATIENCE, RedisCluster, RedisServer
from tests.tcp_proxy import CERTIFICATE, TcpProxy

NOW = 1_000_000.0
Connect = Callable[..., RedisAnswerCache]


def a_name(number: int) -> Fingerprint:
    """Give names that are spread over all buckets, as digests are."""
    return Fingerprint(random.Random(number).randbytes(32).hex())  # noqa: S311 - an example, no secret


def an_answer(number: int = 1, text: str = "An answer.", **fields: Any) -> StoredAnswer:
    return a_stored_answer(fingerprint=a_name(number), completion=a_completion(text), **fields)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    caches: list[tuple[RedisAnswerCache, RedisConnection]] = []

    def connect(url: str, prefix: str = "ragboost", **options: Any) -> RedisAnswerCache:
        connection = RedisConnection(parse_address(url), prefix, **{"timeout": PATIENCE, **options})
        caches.append((RedisAnswerCache(connection), connection))
        return caches[-1][0]

    yield connect
    for cache, connection in caches:
        await cache.close()
        await connection.close()


@pytest.fixture
def cache(connect: Connect, redis_server: RedisServer, redis_prefix: str) -> RedisAnswerCache:
    return connect(redis_server.url, redis_prefix)


@pytest.fixture
def key(redis_prefix: str) -> Callable[[int], bytes]:
    return lambda number: Buckets(redis_prefix).entry(member_of(a_name(number)))


async def held(cache: RedisAnswerCache, numbers: Sequence[int]) -> list[int]:
    found = await cache.get([a_name(each) for each in numbers])
    return [each for each in numbers if a_name(each) in found]


class TestNames:
    def test_names_come_back_and_keep_their_order_in_their_buckets(self) -> None:
        names = sorted(a_name(number) for number in range(2_000))
        members = [member_of(each) for each in names]
        assert members == sorted(members)
        assert [name_of(each) for each in members] == names
        assert [bucket_of(each) for each in members] == sorted(bucket_of(each) for each in members)
        assert {bucket_of(each) for each in members} == set(range(BUCKETS))

    @pytest.mark.parametrize("odd", ["", " ", "A" * 64, "g" * 64, "00" * 31, " " * 64, "ü", "\ud83d", "0" * 65])
    def test_what_is_no_fingerprint_is_never_taken_for_one(self, odd: str) -> None:
        assert len(member_of(Fingerprint(odd))) != len(member_of(a_name(1)))
        assert name_of(member_of(Fingerprint(odd))) == odd


class TestValues:
    @pytest.mark.parametrize("place", [0, 2, IDENTITY - 1, 30, -1])
    async def test_a_damaged_value_is_a_miss_and_is_removed_with_all_that_lists_it(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes], place: int
    ) -> None:
        await cache.put([an_answer(1), an_answer(2)])
        value = bytearray(redis_server.command("GET", key(1)))
        value[place] ^= 1
        redis_server.command("SET", key(1), bytes(value))

        assert await held(cache, [1, 2]) == [2]
        assert redis_server.command("EXISTS", key(1)) == 0
        assert list(await cache.page(None, 9)) == [a_name(2)]
        assert (await cache.measure()).entries == 1

    @pytest.mark.parametrize("junk", [b"", b"x", b"junk that somebody wrote", MARK, MARK + b"\x00" + b"old" * 20, HEAD])
    async def test_junk_and_older_values_are_removed(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes], junk: bytes
    ) -> None:
        redis_server.command("SET", key(1), junk)
        assert await held(cache, [1]) == []
        assert redis_server.command("EXISTS", key(1)) == 0

    async def test_a_newer_value_is_a_miss_and_stays_until_it_is_replaced(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes]
    ) -> None:
        newer = MARK + bytes([HEAD[1] + 1]) + b"what a later release makes of it"
        await cache.put([an_answer(1)])
        redis_server.command("SET", key(1), newer)

        await cache.touch(a_name(1), NOW)
        assert await held(cache, [1]) == []
        await cache.measure()
        assert redis_server.command("GET", key(1)) == newer

        await cache.put([an_answer(1)])
        assert await held(cache, [1]) == [1]

    async def test_the_value_of_another_entry_is_a_miss(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes]
    ) -> None:
        await cache.put([an_answer(1)])
        redis_server.command("SET", key(2), redis_server.command("GET", key(1)))
        assert await held(cache, [1, 2]) == [1]
        assert redis_server.command("EXISTS", key(2)) == 0

    async def test_a_key_of_another_type_is_a_miss_and_can_be_replaced(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes]
    ) -> None:
        redis_server.command("RPUSH", key(1), "a")
        assert await held(cache, [1]) == []
        await cache.touch(a_name(1), NOW)
        await cache.measure()
        await cache.put([an_answer(1)])
        assert await held(cache, [1]) == [1]


class TestHousekeeping:
    async def test_redis_forgets_a_while_after_its_death_and_hits_do_not_change_that(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes]
    ) -> None:
        await cache.put([an_answer(1, lifetime=Lifetime(100, 20, 50)), an_answer(2, lifetime=Lifetime(1e300))])
        assert 3_740_000 < redis_server.command("PTTL", key(1)) <= 3_750_000
        assert redis_server.command("PTTL", key(2)) > 0

        await cache.touch(a_name(1), NOW)
        await cache.measure()
        assert 3_740_000 < redis_server.command("PTTL", key(1)) <= 3_750_000

    async def test_hits_reach_redis_within_a_second_and_survive_the_worker(
        self, cache: RedisAnswerCache, connect: Connect, redis_server: RedisServer, redis_prefix: str
    ) -> None:
        await cache.put([an_answer(1)])
        other = connect(redis_server.url, redis_prefix)
        for _ in range(3):
            await cache.touch(a_name(1), NOW + 5)
        await asyncio.sleep(redis_tallies.TELL_AFTER + 0.3)
        found = (await other.get([a_name(1)]))[a_name(1)]
        assert (found.accesses, found.accessed_at) == (3, NOW + 5)

        await cache.touch(a_name(1), NOW + 6)
        await cache.close()
        assert (await other.get([a_name(1)]))[a_name(1)].accesses == 4
        assert (await other.measure("acme")).accesses == 4

    async def test_what_redis_has_forgotten_by_itself_is_unlisted_when_it_is_missed(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes]
    ) -> None:
        await cache.put([an_answer(1, tags=("a",)), an_answer(2, tags=("a",))])
        redis_server.command("DEL", key(1))
        assert sorted(await cache.select(Selection("acme", tag="a"))) == sorted([a_name(1), a_name(2)])

        assert await held(cache, [1, 2]) == [2]
        assert (await cache.measure("acme")).entries == 1
        assert list(await cache.select(Selection("acme", tag="a"))) == [a_name(2)]
        assert list(await cache.page(None, 9)) == [a_name(2)]

    async def test_what_redis_has_forgotten_by_itself_is_unlisted_when_room_is_made(
        self, cache: RedisAnswerCache, redis_server: RedisServer, key: Callable[[int], bytes]
    ) -> None:
        await cache.put([an_answer(number, accessed_at=NOW + number) for number in range(40)])
        for number in range(20):
            redis_server.command("DEL", key(number))

        assert list(await cache.expendable(NOW, 1)) == [a_name(20)]
        assert await cache.measure() == await cache.measure("acme")
        assert (await cache.measure("acme")).entries == 20

    async def test_more_is_looked_at_when_the_idlest_do_not_suffice(self, cache: RedisAnswerCache) -> None:
        names = [Fingerprint(f"{number:064x}") for number in range(3 * FIRST_LOOK)]
        lonely = Fingerprint("f" * 64)
        await cache.put([a_stored_answer(fingerprint=name, accessed_at=NOW + at) for at, name in enumerate(names)])
        await cache.put([a_stored_answer(fingerprint=lonely, accessed_at=NOW + 1.5)])
        assert list(await cache.expendable(NOW, 10**9)) == [*names[:2], lonely, *names[2:]]
        each = (await cache.measure()).size // (len(names) + 1)
        assert list(await cache.expendable(NOW, 70 * each)) == [*names[:2], lonely, *names[2:69]]

    async def test_nothing_is_left_of_what_was_removed(
        self, cache: RedisAnswerCache, redis_server: RedisServer, redis_prefix: str
    ) -> None:
        await cache.put([an_answer(number, tags=("a", "b"), tenant="ü") for number in range(100)])
        await cache.remove([a_name(number) for number in range(100)])
        assert redis_server.command("KEYS", f"{{{redis_prefix}*") == []

    async def test_totals_of_another_worker_are_known_within_a_second(
        self, cache: RedisAnswerCache, connect: Connect, redis_server: RedisServer, redis_prefix: str
    ) -> None:
        await cache.put([an_answer(1)])
        await cache.measure()
        other = connect(redis_server.url, redis_prefix)
        await other.put([an_answer(number) for number in (1, 2, 3)])
        await cache.put([an_answer(4)])
        await asyncio.sleep(redis_tallies.KNOWN_FOR)
        assert (await cache.measure()).entries == (await other.measure()).entries == 4

    async def test_a_thousand_entries_in_all_buckets(self, cache: RedisAnswerCache) -> None:
        answers = [an_answer(number, tags=(f"t{number % 7}",), stored_at=NOW + number) for number in range(1_000)]
        await cache.put(answers)
        names = [each.fingerprint for each in answers]

        assert dict(await cache.get(names)) == {each.fingerprint: each for each in answers}
        assert (await cache.measure()).entries == 1_000
        assert sorted(await cache.select(Selection("acme", tag="t3"))) == sorted(names[3::7])
        assert sorted(await cache.select(Selection("acme", stored_before=NOW + 500))) == sorted(names[:500])
        pages: list[Fingerprint] = []
        while page := await cache.page(pages[-1] if pages else None, 64):
            pages += page
        assert pages == sorted(names)

        await cache.remove(names[::2])
        assert await cache.measure("acme") == await cache.measure()
        assert (await cache.measure()).entries == 500

    async def test_memory_is_told(self, cache: RedisAnswerCache) -> None:
        told = await cache.memory()
        assert told.used > 500_000
        assert (told.limit, told.policies) == (0, {"noeviction"})
        assert told.fragmentation > 0


class TestConcurrency:
    async def test_cancelled_questions_get_nobody_elses_answer(
        self, connect: Connect, redis_server: RedisServer, redis_prefix: str
    ) -> None:
        cache = connect(redis_server.url, redis_prefix, pool_size=4)
        await cache.put([an_answer(number, f"{number} " * 300) for number in range(40)])
        chance = random.Random(7)  # noqa: S311 - an example, no secret

        async def ask(number: int) -> None:
            found = await cache.get([a_name(number)])
            assert found[a_name(number)].completion.text == f"{number} " * 300

        for _ in range(80):
            asking = [asyncio.create_task(ask(chance.randrange(40))) for _ in range(40)]
            for _ in range(chance.randrange(5)):
                await asyncio.sleep(chance.choice([0, 0, 0.0002, 0.001]))
            for each in chance.sample(asking, 25):
                each.cancel()
            done = await asyncio.gather(*asking, return_exceptions=True)
            assert {type(each) for each in done} <= {type(None), asyncio.CancelledError}
        await asyncio.gather(*(ask(number) for number in range(40)))

    async def test_cancelled_writes_leave_whole_entries_with_true_lists(
        self, cache: RedisAnswerCache, connect: Connect, redis_server: RedisServer, redis_prefix: str
    ) -> None:
        chance = random.Random(8)  # noqa: S311 - an example, no secret
        for turn in range(30):
            doing = [
                asyncio.create_task(
                    cache.remove([a_name(number)])
                    if chance.random() < 0.3
                    else cache.put([an_answer(number, f"{number} in {turn}", tags=(f"t{number % 3}",))])
                )
                for number in chance.choices(range(30), k=20)
            ]
            await asyncio.sleep(chance.choice([0, 0.0005, 0.002]))
            for each in chance.sample(doing, 10):
                each.cancel()
            await asyncio.gather(*doing, return_exceptions=True)
        await asyncio.sleep(0.1)

        witness = connect(redis_server.url, redis_prefix)
        names = list(await witness.page(None, 99))
        assert sorted(await witness.get(names)) == names
        assert (await witness.measure()).entries == len(names) == len(await witness.select(Selection("acme")))
        tagged = [await witness.select(Selection("acme", tag=f"t{number}")) for number in range(3)]
        assert sorted(name for each in tagged for name in each) == names

    async def test_questions_of_one_moment_are_asked_together(
        self, cache: RedisAnswerCache, redis_server: RedisServer
    ) -> None:
        await cache.put([an_answer(number) for number in range(32)])
        before = _calls_of(redis_server, "mget")
        await asyncio.gather(*(cache.get([a_name(number)]) for number in range(32)))
        assert _calls_of(redis_server, "mget") == before + 1

    async def test_many_questions_over_few_connections_all_get_theirs(
        self, connect: Connect, redis_server: RedisServer, redis_prefix: str
    ) -> None:
        with TcpProxy(redis_server.port, delay=0.005) as proxy:
            cache = connect(f"redis://{HOST}:{proxy.port}", redis_prefix, pool_size=2)
            await asyncio.gather(*(cache.put([an_answer(number)]) for number in range(60)))
            assert await held(cache, range(60)) == list(range(60))
            assert proxy.connections <= 2


class TestOutages:
    async def test_a_killed_server_is_told_and_one_that_returns_is_used(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with RedisServer() as server:
            cache = connect(server.url)
            await cache.put([an_answer(1)])
            server.command("SAVE")
            server.kill()
            for doing in (cache.get([a_name(1)]), cache.put([an_answer(2)]), cache.remove([a_name(1)]), cache.ping()):
                with pytest.raises(AnswerCacheUnavailable):
                    await doing
            await cache.touch(a_name(1), NOW + 1)
            server.start()
            await _until_it_answers(cache)
            found = (await cache.get([a_name(1)]))[a_name(1)]
            assert found.accesses == 1
            assert (await cache.measure("acme")).accesses == 1

    async def test_scripts_are_sent_again_to_a_server_that_has_forgotten_them(
        self, cache: RedisAnswerCache, redis_server: RedisServer
    ) -> None:
        for number in range(3):
            redis_server.command("SCRIPT", "FLUSH")
            await cache.put([an_answer(number), an_answer(number + 10)])
        assert await held(cache, [0, 1, 2, 10, 11, 12]) == [0, 1, 2, 10, 11, 12]

    async def test_a_server_that_hangs_costs_no_more_than_the_time_allowed(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with RedisServer() as server:
            cache = connect(server.url, timeout=0.1)
            await cache.get([a_name(1)])
            server.freeze()
            began = time.monotonic()
            told = await asyncio.gather(*(cache.get([a_name(each)]) for each in range(50)), return_exceptions=True)
            assert {type(each) for each in told} == {AnswerCacheUnavailable}
            assert time.monotonic() - began < 0.25
            server.thaw()
            await _until_it_answers(cache)

    async def test_a_full_server_refuses_to_write_and_is_read_all_the_same(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with RedisServer(("maxmemory 3mb", "maxmemory-policy noeviction")) as server:
            cache = connect(server.url)
            await cache.put([an_answer(0, tags=("first",))])
            await cache.ping()
            with pytest.raises(AnswerCacheUnavailable, match="maxmemory"):
                for number in range(1, 2_000):
                    await cache.put([an_answer(number, "x" * 5_000)])
            with pytest.raises(AnswerCacheUnavailable, match="maxmemory"):
                await cache.put([an_answer(0, "y" * 100_000)])
            with pytest.raises(AnswerCacheUnavailable, match="maxmemory"):
                await cache.ping()

            assert (await cache.get([a_name(0)]))[a_name(0)] == an_answer(0, tags=("first",))
            assert list(await cache.select(Selection("acme", tag="first"))) == [a_name(0)]
            names = await cache.page(None, 5_000)
            assert (await cache.measure("acme")).entries == len(names)
            await cache.remove(names)
            await cache.put([an_answer(1)])
            await cache.ping()

    async def test_a_server_that_evicts_by_itself_is_healed(self, connect: Connect, redis_server: RedisServer) -> None:
        with RedisServer(("maxmemory 4mb", "maxmemory-policy volatile-lru")) as server:
            cache = connect(server.url)
            for number in range(1_500):
                await cache.put([an_answer(number, "x" * 4_000, accessed_at=NOW + number)])
            assert (await cache.memory()).evicted > 0
            there = len(await held(cache, range(1_500)))
            assert 0 < there < 1_500
            assert (await cache.measure("acme")).entries == there
            assert len(await cache.page(None, 5_000)) == there


class TestUsers:
    async def test_a_user_with_the_least_rights_may_do_all(self, connect: Connect, redis_server: RedisServer) -> None:
        with RedisServer((f"user worker on >wonder {least_rights('ragboost')}",)) as server:
            cache = connect(server.url.replace("//", "//worker:wonder@"))
            await _use_everything(cache)

    async def test_in_a_cluster_it_may_also_ask_who_has_what(self, connect: Connect, redis_server: RedisServer) -> None:
        rights = f"user worker on >wonder {least_rights('ragboost', in_cluster=True)}"
        with RedisCluster(settings=(rights,)) as cluster:
            cache = connect(cluster.url.replace("redis://", "redis+cluster://worker:wonder@"))
            await _use_everything(cache)

    async def test_without_one_of_these_rights_something_is_refused_and_named(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        for right in ("+mget", "+evalsha"):
            with RedisServer((f"user worker on >wonder {least_rights('ragboost').replace(right, '')}",)) as server:
                cache = connect(server.url.replace("//", "//worker:wonder@"))
                with pytest.raises(AnswerCacheUnavailable, match=rf"ACL SETUSER worker \{right}"):
                    await _use_everything(cache)

    async def test_a_wrong_password_is_told_without_being_repeated(
        self, connect: Connect, redis_server: RedisServer
    ) -> None:
        with RedisServer(password="letmein") as server:
            cache = connect(server.url.replace("letmein", "s3cr3t-word"))
            with pytest.raises(AnswerCacheUnavailable, match="REDIS_URL") as caught:
                await cache.ping()
            assert "s3cr3t-word" not in str(caught.value)

    async def test_tls(self, connect: Connect, redis_server: RedisServer, redis_prefix: str) -> None:
        with TcpProxy(redis_server.port, tls=True) as proxy:
            cache = connect(f"rediss://{HOST}:{proxy.port}/0?ssl_ca_certs={CERTIFICATE}", redis_prefix)
            await _use_everything(cache)


class TestCluster:
    async def test_no_command_crosses_slots_and_every_node_has_its_share(
        self, connect: Connect, redis_cluster: RedisCluster, redis_prefix: str
    ) -> None:
        cache = connect(redis_cluster.url.replace("redis:", "redis+cluster:"), redis_prefix)
        await _use_everything(cache)
        answers = [an_answer(number) for number in range(300)]
        await cache.put(answers)
        assert len(await cache.get([each.fingerprint for each in answers])) == 300
        shares = Counter[int]()
        for place, node in enumerate(redis_cluster.nodes):
            shares[place] = len(node.command("KEYS", f"{{{redis_prefix}:*answer:*"))
        assert sum(shares.values()) == 300
        assert min(shares.values()) > 30


async def _use_everything(cache: RedisAnswerCache) -> None:
    await cache.ping()
    answers = [an_answer(number, tags=("a",), tenant="acme") for number in range(20)]
    await cache.put(answers)
    await cache.put(answers[:5])
    assert len(await cache.get([each.fingerprint for each in answers])) == 20
    await cache.get([a_name(99)])
    await cache.touch(a_name(0), NOW + 1)
    assert (await cache.measure("acme")).accesses == 1
    assert (await cache.measure()).entries == 20
    assert len(await cache.select(Selection("acme", tag="a", stored_before=NOW + 1))) == 20
    assert len(await cache.select(Selection("acme"))) == 20
    assert len(await cache.page(None, 100)) == 20
    assert len(await cache.expendable(NOW, 10**9)) == 20
    await cache.memory()
    await cache.remove([each.fingerprint for each in answers])
    assert await cache.measure("acme") == Holdings()


async def _until_it_answers(cache: RedisAnswerCache) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await cache.ping()
            except AnswerCacheUnavailable:
                await asyncio.sleep(0.05)
            else:
                return


def _calls_of(server: RedisServer, command: str) -> int:
    told: dict[str, Any] = server.command("INFO", "commandstats")
    found: int = told.get(f"cmdstat_{command}", {"calls": 0})["calls"]
    return found

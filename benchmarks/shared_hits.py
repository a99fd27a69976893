"""How many exact hits a second out of Redis, beside a bare handler that gets the same entry; and what workers share."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from attrs import evolve, frozen
from exact_hit import compare, remember
from figures import Effort, Figure, ratios
from filling import question, stored
from load import Asking, Load, write_bodies
from processes import megabytes
from progress import steps
from questions import answered, asked
from service import ALL_CORES, CLIENT_CORES, Plain, Service

from adapters.answer_cache.redis import RedisAnswerCache
from adapters.redis_address import parse_address
from adapters.redis_connection import RedisConnection
from tests.redis_servers import RedisServer
from tests.upstream import ScriptedUpstream, openai_answer

QUESTIONS, CONNECTIONS = 100, 32
WITHOUT_LAYER, WITH_LAYER = 0.75, 0.95
BATCH, BATCHED = 256, 5.0
TWO_WORKERS = 1.8
FEW, MANY, GROWTH = 1_000, 100_000, 1.1


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Measure one worker with and without its memory layer, two workers, batches, and a hundred times as much."""
    with RedisServer() as redis, ScriptedUpstream() as upstream:
        upstream.answer(lambda request: openai_answer([answered(request.question)]))
        bodies = write_bodies(folder / "bodies", map(asked, range(QUESTIONS)))
        asking = Asking(bodies, CONNECTIONS)
        place = Place(folder, redis, upstream.url)
        return [
            *without_layer(place, asking, effort),
            *with_layer(place, asking, effort),
            *two_workers(place, asking, effort),
            *asyncio.run(batches(redis, effort)),
            *growth(place, effort),
        ]


@frozen
class Place:
    """Where services keep what they have."""

    folder: Path
    redis: RedisServer
    upstream: str

    def service(self, name: str, hot_mb: int, **settings: object) -> Service:
        """Give a service over Redis, and nothing else."""
        chosen = {
            "answer_cache_kind": "redis",
            "answer_cache_hot_mb": hot_mb,
            "REDIS_URL": self.redis.url,
            "redis_prefix": "bench",
            "redis_timeout": 2,  # with so much else on two cores it may be late; that is not the question here
            "semantic_enabled": False,
            **settings,
        }
        return Service(self.folder / name, self.upstream, chosen)


def without_layer(place: Place, asking: Asking, effort: Effort) -> list[Figure]:
    """Compare with a handler that does one GET."""
    with place.service("bare", 0) as service:
        sample = place.folder / "response.json"
        sample.write_bytes(remember(service))
        key = entry_key(place.redis)
        with Plain("floor_redis.py", [str(sample), place.redis.url, key]) as floor:
            rounds = compare(floor, service, asking, effort)
    bare, ours = [each.bare.rate for each in rounds], [each.ours.rate for each in rounds]
    cheap, dear = [each.bare.cost for each in rounds], [each.ours.cost for each in rounds]
    return [
        Figure("Redis only", "of the requests a second of a bare handler with one GET", "", ratios(ours, bare),
               at_least=WITHOUT_LAYER),
        Figure("Redis only", "the same by processor time", "", ratios(cheap, dear)),
        Figure("Redis only", "a bare handler with one GET", "requests/s", bare),
        Figure("Redis only", f"RAGBoost, {CONNECTIONS} connections", "requests/s", ours),
        Figure("Redis only", "RAGBoost, p99", "ms", [each.ours.p99 / 1000 for each in rounds]),
    ]  # fmt: skip


def with_layer(place: Place, asking: Asking, effort: Effort) -> list[Figure]:
    """Compare with the embedded wiring."""
    embedded = Service(place.folder / "embedded", place.upstream, {"semantic_enabled": False})
    with embedded as floor, place.service("layered", 8) as service:
        remember(floor)
        remember(service)
        rounds = [
            (asking.ask(floor, effort.seconds).check("exact"), asking.ask(service, effort.seconds).check("exact"))
            for _ in steps("exact hits out of the memory layer", range(effort.rounds + 1))
        ][1:]
    return [
        Figure("memory layer over Redis", "of the embedded wiring's requests a second", "",
               ratios([ours.rate for _, ours in rounds], [floor.rate for floor, _ in rounds]), at_least=WITH_LAYER),
        Figure("memory layer over Redis", "the same by processor time", "",
               ratios([floor.cost for floor, _ in rounds], [ours.cost for _, ours in rounds])),
    ]  # fmt: skip


def two_workers(place: Place, asking: Asking, effort: Effort) -> list[Figure]:
    """
    Compare the hits that a second of processor time gives, of one worker and of two who are asked at a time.

    Each worker has a core, as in production; whoever asks takes the rest of either.
    """
    asking = evolve(asking, cores=ALL_CORES)
    first, second = place.service("one", 0), place.service("two", 0)
    second.cores = CLIENT_CORES
    with first as one, second as two:
        remember(one)
        rounds = []
        for _ in steps("two workers", range(effort.rounds)):
            alone = asking.ask(one, effort.seconds).check("exact")
            both = asyncio.run(together(asking, (one, two), effort.seconds))
            rounds.append((alone, both))
    return [
        Figure("two workers", "times one worker's hits, by processor time", "",
               [2 * per_second(both) / per_second([alone]) for alone, both in rounds], at_least=TWO_WORKERS),
        Figure("two workers", "times one worker's hits a second", "",
               [sum(each.rate for each in both) / alone.rate for alone, both in rounds]),
    ]  # fmt: skip


async def together(asking: Asking, services: Sequence[Service], seconds: int) -> Sequence[Load]:
    """Load all at once."""
    loads = [asyncio.to_thread(asking.ask, each, seconds) for each in services]
    return [each.check("exact") for each in await asyncio.gather(*loads)]


def per_second(loads: Sequence[Load]) -> float:
    """Give the hits for a second of processor time."""
    return sum(each.requests for each in loads) / sum(each.processor for each in loads)


async def batches(redis: RedisServer, effort: Effort) -> list[Figure]:
    """Compare reading one answer after the other with reading many at once."""
    connection = RedisConnection(parse_address(redis.url), "batches", timeout=5.0)
    cache = RedisAnswerCache(connection)
    names = [each.fingerprint for each in map(question, range(BATCH))]
    await cache.put([stored(question(number)) for number in range(BATCH)])
    single, many = [], []
    for _ in steps("batches", range(effort.rounds)):
        single.append(await timed(lambda: [cache.get((each,)) for each in names], 4))
        many.append(await timed(lambda: [cache.get(names)], 40))
    await cache.close()
    await connection.close()
    return [
        Figure("batches", f"times the rate of single answers, in batches of {BATCH}", "", ratios(single, many),
               at_least=BATCHED),
        Figure("batches", "a single answer", "us", single),
        Figure("batches", f"an answer in a batch of {BATCH}", "us", many),
    ]  # fmt: skip


async def timed(calls: object, times: int) -> float:
    """Give the median microseconds for an answer of what is awaited one after the other."""
    taken = []
    for _ in range(times):
        began = asyncio.get_running_loop().time()
        for each in calls():  # type: ignore[operator]
            await each
        taken.append((asyncio.get_running_loop().time() - began) / BATCH * 1e6)
    return median(taken)


def growth(place: Place, effort: Effort) -> list[Figure]:
    """Compare the memory of a worker over few entries with that over many, each having been asked for."""
    taken = {}
    for entries in (FEW, MANY):
        place.redis.flush()
        asyncio.run(fill(place.redis, entries))
        asking = Asking(write_bodies(place.folder / f"bodies-{entries}", map(asked, range(entries))), connections=8)
        with place.service(f"grown-{entries}", 8) as service:
            served = 0
            while served < MANY:
                served += asking.ask(service, effort.seconds, served).check("exact").requests
            taken[entries] = megabytes(service.process, "Rss")
    size = place.redis.command("INFO", "memory")["used_memory"] / 1e6 / MANY * 1000
    return [
        Figure("growth over Redis", f"a worker's memory over {MANY:,} entries, times that over {FEW:,}", "",
               [taken[MANY] / taken[FEW]], at_most=GROWTH),
        Figure("growth over Redis", f"a worker's memory over {MANY:,} entries", "MB", [taken[MANY]]),
        Figure("growth over Redis", "Redis' memory for 1,000 entries of 2 KB", "MB", [size]),
    ]  # fmt: skip


async def fill(redis: RedisServer, entries: int) -> None:
    """Remember questions 0 to *entries*."""
    connection = RedisConnection(parse_address(redis.url), "bench", timeout=30.0)
    cache = RedisAnswerCache(connection)
    for first in steps(f"remembering {entries:,} answers", range(0, entries, 500)):
        await cache.put([stored(question(number)) for number in range(first, min(first + 500, entries))])
    await cache.close()
    await connection.close()


def entry_key(redis: RedisServer) -> str:
    """Find the key of some entry, as an operator would who has time."""
    keys = [each for each in redis.command("KEYS", "*bench*") if redis.command("TYPE", each) == b"string"]
    return bytes(max(keys, key=lambda each: redis.command("STRLEN", each))).hex()

"""What remembering takes: memory and disk for 1,000 answers, by where they are kept, and memory for a worker."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve
from figures import Effort, Figure
from filling import fill, question, stored
from load import Asking, write_bodies
from processes import family, megabytes
from progress import steps
from questions import answered, asked
from service import Service

from adapters.answer_cache.redis import RedisAnswerCache
from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.redis_address import parse_address
from adapters.redis_connection import RedisConnection
from domain.caching import AnswerCache, StoredAnswer
from domain.catalogue import AnswerCatalogue
from tests.qdrant_server import ScriptedQdrant
from tests.redis_servers import RedisServer
from tests.upstream import ScriptedUpstream, openai_answer

ENTRIES, BATCH = 20_000, 500
LENGTHS = (1_000, 2_000)
TAGS = ("billing", "handbook")
FEW_VECTORS, MANY_VECTORS = 20_000, 100_000
QUESTIONS, CONNECTIONS = 1_000, 32


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Fill each kind of memory, and look at what it takes; then start workers, and have them answer."""
    return [
        *(figure for length in LENGTHS for figure in in_redis(length, ())),
        *in_redis(LENGTHS[-1], TAGS),
        *(on_disk(folder / f"{length}", length) for length in LENGTHS),
        *vectors(folder),
        *workers(folder, effort),
    ]


def an_answer(number: int, length: int, tags: tuple[str, ...] = ()) -> StoredAnswer:
    """Give an answer of so many characters."""
    given = stored(question(number))
    text = given.completion.text[:length]
    return evolve(given, completion=evolve(given.completion, text=text), tags=tags)


async def remember(cache: AnswerCache, length: int, tags: tuple[str, ...] = ()) -> None:
    """Remember as many as are looked at."""
    for first in steps(f"remembering answers of {length:,} characters", range(0, ENTRIES, BATCH)):
        await cache.put([an_answer(number, length, tags) for number in range(first, first + BATCH)])


def in_redis(length: int, tags: tuple[str, ...]) -> Sequence[Figure]:
    """Give the memory and the disk that a Redis with an append-only file takes, and what RAGBoost counts."""
    with RedisServer(("appendonly yes", "auto-aof-rewrite-percentage 0")) as server:
        empty = server.command("INFO", "memory")["used_memory"]
        counted = asyncio.run(fill_redis(server, length, tags))
        used = server.command("INFO", "memory")["used_memory"] - empty
        written = disk(server.folder)
    what = f"1,000 answers of {length:,} characters{f', {len(tags)} tags each' if tags else ''}"
    return [
        Figure("Redis", f"{what}: memory", "MB", [per_thousand(used)]),
        Figure("Redis", f"{what}: the same, times what RAGBoost counts", "", [used / counted]),
        Figure("Redis", f"{what}: append-only file until it is rewritten", "MB", [per_thousand(written)]),
    ]


async def fill_redis(server: RedisServer, length: int, tags: tuple[str, ...]) -> int:
    """Remember; give the bytes that count towards RAGBOOST_ANSWER_CACHE_SIZE_MB."""
    connection = RedisConnection(parse_address(server.url), "sizing", timeout=30.0)
    cache = RedisAnswerCache(connection)
    await remember(cache, length, tags)
    counted = await total(cache)
    await cache.close()
    await connection.close()
    return counted


async def total(catalogue: AnswerCatalogue) -> int:
    """Give the bytes of all."""
    return (await catalogue.measure()).size


def on_disk(folder: Path, length: int) -> Figure:
    """Give what the SQLite file takes."""
    folder.mkdir()
    asyncio.run(fill_sqlite(folder / "answers.db", length))
    what = f"1,000 answers of {length:,} characters"
    return Figure("SQLite", f"{what}: file", "MB", [per_thousand(disk(folder))])


async def fill_sqlite(file: Path, length: int) -> None:
    """Remember, and close the file."""
    cache = SqliteAnswerCache(file)
    await remember(cache, length)
    await cache.close()


def vectors(folder: Path) -> Sequence[Figure]:
    """Compare services over few vectors and over many: the engine is the one process that grows with them."""
    taken = {}
    for number in (FEW_VECTORS, MANY_VECTORS):
        data = folder / f"vectors-{number}"
        fill(data, number, embedded=False)
        with Service(data) as service:
            engine = family(service.process)[1]
            taken[number] = (disk(data / "index"), megabytes(engine, "Rss") * 1e6)
    few, many = taken[FEW_VECTORS], taken[MANY_VECTORS]
    growth = [(large - small) / (MANY_VECTORS - FEW_VECTORS) / 1000 for small, large in zip(few, many, strict=True)]
    return [
        Figure("Qdrant Edge", "1,000 vectors: disk", "MB", [growth[0]]),
        Figure("Qdrant Edge", "1,000 vectors: memory of the engine", "MB", [growth[1]]),
        Figure("Qdrant Edge", f"{MANY_VECTORS:,} vectors: disk", "MB", [many[0] / 1e6]),
        Figure("Qdrant Edge", f"{MANY_VECTORS:,} vectors: memory of the engine", "MB", [many[1] / 1e6]),
    ]


def workers(folder: Path, effort: Effort) -> Sequence[Figure]:
    """Give the memory of a worker of either wiring, when it is ready and when it has answered for a while."""
    with RedisServer() as redis, ScriptedQdrant() as qdrant, ScriptedUpstream() as upstream:
        upstream.answer(lambda request: openai_answer([answered(request.question)]))
        shared = {
            "answer_cache_kind": "redis",
            "REDIS_URL": redis.url,
            "vector_index_kind": "qdrant",
            "QDRANT_URL": qdrant.url,
        }
        bodies = write_bodies(folder / "bodies", map(asked, range(QUESTIONS)))
        asking = Asking(bodies, CONNECTIONS)
        return [
            *worker(Service(folder / "embedded", upstream.url), "embedded", asking, effort),
            *worker(Service(folder / "shared", upstream.url, shared), "over Redis and Qdrant", asking, effort),
        ]


def worker(service: Service, wiring: str, asking: Asking, effort: Effort) -> Sequence[Figure]:
    """Start it, and have it answer questions of which most are hits."""
    with service:
        ready = megabytes(service.process, "Rss")
        asking.ask(service, 2 * effort.seconds)
        kinds = {each: megabytes(service.process, each) for each in ("Rss", "Pss")}
        processes = len(family(service.process))
    what = f"a worker {wiring}, {processes} processes" if processes > 1 else f"a worker {wiring}"
    return [
        Figure("worker", f"{what}, just ready: resident", "MB", [ready]),
        Figure("worker", f"{what}, after {QUESTIONS:,} questions: resident", "MB", [kinds["Rss"]]),
        Figure("worker", "the same, what is shared counted once (PSS)", "MB", [kinds["Pss"]]),
    ]


def disk(folder: Path) -> int:
    """Give the bytes that the files in *folder* occupy."""
    return sum(each.stat().st_blocks * 512 for each in folder.rglob("*") if each.is_file())


def per_thousand(size: float) -> float:
    """Give the megabytes for 1,000 entries, of *size* bytes for all."""
    return size / ENTRIES * 1000 / 1e6

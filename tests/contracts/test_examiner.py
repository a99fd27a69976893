"""What every examiner promises, told once and run over each: on something sound, and on nothing at all."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import frozen

from adapters.answer_cache.redis import RedisAnswerCache
from adapters.answer_cache.redis_buckets import Buckets
from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.answer_cache.sqlite_schema import VERSION
from adapters.clock import SystemClock
from adapters.examiner.edge import EdgeExaminer
from adapters.examiner.folder import FolderExaminer
from adapters.examiner.latency import Deadline
from adapters.examiner.qdrant import QdrantExaminer, Wanted
from adapters.examiner.redis import RedisExaminer
from adapters.examiner.redis_judgements import Demands
from adapters.examiner.sqlite_answers import SqliteAnswersExaminer
from adapters.examiner.sqlite_records import SqliteRecordsExaminer
from adapters.examiner.succession import Successor
from adapters.records import HEAD, Records
from adapters.redis_address import parse_address
from adapters.redis_connection import RedisConnection
from adapters.vector_index.edge.shelf import EdgeIndexShelf
from adapters.vector_index.qdrant.blueprint import Blueprint
from adapters.vector_index.qdrant.collection import QdrantCollection
from adapters.vector_index.qdrant.connection import QdrantAddress, QdrantConnection
from adapters.vector_index.qdrant.shelf import QdrantIndexShelf
from domain.examination import Examiner, Judgement
from domain.succession import IndexShelf
from tests.builders import a_stored_answer
from tests.qdrant_server import ScriptedQdrant
from tests.redis_servers import HOST, RedisServer, fresh_prefix, wait_until

EMBEDDER = "mini/int8/1"
BLUEPRINT = Blueprint(EMBEDDER, 3, "ragboost")
MANIFEST = '{"embedder": "mini/int8/1", "dimensions": 3, "shard": "shard-1"}'
KINDS = ("folder", "answers", "records", "edge", "redis", "qdrant")


@frozen
class Place:
    """Who looks at something, and what can be seen of that from elsewhere."""

    examiner: Examiner
    seen: Callable[[], object]


@pytest.fixture(params=KINDS)
async def sound(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Have something to look at."""
    if request.param == "redis":
        server, prefix = request.getfixturevalue("redis_server"), fresh_prefix()
        async with looking_at_redis(server.url, prefix) as examiner:
            await examiner.connection.pipeline(list(Buckets(prefix).totals(None)))
            yield Place(examiner, lambda: keys_that_stay(server, prefix))
    elif request.param == "qdrant":
        server = request.getfixturevalue("qdrant_server")
        async with looking_at_qdrant(server.url) as examiner:
            await QdrantCollection(examiner.connection, BLUEPRINT).check()  # type: ignore[arg-type]
            yield Place(examiner, lambda: everything_on(server))
    else:
        await fill(tmp_path)
        yield Place(looking_at(request.param, tmp_path), lambda: everything_in(tmp_path))


@pytest.fixture(params=KINDS)
async def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Have nothing where something may be expected."""
    if request.param == "redis":
        async with looking_at_redis(f"redis://{HOST}:1/0", "ragboost") as examiner:
            yield Place(examiner, lambda: None)
    elif request.param == "qdrant":
        async with looking_at_qdrant(f"http://{HOST}:1") as examiner:
            yield Place(examiner, lambda: None)
    else:
        yield Place(looking_at(request.param, tmp_path / "data"), lambda: everything_in(tmp_path))


def looking_at(kind: str, folder: Path) -> Examiner:
    return {
        "folder": FolderExaminer(folder, [], 1_000_000),
        "answers": SqliteAnswersExaminer(folder / "answers.db", (VERSION,)),
        "records": SqliteRecordsExaminer(folder / "records.db", HEAD, needs_key=True),
        "edge": EdgeExaminer(folder / "index" / "mini-int8-1", successor(EdgeIndexShelf(folder / "index", EMBEDDER))),
    }[kind]


def successor(shelf: IndexShelf) -> Successor:
    return Successor(shelf, EMBEDDER, lambda _: True)


@asynccontextmanager
async def looking_at_redis(url: str, prefix: str) -> AsyncIterator[RedisExaminer]:
    connection = RedisConnection(parse_address(url), prefix, timeout=20.0)
    cache, deadline = RedisAnswerCache(connection), Deadline("redis", 20.0, "RAGBOOST_REDIS_TIMEOUT")
    demands = Demands(size=1_000_000, pool_size=1)
    yield RedisExaminer(connection, cache, Buckets(prefix).bases, demands, deadline, SystemClock())
    await cache.close()
    await connection.close()


@asynccontextmanager
async def looking_at_qdrant(url: str) -> AsyncIterator[QdrantExaminer]:
    connection = QdrantConnection(QdrantAddress(url).client(), 20.0)
    wanted = Wanted(BLUEPRINT, successor(QdrantIndexShelf(connection, BLUEPRINT.prefix)))
    yield QdrantExaminer(connection, wanted, Deadline("qdrant", 20.0, "RAGBOOST_QDRANT_TIMEOUT"), SystemClock())
    await connection.close()


async def fill(folder: Path) -> None:
    cache, records = SqliteAnswerCache(folder / "answers.db"), Records(f"sqlite+aiosqlite:///{folder}/records.db")
    await cache.put([a_stored_answer()])
    await cache.close()
    await records.open()
    await records.close()
    (folder / "index" / "mini-int8-1").mkdir(parents=True)
    (folder / "index" / "mini-int8-1" / "manifest.json").write_text(MANIFEST)


def everything_in(folder: Path) -> dict[str, bytes | None]:
    return {str(each): each.read_bytes() if each.is_file() else None for each in folder.rglob("*")}


def keys_that_stay(server: RedisServer, prefix: str) -> list[bytes]:
    def keys() -> list[bytes]:
        return list(server.command("KEYS", f"{{{prefix}:*"))

    wait_until(lambda: all(server.command("TTL", each) == -1 for each in keys()), "what was tried is gone")
    return keys()


def everything_on(server: ScriptedQdrant) -> object:
    store = server.store
    info = server.do(store.get_collection(BLUEPRINT.name))
    return server.do(store.get_collections()), server.do(store.get_aliases()), info


async def test_it_finds_something_about_its_part(sound: Place) -> None:
    findings = await sound.examiner.examine()

    assert findings
    assert {each.part for each in findings} == {sound.examiner.part}
    assert all(each.subject and each.found for each in findings)


async def test_no_subject_comes_twice(sound: Place) -> None:
    subjects = [each.subject for each in await sound.examiner.examine()]

    assert len(subjects) == len(set(subjects))


async def test_there_is_a_remedy_where_one_is_needed_and_nowhere_else(sound: Place, nothing: Place) -> None:
    for each in (*await sound.examiner.examine(), *await nothing.examiner.examine()):
        assert bool(each.remedy) == (each.judgement is not Judgement.OK), each


async def test_what_it_looks_at_is_left_as_it_was(sound: Place) -> None:
    before = sound.seen()
    await sound.examiner.examine()

    assert sound.seen() == before


async def test_what_is_not_there_is_a_finding_and_is_not_made(nothing: Place) -> None:
    before = nothing.seen()
    findings = await nothing.examiner.examine()

    assert findings
    assert nothing.seen() == before

"""What only the index on disk must stand: kills, damage, strangers, and being optimised while it is used."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.vector_index.edge import index as edge
from adapters.vector_index.edge.index import EdgeVectorIndex
from domain.questions import Compatibility, Fingerprint
from domain.similarity import Embedding, Point, Search, VectorIndexUnavailable

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])
on_both_loops = pytest.mark.asyncio(loop_factories=["asyncio", "uvloop"])

DIMENSIONS = 32
HERE = Compatibility("here")

WRITER = """
import asyncio, sys
from pathlib import Path
from adapters.vector_index.edge import index as edge
from tests.adapters.vector_index.test_edge import index_in, points

edge.OPTIMISE_AFTER = int(sys.argv[2])

async def write():
    index = index_in(Path(sys.argv[1]))
    start = 0
    while True:
        await index.upsert(points(start, 50))
        start += 50
        print(start, flush=True)

asyncio.run(write())
"""


def points(start: int, count: int) -> list[Point]:
    return [Point(fingerprint(each), HERE, embedding(each)) for each in range(start, start + count)]


def fingerprint(number: int) -> Fingerprint:
    return Fingerprint(f"{number:032x}{number:032x}")


def embedding(number: int) -> Embedding:
    chance = random.Random(number)  # noqa: S311  an example, no secret
    vector = [chance.gauss(0, 1) for _ in range(DIMENSIONS)]
    length = sum(each * each for each in vector) ** 0.5
    return Embedding(array("f", [each / length for each in vector]))


def index_in(folder: Path, embedder: str = "model-1", dimensions: int = DIMENSIONS) -> EdgeVectorIndex:
    return EdgeVectorIndex(folder / "index", embedder, dimensions, REPORTS.append)


REPORTS: list[str] = []


@pytest.fixture(autouse=True)
def _no_reports_yet() -> None:
    REPORTS.clear()


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[EdgeVectorIndex]:
    made = index_in(tmp_path)
    yield made
    await made.close()


async def numbers_in(index: EdgeVectorIndex) -> list[int]:
    return [int(each[:32], 16) for each in await index.page(None, 1_000_000)]


def shard_in(folder: Path) -> Path:
    (shard,) = (folder / "index").glob("shard-*")
    return shard


def engines_of(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(each) for thread in threads for each in thread.read_text().split()]
    # Tests share servers, which are children of the same process.
    return [each for each in children if b"edge.engine" in Path(f"/proc/{each}/cmdline").read_bytes()]


async def others_than(engine: int) -> list[int]:
    while not (others := [each for each in engines_of(os.getpid()) if each != engine]):  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    return others


async def opened_its_shard(engine: int) -> None:
    while "/shard-" not in Path(f"/proc/{engine}/maps").read_text():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)  # it says so to the service, which has it optimise


async def test_more_searches_than_are_sent_at_once_are_answered_in_order(index: EdgeVectorIndex) -> None:
    many = 2 * edge.BATCH + 1
    await index.upsert(points(0, many))

    found = await index.search([Search(HERE, embedding(each)) for each in range(many)], 1)

    assert [each.fingerprint for (each,) in found] == [fingerprint(each) for each in range(many)]


async def test_what_was_filed_is_there_after_closing(tmp_path: Path) -> None:
    before = index_in(tmp_path)
    await before.upsert(points(0, 200))
    await before.close()

    after = index_in(tmp_path)
    assert await numbers_in(after) == list(range(200))
    assert (await after.search([Search(HERE, embedding(7))], 1))[0][0].fingerprint == fingerprint(7)
    await after.close()


@pytest.mark.parametrize("optimise_after", [1_000_000, 300], ids=["writing", "writing-and-optimising"])
@pytest.mark.parametrize("victims", ["service", "service-and-engines"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_killed_service_has_everything_it_acknowledged(
    tmp_path: Path, seed: int, victims: str, optimise_after: int
) -> None:
    moment = random.Random(seed).uniform(0.1, 2.5)  # noqa: S311  an example, no secret
    with subprocess.Popen(  # noqa: S603, ASYNC220  our own interpreter; it is read in a thread
        [sys.executable, "-c", WRITER, str(tmp_path), str(optimise_after)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
    ) as writer:
        assert writer.stdout
        first = await asyncio.to_thread(writer.stdout.readline)
        await asyncio.sleep(moment)
        os.kill(writer.pid, signal.SIGSTOP)  # so that it starts no engine while we look for them
        engines = engines_of(writer.pid) if victims == "service-and-engines" else []
        for each in (*engines, writer.pid):
            os.kill(each, signal.SIGKILL)
        acknowledged = [first, *await asyncio.to_thread(writer.stdout.readlines)]
    whole = [int(each) for each in acknowledged if each.endswith(b"\n")]

    after = index_in(tmp_path)
    found = await numbers_in(after)
    await after.close()

    assert bool(engines) == (victims == "service-and-engines")
    assert found[: whole[-1]] == list(range(whole[-1]))
    assert len(found) <= whole[-1] + 50
    assert REPORTS == []


@on_both_loops
async def test_a_killed_engine_is_started_again_with_everything_acknowledged(index: EdgeVectorIndex) -> None:
    await index.upsert(points(0, 300))
    (engine,) = engines_of(os.getpid())
    os.kill(engine, signal.SIGSTOP)
    asked = asyncio.create_task(index.ping())
    await asyncio.sleep(0.05)
    os.kill(engine, signal.SIGKILL)

    with pytest.raises(VectorIndexUnavailable, match="engine ended"):
        await asked
    assert await numbers_in(index) == list(range(300))
    assert REPORTS == []


@on_both_loops
async def test_no_engine_survives_its_service(tmp_path: Path) -> None:
    index = index_in(tmp_path)
    await index.open()
    (engine,) = engines_of(os.getpid())
    await index.close()

    assert engine not in engines_of(os.getpid())
    with pytest.raises(VectorIndexUnavailable, match="closed"):
        await index.ping()


async def test_a_second_service_is_told_that_the_folder_is_in_use(tmp_path: Path, index: EdgeVectorIndex) -> None:
    await index.upsert(points(0, 1))
    second = index_in(tmp_path)

    with pytest.raises(VectorIndexUnavailable, match="in use by another process"):
        await second.open()
    await second.close()
    assert await numbers_in(index) == [0]


@pytest.mark.parametrize(
    ("embedder", "dimensions", "said"),
    [("model-2", DIMENSIONS, r"model-1 \(32.*model-2 \(32"), ("model-1", 48, r"\(32 dimensions.*\(48 dimensions")],
)
async def test_another_embedders_folder_is_refused_and_left_alone(
    tmp_path: Path, embedder: str, dimensions: int, said: str
) -> None:
    first = index_in(tmp_path)
    await first.upsert(points(0, 3))
    await first.close()

    stranger = index_in(tmp_path, embedder, dimensions)
    with pytest.raises(VectorIndexUnavailable, match=said) as refused:
        await stranger.open()
    await stranger.close()

    assert "remove this one" in str(refused.value)
    again = index_in(tmp_path)
    assert await numbers_in(again) == [0, 1, 2]
    await again.close()


def cut_vectors_short(folder: Path) -> None:
    for each in shard_in(folder).glob("segments/*/vector_storage/vectors/chunk_0.mmap"):
        os.truncate(each, 10)


def delete_the_segments_state(folder: Path) -> None:
    for each in shard_in(folder).glob("segments/*/segment.json"):
        each.write_bytes(b"")


def garble_the_configuration(folder: Path) -> None:
    (shard_in(folder) / "edge_config.json").write_text("{")


def cut_the_manifest_short(folder: Path) -> None:
    os.truncate(folder / "index" / "manifest.json", 5)


def delete_the_manifest(folder: Path) -> None:
    (folder / "index" / "manifest.json").unlink()


DAMAGES = [
    cut_vectors_short,
    delete_the_segments_state,
    garble_the_configuration,
    cut_the_manifest_short,
    delete_the_manifest,
]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_index_is_moved_aside_and_begun_anew(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    for number in (1, 2):
        before = index_in(tmp_path)
        await before.upsert(points(0, 300))
        await before.close()
        damage(tmp_path)

        after = index_in(tmp_path)
        assert await numbers_in(after) == []
        await after.upsert(points(5, 2))
        assert await numbers_in(after) == [5, 6]
        await after.close()

        aside = tmp_path / f"index.damaged-{number}"
        assert list(aside.glob("shard-*"))
        assert str(aside) in REPORTS[-1]
        assert len(REPORTS) == number


@on_both_loops
async def test_searches_and_writes_go_on_while_it_is_optimised(
    index: EdgeVectorIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "OPTIMISE_AFTER", 4_000)
    await index.upsert(points(0, 4_000))
    before = shard_in_use(tmp_path)
    served = filed = 0
    while shard_in_use(tmp_path) == before:
        await index.upsert(points(4_000 + filed, 1))
        filed += 1
        await index.remove([fingerprint(served)])
        served += 1
        ((nearest, *_),) = await index.search([Search(HERE, embedding(4_000 + filed - 1))], 3)
        assert nearest.fingerprint == fingerprint(4_000 + filed - 1)
    await index.optimise()

    assert served > 3
    assert await numbers_in(index) == list(range(served, 4_000 + filed))
    last = 4_000 + filed - 1
    assert (await index.search([Search(HERE, embedding(last))], 1))[0][0].fingerprint == fingerprint(last)
    assert REPORTS == []


def shard_in_use(folder: Path) -> bytes:
    return (folder / "index" / "manifest.json").read_bytes()


@on_both_loops
async def test_closing_gives_up_optimising_and_loses_nothing(tmp_path: Path) -> None:
    index = index_in(tmp_path)
    await index.upsert(points(0, 1_900))
    optimising = asyncio.create_task(index.optimise())
    await others_than(engines_of(os.getpid())[0])
    await index.close()
    await asyncio.wait([optimising])

    assert engines_of(os.getpid()) == []
    after = index_in(tmp_path)
    assert await numbers_in(after) == list(range(1_900))
    await after.close()
    assert REPORTS == []


@on_both_loops
@pytest.mark.parametrize("moment", ["starting", "optimising"])
async def test_an_optimisation_that_fails_leaves_the_index_as_it_was(
    index: EdgeVectorIndex, tmp_path: Path, moment: str
) -> None:
    await index.upsert(points(0, 1_900))
    optimising = asyncio.create_task(index.optimise())
    (serving,) = engines_of(os.getpid())
    (other,) = await others_than(serving)
    if moment == "optimising":
        await opened_its_shard(other)
    os.kill(other, signal.SIGKILL)

    with pytest.raises(VectorIndexUnavailable):
        await optimising
    assert shard_in(tmp_path).name in shard_in_use(tmp_path).decode()
    await index.upsert(points(1_900, 100))
    assert await numbers_in(index) == list(range(2_000))

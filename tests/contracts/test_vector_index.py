"""What every vector index promises, told once and run over each."""

import os
import random
from array import array
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from attrs import evolve, frozen
from qdrant_client import AsyncQdrantClient

from adapters.vector_index.edge.index import EdgeVectorIndex
from adapters.vector_index.memory import MemoryVectorIndex
from adapters.vector_index.qdrant.blueprint import Blueprint
from adapters.vector_index.qdrant.collection import QdrantCollection
from adapters.vector_index.qdrant.connection import QdrantAddress, QdrantConnection
from adapters.vector_index.qdrant.index import QdrantVectorIndex
from domain.questions import Compatibility, Fingerprint
from domain.similarity import Embedding, Neighbour, Point, Search
from tests.qdrant_local import LocalQdrant
from tests.qdrant_server import ScriptedQdrant

DIMENSIONS = 12
Index = MemoryVectorIndex | EdgeVectorIndex | QdrantVectorIndex

RUBY, RAILS = Compatibility("ruby"), Compatibility("rails")
ODD = ["", " ", "..", "a/b", "Größe", "日本語", "'; DROP TABLE points; --", "\n", "null", "*", "x" * 2_000]


def unreported(message: str) -> None:
    pytest.fail(message)


@asynccontextmanager
async def on_qdrant(client: AsyncQdrantClient) -> AsyncIterator[Index]:
    """Give an index in a collection of its own, which is removed in the end."""
    connection = QdrantConnection(client, patience=5)
    blueprint = Blueprint("test", DIMENSIONS, f"contract-{uuid4().hex}")
    index = QdrantVectorIndex(connection, QdrantCollection(connection, blueprint))
    yield index
    await index.close()
    await client.delete_collection(blueprint.name)
    await connection.close()


@asynccontextmanager
async def itself(index: Index) -> AsyncIterator[Index]:
    yield index
    await index.close()


@frozen
class Places:
    """Where indexes may keep their points: in *folder*, or on a server that is asked over either wire."""

    folder: Path
    server: ScriptedQdrant
    grpc_port: int


KINDS: dict[str, Callable[[Places], AbstractAsyncContextManager[Index]]] = {
    "memory": lambda _: itself(MemoryVectorIndex()),
    "edge": lambda places: itself(EdgeVectorIndex(places.folder / "index", "test", DIMENSIONS, unreported)),
    "qdrant-local": lambda _: on_qdrant(LocalQdrant()),
    "qdrant-on-disk": lambda places: on_qdrant(LocalQdrant(places.folder / "qdrant")),
    "qdrant-rest": lambda places: on_qdrant(QdrantAddress(places.server.url).client()),
    "qdrant-grpc": lambda places: on_qdrant(
        QdrantAddress(places.server.url, prefer_grpc=True, grpc_port=places.grpc_port).client()
    ),
}
COMPARED = ["edge", "qdrant-rest"]
"""Those compared with the exact one in a thousand cases; the other ways to Qdrant lead to the same store."""

if url := os.environ.get("QDRANT_URL"):
    address = QdrantAddress(url, os.environ.get("QDRANT_API_KEY", ""))
    KINDS["qdrant-server"] = lambda _: on_qdrant(address.client())
    KINDS["qdrant-server-grpc"] = lambda _: on_qdrant(evolve(address, prefer_grpc=True).client())
    COMPARED.append("qdrant-server")


@pytest.fixture
def places(tmp_path: Path, qdrant_server: ScriptedQdrant, qdrant_grpc_port: int) -> Places:
    return Places(tmp_path, qdrant_server, qdrant_grpc_port)


@pytest.fixture(params=KINDS)
async def index(request: pytest.FixtureRequest, places: Places) -> AsyncIterator[Index]:
    async with KINDS[request.param](places) as made:
        yield made


@pytest.fixture(params=COMPARED)
async def both(request: pytest.FixtureRequest, places: Places) -> AsyncIterator[list[Index]]:
    """Give the exact index, and another."""
    async with KINDS["memory"](places) as exact, KINDS[request.param](places) as other:
        yield [exact, other]


def fingerprint(number: int) -> Fingerprint:
    return Fingerprint(f"{number:032x}{number:032x}")


def towards(*coordinates: float) -> Embedding:
    padded = [*coordinates, *[0.0] * (DIMENSIONS - len(coordinates))]
    length = sum(each * each for each in padded) ** 0.5
    return Embedding(array("f", [each / length for each in padded]))


def anywhere(chance: random.Random) -> Embedding:
    return towards(*[chance.gauss(0, 1) for _ in range(DIMENSIONS)])


def point(number: int, partition: Compatibility, embedding: Embedding) -> Point:
    return Point(fingerprint(number), partition, embedding)


async def nearest(index: Index, partition: Compatibility, embedding: Embedding, limit: int) -> Sequence[Neighbour]:
    (found,) = await index.search([Search(partition, embedding)], limit)
    return found


def names(found: Sequence[Neighbour]) -> list[Fingerprint]:
    return [each.fingerprint for each in found]


async def test_the_nearest_comes_first_with_its_cosine(index: Index) -> None:
    await index.upsert([point(1, RUBY, towards(0, 1)), point(2, RUBY, towards(1, 0)), point(3, RUBY, towards(1, 1))])

    found = await nearest(index, RUBY, towards(1, 0), 3)

    assert names(found) == [fingerprint(2), fingerprint(3), fingerprint(1)]
    assert [each.similarity for each in found] == pytest.approx([1.0, 0.5**0.5, 0.0], abs=1e-5)


async def test_no_more_than_the_limit_are_found(index: Index) -> None:
    await index.upsert([point(number, RUBY, towards(1, number)) for number in range(9)])

    assert names(await nearest(index, RUBY, towards(1, 0), 2)) == [fingerprint(0), fingerprint(1)]
    assert len(await nearest(index, RUBY, towards(1, 0), 100)) == 9


async def test_a_search_never_leaves_its_partition(index: Index) -> None:
    await index.upsert([point(1, RUBY, towards(1, 0)), point(2, RAILS, towards(0, 1))])

    assert names(await nearest(index, RAILS, towards(1, 0), 5)) == [fingerprint(2)]
    assert await nearest(index, Compatibility("perl"), towards(1, 0), 5) == []


async def test_many_searches_are_answered_at_once_each_in_its_partition(index: Index) -> None:
    await index.upsert([point(number, RUBY if number % 2 else RAILS, towards(1, number)) for number in range(6)])

    found = await index.search(
        [Search(RAILS, towards(1)), Search(RUBY, towards(1)), Search(Compatibility("perl"), towards(1))], 2
    )

    assert [names(each) for each in found] == [[fingerprint(0), fingerprint(2)], [fingerprint(1), fingerprint(3)], []]
    assert list(await index.search([], 2)) == []


async def test_points_are_read_as_they_were_filed(index: Index) -> None:
    filed = [point(1, RUBY, towards(0.6, 0.8)), point(2, RAILS, towards(1, -1))]
    await index.upsert(filed)

    found = await index.read([fingerprint(2), fingerprint(7), fingerprint(1), fingerprint(1)])

    assert sorted((each.fingerprint, each.partition) for each in found) == [
        (fingerprint(1), RUBY),
        (fingerprint(2), RAILS),
    ]
    for each in found:
        (same,) = (one for one in filed if one.fingerprint == each.fingerprint)
        assert list(each.embedding.vector) == pytest.approx(list(same.embedding.vector), abs=1e-6)
    assert list(await index.read([])) == []


async def test_an_index_without_points_finds_nothing(index: Index) -> None:
    assert list(await nearest(index, RUBY, towards(1), 5)) == []
    assert list(await index.page(None, 5)) == []


async def test_filing_a_fingerprint_again_replaces_its_embedding(index: Index) -> None:
    await index.upsert([point(1, RUBY, towards(1, 0))])
    await index.upsert([point(1, RUBY, towards(0, 1))])

    (only,) = await nearest(index, RUBY, towards(0, 1), 5)
    assert only.similarity == pytest.approx(1.0, abs=1e-5)


async def test_the_last_of_two_points_in_one_call_counts(index: Index) -> None:
    await index.upsert([point(1, RUBY, towards(1, 0)), point(1, RAILS, towards(0, 1))])

    assert list(await nearest(index, RUBY, towards(1, 0), 5)) == []
    assert names(await nearest(index, RAILS, towards(1, 0), 5)) == [fingerprint(1)]


async def test_filing_a_fingerprint_in_another_partition_moves_it(index: Index) -> None:
    await index.upsert([point(1, RUBY, towards(1)), point(2, RUBY, towards(1))])
    await index.upsert([point(1, RAILS, towards(1))])

    assert names(await nearest(index, RUBY, towards(1), 5)) == [fingerprint(2)]
    assert names(await nearest(index, RAILS, towards(1), 5)) == [fingerprint(1)]
    assert list(await index.page(None, 5)) == [fingerprint(1), fingerprint(2)]


async def test_what_was_removed_is_not_found(index: Index) -> None:
    await index.upsert([point(number, RUBY, towards(1, number)) for number in range(3)])

    await index.remove([fingerprint(0), fingerprint(2)])

    assert names(await nearest(index, RUBY, towards(1), 5)) == [fingerprint(1)]
    assert list(await index.page(None, 5)) == [fingerprint(1)]


async def test_removing_what_is_not_there_is_passed_over(index: Index) -> None:
    await index.upsert([point(1, RUBY, towards(1))])

    await index.remove([fingerprint(7), fingerprint(1), fingerprint(1)])
    await index.remove([fingerprint(1)])

    assert list(await index.page(None, 5)) == []


async def test_what_was_removed_can_be_filed_again(index: Index) -> None:
    await index.upsert([point(1, RUBY, towards(1))])
    await index.remove([fingerprint(1)])
    await index.upsert([point(1, RUBY, towards(1))])

    assert names(await nearest(index, RUBY, towards(1), 5)) == [fingerprint(1)]


async def test_nothing_to_do_is_done(index: Index) -> None:
    await index.upsert([])
    await index.remove([])

    assert list(await index.page(None, 5)) == []


async def test_pages_go_through_all_fingerprints_once_and_in_their_order(index: Index) -> None:
    numbers = random.Random(3).sample(range(10**9), 57)  # noqa: S311  an example, no secret
    await index.upsert([point(each, RUBY if each % 2 else RAILS, towards(1, each)) for each in numbers])

    pages = []
    after = None
    while page := await index.page(after, 10):
        pages.append(list(page))
        after = page[-1]

    assert [len(each) for each in pages] == [10, 10, 10, 10, 10, 7]
    assert [each for page in pages for each in page] == sorted(fingerprint(each) for each in numbers)


async def test_a_page_begins_behind_a_fingerprint_that_is_gone(index: Index) -> None:
    await index.upsert([point(number, RUBY, towards(1)) for number in (1, 2, 3)])
    await index.remove([fingerprint(2)])

    assert list(await index.page(fingerprint(2), 5)) == [fingerprint(3)]
    assert list(await index.page(fingerprint(3), 5)) == []


@pytest.mark.parametrize("partition", ODD, ids=range(len(ODD)))
async def test_any_text_can_name_a_partition(index: Index, partition: str) -> None:
    await index.upsert([point(1, Compatibility(partition), towards(1)), point(2, RUBY, towards(1))])

    assert names(await nearest(index, Compatibility(partition), towards(1), 5)) == [fingerprint(1)]


async def test_an_index_in_use_answers_a_ping(index: Index) -> None:
    await index.ping()
    await index.upsert([point(1, RUBY, towards(1))])
    await index.ping()


async def test_in_a_thousand_random_cases_all_indexes_agree(both: list[Index]) -> None:
    chance = random.Random(20)  # noqa: S311  an example, no secret
    partitions = [Compatibility(f"partition {number}") for number in range(7)]
    for _ in range(1_000):
        filed = [point(chance.randrange(400), chance.choice(partitions), anywhere(chance)) for _ in range(3)]
        removed = [fingerprint(chance.randrange(400)) for _ in range(chance.choice([0, 0, 1, 3]))]
        partition, asked, limit = chance.choice(partitions), anywhere(chance), chance.randint(1, 20)
        answers = []
        for each in both:
            await each.upsert(filed)
            await each.remove(removed)
            answers.append(await nearest(each, partition, asked, limit))
        exact, other = answers
        assert names(other) == names(exact)
        assert [each.similarity for each in other] == pytest.approx([each.similarity for each in exact], abs=1e-5)
    exact, other = [await each.page(None, 1_000) for each in both]
    assert list(other) == list(exact)

"""What only the index on a server must stand: a collection that differs, other workers, and a server that fails."""

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Callable

import pytest
from qdrant_client import models

from adapters.vector_index.qdrant import connection as wire
from adapters.vector_index.qdrant import index as module
from adapters.vector_index.qdrant.blueprint import EMBEDDER, Blueprint
from adapters.vector_index.qdrant.collection import QdrantCollection
from adapters.vector_index.qdrant.connection import QdrantAddress, QdrantConnection
from adapters.vector_index.qdrant.index import QdrantVectorIndex
from domain.questions import Compatibility, Fingerprint
from domain.similarity import Embedding, Point, Search, VectorIndexDiffers, VectorIndexUnavailable
from tests.qdrant_local import LocalQdrant
from tests.qdrant_server import Garbled, Hanging, Refusing, ScriptedQdrant, Slow, Willing

DIMENSIONS = 4
HERE = Compatibility("here")
BLUEPRINT = Blueprint("all-MiniLM-L6-v2/int8/1a2b3c4d", DIMENSIONS, "ragboost")
NAME = "ragboost-all-minilm-l6-v2-int8-1a2b3c4d"
SECRET = "qd-very-secret-indeed"
PATIENCE = 0.2


def fingerprint(number: int) -> Fingerprint:
    return Fingerprint(f"{number:032x}{number:032x}")


def points(count: int) -> list[Point]:
    return [Point(fingerprint(each), HERE, towards(each + 1)) for each in range(count)]


def towards(number: float) -> Embedding:
    length = (1 + number * number) ** 0.5
    return Embedding(array("f", [1 / length, number / length, 0, 0]))


ASKED = Search(HERE, towards(1))


def index_over(connection: QdrantConnection, blueprint: Blueprint = BLUEPRINT) -> QdrantVectorIndex:
    return QdrantVectorIndex(connection, QdrantCollection(connection, blueprint))


# gRPC's own poller and uvloop, of whose end it hears nothing, wait for one another now and then when a loop is closed.
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


@pytest.fixture
async def store() -> AsyncIterator[LocalQdrant]:
    client = LocalQdrant()
    yield client
    await client.close()


@pytest.fixture
def local(store: LocalQdrant) -> QdrantVectorIndex:
    return index_over(QdrantConnection(store))


@pytest.fixture(params=["rest", "grpc"])
async def remote(
    request: pytest.FixtureRequest, qdrant_server: ScriptedQdrant, qdrant_grpc_port: int
) -> AsyncIterator[QdrantVectorIndex]:
    address = QdrantAddress(qdrant_server.url, SECRET, request.param == "grpc", qdrant_grpc_port)
    connection = QdrantConnection(address.client(), PATIENCE)
    index = index_over(connection)
    yield index
    await index.close()
    await connection.close()


async def complaint(index: QdrantVectorIndex) -> str:
    with pytest.raises(VectorIndexUnavailable) as told:
        await index.search([ASKED], 3)
    return str(told.value)


async def seconds_to_recover(index: QdrantVectorIndex) -> float:
    began = time.monotonic()
    while time.monotonic() - began < 10:
        try:
            await index.search([ASKED], 3)
        except VectorIndexUnavailable:
            await asyncio.sleep(0.02)
        else:
            break
    return time.monotonic() - began


class TestCollection:
    async def test_it_is_made_for_search_within_partitions(self, store: LocalQdrant, local: QdrantVectorIndex) -> None:
        await local.ping()

        made = store.made[NAME]
        info = await store.get_collection(NAME)
        assert info.config.params.vectors == models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE)
        assert (made["hnsw_config"].m, made["hnsw_config"].payload_m) == (0, 16)
        assert made["quantization_config"].scalar.type == models.ScalarType.INT8
        assert info.payload_schema["partition"].params.is_tenant
        assert info.config.metadata == {EMBEDDER: "all-MiniLM-L6-v2/int8/1a2b3c4d"}

    async def test_the_alias_names_the_first_one_and_stays(self, store: LocalQdrant, local: QdrantVectorIndex) -> None:
        await local.ping()
        await index_over(QdrantConnection(store), Blueprint("another", DIMENSIONS, "ragboost")).ping()

        (alias,) = (await store.get_aliases()).aliases
        assert (alias.alias_name, alias.collection_name) == ("ragboost", NAME)

    async def test_it_is_looked_at_once(self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex) -> None:
        await remote.ping()
        before = len(qdrant_server.asked)
        for _ in range(3):
            await remote.search([ASKED], 3)
        assert len(qdrant_server.asked) == before + 3

    async def test_a_making_that_was_cut_short_is_finished(self, store: LocalQdrant, local: QdrantVectorIndex) -> None:
        await local.ping()
        await store.delete_payload_index(NAME, "partition")

        again = index_over(QdrantConnection(store))
        await again.upsert(points(1))

        assert "partition" in (await store.get_collection(NAME)).payload_schema

    async def test_workers_that_start_at_once_make_one(self, qdrant_server: ScriptedQdrant) -> None:
        connections = [QdrantConnection(QdrantAddress(qdrant_server.url).client(), 5) for _ in range(8)]
        await asyncio.gather(*(index_over(each).upsert(points(3)) for each in connections))
        assert list(await index_over(connections[0]).page(None, 9)) == [fingerprint(each) for each in range(3)]
        await asyncio.gather(*(each.close() for each in connections))

    async def test_one_that_was_removed_is_made_again(self, store: LocalQdrant, local: QdrantVectorIndex) -> None:
        await local.upsert(points(3))
        await store.delete_collection(NAME)

        assert "not found" in await complaint(local)
        assert list((await local.search([ASKED], 3))[0]) == []


Spoil = Callable[[LocalQdrant], object]


async def _made_otherwise(store: LocalQdrant, vectors: object, metadata: object) -> None:
    await store.create_collection(NAME, vectors, metadata=metadata)
    await store.create_payload_index(NAME, "partition")


COSINE = models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE)
OURS = {EMBEDDER: BLUEPRINT.embedder}


class TestDifferences:
    @pytest.mark.parametrize(
        ("vectors", "metadata", "difference"),
        [
            (COSINE.model_copy(update={"size": 7}), OURS, "its vectors have 7 dimensions, those of"),
            (COSINE.model_copy(update={"distance": models.Distance.DOT}), OURS, "its distance is Dot, not Cosine"),
            ({"text": COSINE}, OURS, "its vectors have names"),
            (COSINE, {EMBEDDER: "another/1"}, "it holds embeddings of another/1, not of all-MiniLM-L6-v2/int8"),
            (COSINE, None, "its metadata names no embedder"),
        ],
    )
    async def test_each_is_named_with_the_remedy(
        self, store: LocalQdrant, local: QdrantVectorIndex, vectors: object, metadata: object, difference: str
    ) -> None:
        await _made_otherwise(store, vectors, metadata)

        with pytest.raises(VectorIndexDiffers) as told:
            await local.ping()

        assert difference in str(told.value)
        assert f"the collection {NAME}" in str(told.value)
        assert "Remove it" in str(told.value)
        assert "RAGBOOST_QDRANT_COLLECTION" in str(told.value)

    async def test_so_is_a_missing_index_of_points_that_are_there(
        self, store: LocalQdrant, local: QdrantVectorIndex
    ) -> None:
        await local.upsert(points(1))
        await store.delete_payload_index(NAME, "partition")

        with pytest.raises(VectorIndexDiffers, match="no keyword index with is_tenant on the field partition"):
            await local.ping()

    async def test_it_serves_once_the_difference_is_gone(self, store: LocalQdrant, local: QdrantVectorIndex) -> None:
        await _made_otherwise(store, COSINE, None)
        await complaint(local)
        await store.delete_collection(NAME)

        await local.upsert(points(1))


class TestBatches:
    async def test_many_points_travel_in_few_requests(
        self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex
    ) -> None:
        await remote.ping()
        qdrant_server.asked.clear()

        await remote.upsert(points(300))
        await remote.remove([fingerprint(each) for each in range(300)])
        await remote.read([fingerprint(each) for each in range(300)])

        assert len(qdrant_server.asked) == 9

    async def test_many_searches_travel_in_few_requests(self, qdrant_server: ScriptedQdrant) -> None:
        connection = QdrantConnection(QdrantAddress(qdrant_server.url).client(), 10)
        index = index_over(connection)
        await index.upsert(points(3))
        qdrant_server.asked.clear()

        found = await index.search([ASKED] * 100, 1)

        assert len(found) == 100
        assert len(qdrant_server.asked) == 2
        await connection.close()

    async def test_a_point_of_the_same_identity_is_not_taken_for_the_one_that_is_wanted(
        self, local: QdrantVectorIndex
    ) -> None:
        await local.upsert(points(1))

        assert await local.read([Fingerprint("0" * 32 + "f" * 32)]) == []


class TestOptimising:
    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "LOOK_EVERY", 0.01)

    @pytest.mark.parametrize("status", [models.CollectionStatus.YELLOW, models.CollectionStatus.GREY])
    async def test_it_is_over_when_the_server_says_so(
        self, store: LocalQdrant, local: QdrantVectorIndex, status: models.CollectionStatus
    ) -> None:
        store.status = status
        optimising = asyncio.create_task(local.optimise())
        await asyncio.sleep(0.05)
        assert not optimising.done()

        store.status = models.CollectionStatus.GREEN
        await asyncio.wait_for(optimising, 2)

    async def test_a_server_that_cannot_is_an_error(self, store: LocalQdrant, local: QdrantVectorIndex) -> None:
        store.status = models.CollectionStatus.RED
        with pytest.raises(VectorIndexUnavailable, match="cannot optimise"):
            await local.optimise()


class TestOutages:
    @pytest.mark.parametrize(
        ("manner", "words"),
        [
            (Hanging(), f"no answer within {PATIENCE:g} s"),
            (Refusing(401), "set QDRANT_API_KEY"),
            (Refusing(403), "check QDRANT_API_KEY"),
            (Refusing(500), "no space left on device"),
            (Refusing(503, "starting"), "starting"),
            (Refusing(404, "Not found: Collection `x` doesn't exist!"), "doesn't exist"),
        ],
        ids=repr,
    )
    async def test_what_is_wrong_is_said_without_the_key(
        self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex, manner: object, words: str
    ) -> None:
        await remote.upsert(points(3))
        qdrant_server.manner = manner  # type: ignore[assignment]

        told = await complaint(remote)

        assert words in told
        assert SECRET not in told
        qdrant_server.manner = Willing()
        assert await seconds_to_recover(remote) < 3
        assert len((await remote.search([ASKED], 9))[0]) == 3

    async def test_nobody_waits_for_long(self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex) -> None:
        await remote.upsert(points(3))
        qdrant_server.manner = Hanging()
        began = time.monotonic()
        for _ in range(20):
            await complaint(remote)
        assert time.monotonic() - began < PATIENCE + 0.3

    async def test_a_search_that_was_given_up_does_not_disturb_the_next(
        self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex
    ) -> None:
        await remote.upsert(points(3))
        qdrant_server.manner = Hanging()
        asking = asyncio.create_task(remote.search([ASKED], 3))
        await asyncio.sleep(0.05)
        asking.cancel()
        qdrant_server.manner = Willing()

        assert len((await remote.search([ASKED], 9))[0]) == 3

    @pytest.mark.parametrize(
        "text", ["<html>Welcome</html>", "{}", '{"result": null}', '{"result": {"points": 3}}', ""]
    )
    async def test_a_server_that_is_none_is_an_error(self, qdrant_server: ScriptedQdrant, text: str) -> None:
        connection = QdrantConnection(QdrantAddress(qdrant_server.url).client(), PATIENCE)
        index = index_over(connection)
        await index.upsert(points(1))
        qdrant_server.manner = Garbled(text)

        assert "Qdrant cannot be" in await complaint(index)
        await connection.close()

    async def test_a_server_that_was_stopped_is_found_again(self, qdrant_server: ScriptedQdrant) -> None:
        connection = QdrantConnection(QdrantAddress(qdrant_server.url).client(), PATIENCE)
        index = index_over(connection)
        await index.upsert(points(3))
        qdrant_server.stop()
        try:
            assert "cannot be reached" in await complaint(index)
            assert "cannot be reached" in await complaint(index)
            assert "away" in await complaint(index)
        finally:
            qdrant_server.start()

        assert await seconds_to_recover(index) < 3
        await connection.close()

    async def test_writes_get_longer_than_searches(
        self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex
    ) -> None:
        await remote.ping()
        qdrant_server.manner = Slow(2 * PATIENCE)
        writing = asyncio.create_task(remote.upsert(points(1)))
        await asyncio.sleep(3 * PATIENCE)
        qdrant_server.manner = Willing()
        await writing

    async def test_the_first_search_gives_up_while_the_collection_is_made(
        self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex
    ) -> None:
        qdrant_server.manner = Slow(PATIENCE)
        assert "no answer within" in await complaint(remote)
        await asyncio.sleep(PATIENCE)
        qdrant_server.manner = Willing()
        assert await seconds_to_recover(remote) < 3

    async def test_it_can_be_closed_while_it_is_looked_at(
        self, qdrant_server: ScriptedQdrant, remote: QdrantVectorIndex
    ) -> None:
        qdrant_server.manner = Hanging()
        await complaint(remote)
        await asyncio.wait_for(remote.close(), 1)

    async def test_a_key_opens_the_door(self, qdrant_server: ScriptedQdrant, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(qdrant_server, "api_key", SECRET)
        for key in (SECRET, "wrong"):
            connection = QdrantConnection(QdrantAddress(qdrant_server.url, key).client(), 5)
            if key == SECRET:
                await index_over(connection).ping()
            else:
                assert "set QDRANT_API_KEY" in await complaint(index_over(connection))
            await connection.close()


async def test_an_address_does_not_show_its_key() -> None:
    assert SECRET not in repr(QdrantAddress("http://localhost", SECRET))


async def test_the_client_keeps_connections_to_its_own_machine_open() -> None:
    assert wire.CONNECTIONS.max_keepalive_connections

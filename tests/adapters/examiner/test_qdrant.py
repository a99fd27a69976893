"""What a Qdrant is found to be, by way of a server that is as it is told to be."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
from attrs import evolve
from qdrant_client import models

from adapters.clock import SystemClock
from adapters.examiner.latency import Deadline
from adapters.examiner.qdrant import QdrantExaminer, Wanted
from adapters.examiner.succession import Successor
from adapters.vector_index.qdrant.blueprint import EMBEDDER, Blueprint
from adapters.vector_index.qdrant.collection import QdrantCollection
from adapters.vector_index.qdrant.connection import QdrantAddress, QdrantConnection
from adapters.vector_index.qdrant.shelf import QdrantIndexShelf
from domain.examination import Finding, Judgement
from tests.qdrant_server import Garbled, Hanging, ReadOnly, Refusing, ScriptedQdrant, Slow

OURS = Blueprint("mini/int8/1", 3, "ragboost")
EVERYTHING = ["server", "rights", "collection", "in use", "latency"]

Examine = Callable[..., Awaitable[Mapping[str, Finding]]]


@pytest.fixture
async def examine(qdrant_server: ScriptedQdrant) -> AsyncIterator[Examine]:
    """Examine the server for the collection of a blueprint; *within* are the seconds that a worker waits."""
    connections: list[QdrantConnection] = []

    async def examine(
        expected: Blueprint | None = OURS, within: float = 20.0, patience: float = 20.0, **address: object
    ) -> Mapping[str, Finding]:
        place = evolve(QdrantAddress(qdrant_server.url), **address)
        connections.append(QdrantConnection(place.client(), max(within, 2.0)))
        deadline = Deadline("qdrant", within, "RAGBOOST_QDRANT_TIMEOUT")
        wanted = Wanted(expected, successor(connections[-1], expected)) if expected else None
        examiner = QdrantExaminer(connections[-1], wanted, deadline, SystemClock(), patience)
        return {each.subject: each for each in await examiner.examine()}

    yield examine
    for each in connections:
        await each.close()


@pytest.fixture
async def collection(qdrant_server: ScriptedQdrant) -> AsyncIterator[None]:
    """Have the collection made as a worker makes it."""
    connection = QdrantConnection(QdrantAddress(qdrant_server.url).client(), 20.0)
    made = QdrantCollection(connection, OURS)
    await made.ready()
    yield
    await made.close()
    await connection.close()


def successor(connection: QdrantConnection, expected: Blueprint) -> Successor:
    return Successor(QdrantIndexShelf(connection, expected.prefix), expected.embedder, ["mini/int8/1"].__contains__)


def make(server: ScriptedQdrant, **changes: object) -> None:
    """Make the collection otherwise than we do."""
    vectors = models.VectorParams(size=3, distance=models.Distance.COSINE)
    made = {"vectors_config": vectors, "metadata": {EMBEDDER: OURS.embedder}, **changes}
    server.do(server.store.create_collection(OURS.name, **made))
    server.do(server.store.create_payload_index(OURS.name, "partition"))


async def test_one_that_nobody_has_used_yet_is_left_as_it_is(examine: Examine, qdrant_server: ScriptedQdrant) -> None:
    found = await examine()

    assert list(found) == EVERYTHING
    assert {each.judgement for each in found.values()} == {Judgement.OK}
    assert found["collection"].found == "ragboost-mini-int8-1 is not there, and made when it is first used"
    assert qdrant_server.do(qdrant_server.store.get_collections()).collections == []
    assert [each for each in qdrant_server.asked if not each.startswith("GET ")] == [
        "POST /collections/ragboost-mini-int8-1/points/delete?wait=true"
    ]


@pytest.mark.usefixtures("collection")
async def test_one_that_is_used_is_found_sound(examine: Examine) -> None:
    found = await examine()

    assert {each.judgement for each in found.values()} == {Judgement.OK}
    assert found["server"].found.startswith("Qdrant 1.20.0; our client is ")
    assert found["collection"].found == "ragboost-mini-int8-1, 0 points, green"


@pytest.mark.usefixtures("collection")
async def test_it_is_looked_at_over_grpc_where_it_is_asked_so(examine: Examine, qdrant_grpc_port: int) -> None:
    found = await examine(prefer_grpc=True, grpc_port=qdrant_grpc_port)

    assert list(found) == EVERYTHING
    assert {each.judgement for each in found.values()} == {Judgement.OK}


async def test_without_an_embedder_there_is_no_collection_to_look_for(examine: Examine) -> None:
    assert list(await examine(expected=None)) == ["server", "latency"]


class TestServer:
    async def test_one_that_is_away(self, examine: Examine, qdrant_server: ScriptedQdrant) -> None:
        qdrant_server.stop()
        (finding,) = (await examine()).values()
        (over_grpc,) = (await examine(prefer_grpc=True, grpc_port=1)).values()
        qdrant_server.start()

        for each in (finding, over_grpc):
            assert (each.subject, each.judgement) == ("server", Judgement.WRONG)
            assert each.remedy.startswith("QDRANT_URL, and with gRPC RAGBOOST_QDRANT_GRPC_PORT, must name a Qdrant")

    async def test_one_that_hangs(self, examine: Examine, qdrant_server: ScriptedQdrant) -> None:
        qdrant_server.manner = Hanging()
        (finding,) = (await examine(patience=0.1)).values()

        assert finding.found == "Qdrant gave no answer within 0.1 s"

    async def test_something_else_that_answers(self, examine: Examine, qdrant_server: ScriptedQdrant) -> None:
        qdrant_server.manner = Garbled()
        (finding,) = (await examine()).values()

        assert finding.found.startswith("Qdrant cannot be used: JSONDecodeError")
        assert "QDRANT_URL" in finding.remedy

    @pytest.mark.parametrize(("status", "remedy"), [(401, "set QDRANT_API_KEY"), (403, "check QDRANT_API_KEY")])
    async def test_the_wrong_key_or_none(
        self, examine: Examine, qdrant_server: ScriptedQdrant, status: int, remedy: str
    ) -> None:
        qdrant_server.manner = Refusing(status)
        (finding,) = (await examine(api_key="s3cr3t-word")).values()

        assert (finding.judgement, finding.remedy) == (Judgement.WRONG, remedy)
        assert "s3cr3t-word" not in finding.found

    @pytest.mark.parametrize(
        ("version", "judgement"),
        [
            ("1.15.4", Judgement.WRONG),
            ("what?", Judgement.WRONG),
            ("1.16.0", Judgement.ADVICE),
            ("1.19.2", Judgement.OK),
            ("1.20.0-dev", Judgement.OK),
            ("2.20.0", Judgement.ADVICE),
        ],
    )
    async def test_its_version_must_be_near_our_clients(
        self, examine: Examine, qdrant_server: ScriptedQdrant, version: str, judgement: Judgement
    ) -> None:
        qdrant_server.store.version = version
        server = (await examine())["server"]
        qdrant_server.store.version = "1.20.0"

        assert server.judgement is judgement
        assert bool(server.remedy) == (judgement is not Judgement.OK)


@pytest.mark.usefixtures("collection")
class TestRights:
    async def test_a_key_that_may_only_read(self, examine: Examine, qdrant_server: ScriptedQdrant) -> None:
        qdrant_server.manner = ReadOnly()
        found = await examine(api_key="s3cr3t-word")

        assert found["rights"].judgement is Judgement.WRONG
        assert found["rights"].remedy == "QDRANT_API_KEY must be one that may write"
        assert found["collection"].judgement is Judgement.OK


class TestCollection:
    @pytest.mark.parametrize(
        ("changes", "difference"),
        [
            ({"vectors_config": models.VectorParams(size=5, distance="Cosine")}, "its vectors have 5 dimensions"),
            ({"vectors_config": models.VectorParams(size=3, distance="Dot")}, "its distance is Dot"),
            ({"metadata": {EMBEDDER: "other"}}, "it holds embeddings of other, not of mini/int8/1"),
        ],
    )
    async def test_one_that_was_made_for_something_else(
        self, examine: Examine, qdrant_server: ScriptedQdrant, changes: dict[str, object], difference: str
    ) -> None:
        make(qdrant_server, **changes)
        collection = (await examine())["collection"]

        assert collection.judgement is Judgement.WRONG
        assert difference in collection.found
        assert collection.remedy.startswith("Remove it, ")

    async def test_one_without_the_index_of_partitions(self, examine: Examine, qdrant_server: ScriptedQdrant) -> None:
        make(qdrant_server)
        point = models.PointStruct(id=1, vector=[1.0, 0.0, 0.0], payload={})
        qdrant_server.do(qdrant_server.store.upsert(OURS.name, [point]))
        qdrant_server.do(qdrant_server.store.delete_payload_index(OURS.name, "partition"))
        collection = (await examine())["collection"]

        assert collection.judgement is Judgement.WRONG
        assert "no keyword index with is_tenant" in collection.found

    async def test_one_whose_making_was_cut_short(self, examine: Examine, qdrant_server: ScriptedQdrant) -> None:
        make(qdrant_server)
        qdrant_server.do(qdrant_server.store.delete_payload_index(OURS.name, "partition"))
        collection = (await examine())["collection"]

        assert collection.judgement is Judgement.OK
        assert collection.found == "ragboost-mini-int8-1 is begun, and finished at the next start"

    @pytest.mark.usefixtures("collection")
    async def test_one_that_cannot_be_optimised(self, examine: Examine, qdrant_server: ScriptedQdrant) -> None:
        qdrant_server.store.status = models.CollectionStatus.RED
        collection = (await examine())["collection"]
        qdrant_server.store.status = models.CollectionStatus.GREEN

        assert collection.judgement is Judgement.WRONG
        assert collection.found.startswith("ragboost-mini-int8-1, 0 points, red")


class TestSuccession:
    @pytest.fixture(autouse=True)
    async def in_use(self, collection: None, qdrant_server: ScriptedQdrant) -> None:
        connection = QdrantConnection(QdrantAddress(qdrant_server.url).client(), 20.0)
        await QdrantIndexShelf(connection, OURS.prefix).take_into_use(OURS.embedder)
        await connection.close()

    async def test_ours_is_in_use(self, examine: Examine) -> None:
        assert (await examine())["in use"].found == "that of mini/int8/1"

    async def test_another_embedders_is(self, examine: Examine) -> None:
        in_use = (await examine(evolve(OURS, embedder="mini/int8/2")))["in use"]

        assert in_use.judgement is Judgement.ADVICE
        assert in_use.found == "that of mini/int8/1, and the embedder is mini/int8/2"
        assert in_use.remedy.startswith("`ragboost index migrate` moves memory")


async def test_answers_may_take_too_long(examine: Examine, qdrant_server: ScriptedQdrant) -> None:
    qdrant_server.manner = Slow(0.03)
    slow, patient = await examine(expected=None, within=0.05), await examine(expected=None)

    assert slow["latency"].judgement is Judgement.WRONG
    assert "RAGBOOST_QDRANT_TIMEOUT" in slow["latency"].remedy
    assert patient["latency"].judgement is Judgement.OK

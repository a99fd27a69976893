"""What every shelf of indexes promises: each embedder version has one, and one of them is in use."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from attrs import frozen

from adapters.vector_index.edge.folder import EdgeFolder, folder_of
from adapters.vector_index.edge.shelf import EdgeIndexShelf
from adapters.vector_index.memory import MemoryIndexShelf
from adapters.vector_index.qdrant.blueprint import Blueprint
from adapters.vector_index.qdrant.collection import QdrantCollection
from adapters.vector_index.qdrant.connection import QdrantAddress, QdrantConnection
from adapters.vector_index.qdrant.shelf import QdrantIndexShelf
from domain.succession import IndexShelf
from tests.qdrant_local import LocalQdrant
from tests.qdrant_server import ScriptedQdrant

OURS, OTHER, THIRD = "model/int8/1", "model/fp32/2", "another/3"


@frozen
class Shelf:
    """A shelf, and a way to make the index of a version as its adapter does."""

    shelf: IndexShelf
    make: Callable[[str], Awaitable[None]]


async def in_memory(_: Path, __: ScriptedQdrant) -> AsyncIterator[Shelf]:
    shelf = MemoryIndexShelf(OURS)

    async def make(version: str) -> None:
        shelf.hold(version)

    yield Shelf(shelf, make)


async def on_disk(folder: Path, _: ScriptedQdrant) -> AsyncIterator[Shelf]:
    async def make(version: str) -> None:
        EdgeFolder(folder_of(folder, version), version, 4).shard()

    yield Shelf(EdgeIndexShelf(folder, OURS), make)


async def on_local_qdrant(_: Path, __: ScriptedQdrant) -> AsyncIterator[Shelf]:
    async for shelf in on_qdrant(QdrantConnection(LocalQdrant(), 5)):
        yield shelf


async def on_remote_qdrant(_: Path, server: ScriptedQdrant) -> AsyncIterator[Shelf]:
    async for shelf in on_qdrant(QdrantConnection(QdrantAddress(server.url).client(), 5)):
        yield shelf


async def on_qdrant(connection: QdrantConnection) -> AsyncIterator[Shelf]:
    async def make(version: str) -> None:
        await QdrantCollection(connection, Blueprint(version, 4, "shelf")).ready()

    yield Shelf(QdrantIndexShelf(connection, "shelf"), make)
    await connection.close()


KINDS = {"memory": in_memory, "edge": on_disk, "qdrant-local": on_local_qdrant, "qdrant-rest": on_remote_qdrant}


@pytest.fixture(params=KINDS)
async def shelf(request: pytest.FixtureRequest, tmp_path: Path, qdrant_server: ScriptedQdrant) -> AsyncIterator[Shelf]:
    async for each in KINDS[request.param](tmp_path, qdrant_server):
        yield each


async def made(shelf: Shelf, *versions: str) -> None:
    for each in versions:
        await shelf.make(each)


async def versions(shelf: Shelf) -> Sequence[str]:
    return list(await shelf.shelf.versions())


async def test_each_version_that_has_an_index_is_named(shelf: Shelf) -> None:
    await made(shelf, OURS, OTHER, THIRD)

    assert await versions(shelf) == [THIRD, OTHER, OURS]


async def test_one_is_in_use_until_another_is(shelf: Shelf) -> None:
    await made(shelf, OURS, OTHER)

    for each in (OURS, OTHER, OTHER, OURS):
        await shelf.shelf.take_into_use(each)
        assert await shelf.shelf.in_use() == each


async def test_what_is_removed_is_gone_and_the_rest_stays(shelf: Shelf) -> None:
    await made(shelf, OURS, OTHER)
    await shelf.shelf.take_into_use(OURS)

    await shelf.shelf.remove(OTHER)
    await shelf.shelf.remove(OTHER)

    assert await versions(shelf) == [OURS]
    assert await shelf.shelf.in_use() == OURS


async def test_what_is_not_there_is_passed_over(shelf: Shelf) -> None:
    await made(shelf, OURS)

    await shelf.shelf.remove(THIRD)

    assert await versions(shelf) == [OURS]

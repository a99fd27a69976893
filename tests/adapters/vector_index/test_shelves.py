"""What only the shelves on disk and on a server must stand: strangers, damage, and services that run."""

from pathlib import Path

import pytest
from qdrant_client import models

from adapters.vector_index.edge.folder import EdgeFolder, folder_of
from adapters.vector_index.edge.shelf import IN_USE, EdgeIndexShelf
from adapters.vector_index.qdrant.blueprint import EMBEDDER, Blueprint
from adapters.vector_index.qdrant.collection import QdrantCollection
from adapters.vector_index.qdrant.connection import QdrantConnection
from adapters.vector_index.qdrant.shelf import QdrantIndexShelf
from domain.similarity import VectorIndexUnavailable
from tests.qdrant_local import LocalQdrant

OURS, OTHER = "model/int8/1", "model/fp32/2"


def begun(folder: Path, *versions: str) -> None:
    for each in versions:
        EdgeFolder(folder_of(folder, each), each, 4).shard()


class TestOnDisk:
    async def test_where_nothing_is_said_another_one_than_ours_is_in_use(self, tmp_path: Path) -> None:
        shelf = EdgeIndexShelf(tmp_path, OURS)
        assert await shelf.in_use() is None
        begun(tmp_path, OURS)
        assert await shelf.in_use() is None
        begun(tmp_path, OTHER)
        assert await shelf.in_use() == OTHER

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"embedder": 3}'])
    async def test_what_cannot_be_read_says_nothing(self, tmp_path: Path, text: str) -> None:
        begun(tmp_path, OURS, OTHER)
        (tmp_path / IN_USE).write_text(text)
        (folder_of(tmp_path, OURS) / "manifest.json").write_text(text)

        shelf = EdgeIndexShelf(tmp_path, OURS)

        assert await shelf.in_use() == OTHER
        assert list(await shelf.versions()) == [OTHER]

    async def test_one_that_is_gone_is_not_in_use(self, tmp_path: Path) -> None:
        shelf = EdgeIndexShelf(tmp_path, OURS)
        await shelf.take_into_use(OTHER)
        assert await shelf.in_use() is None

    async def test_one_that_was_damaged_and_moved_aside_is_none(self, tmp_path: Path) -> None:
        begun(tmp_path, OURS)
        EdgeFolder(folder_of(tmp_path, OURS), OURS, 4).move_aside()
        assert list(await EdgeIndexShelf(tmp_path, OURS).versions()) == []

    async def test_one_that_a_service_has_open_is_not_removed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("adapters.vector_index.edge.folder.PATIENCE", 0.05)
        begun(tmp_path, OTHER)
        opened = EdgeFolder(folder_of(tmp_path, OTHER), OTHER, 4)
        opened.lock()

        with pytest.raises(VectorIndexUnavailable, match="in use by another process"):
            await EdgeIndexShelf(tmp_path, OURS).remove(OTHER)

        assert list(await EdgeIndexShelf(tmp_path, OURS).versions()) == [OTHER]
        opened.unlock()

    async def test_a_folder_that_cannot_be_written_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(VectorIndexUnavailable):
            await EdgeIndexShelf(tmp_path / "file", OURS).take_into_use(OURS)


class TestOnAServer:
    async def test_what_is_not_ours_is_left_alone(self) -> None:
        client = LocalQdrant()
        connection = QdrantConnection(client, 5)
        shelf = QdrantIndexShelf(connection, "ours")
        await QdrantCollection(connection, Blueprint(OTHER, 4, "ours-too")).ready()
        cosine = models.VectorParams(size=4, distance=models.Distance.COSINE)
        await client.create_collection("ours-by-name", cosine)
        await client.create_collection("theirs", cosine, metadata={EMBEDDER: OTHER})

        assert list(await shelf.versions()) == []
        await shelf.remove(OTHER)
        assert await shelf.in_use() is None
        assert len((await client.get_collections()).collections) == 3
        await connection.close()

    async def test_a_former_collection_that_is_gone_is_not_made_again(self) -> None:
        client = LocalQdrant()
        connection = QdrantConnection(client, 5)
        former = QdrantCollection(connection, Blueprint(OTHER, 4, "ours"), made_if_missing=False)

        with pytest.raises(VectorIndexUnavailable, match="not there any more"):
            await former.ready()

        assert (await client.get_collections()).collections == []
        await connection.close()

"""The collections that stand side by side on a server, one for each embedder version, and the alias of one of them."""

from collections.abc import Sequence
from functools import partial

from qdrant_client import models

from adapters.vector_index.qdrant.blueprint import EMBEDDER, Blueprint
from adapters.vector_index.qdrant.connection import MAINTENANCE, QdrantConnection
from domain.succession import IndexShelf


class QdrantIndexShelf(IndexShelf):
    """
    The collections whose names begin with *prefix*; the alias that is the prefix itself names the one in use.

    What a collection's metadata does not call ours is not ours, whatever its name.
    """

    def __init__(self, connection: QdrantConnection, prefix: str) -> None:
        self._connection = connection
        self._client = connection.client
        self._prefix = prefix

    async def in_use(self) -> str | None:  # noqa: D102
        return await self._connection.ask(self._in_use)

    async def take_into_use(self, embedder: str) -> None:  # noqa: D102
        change = naming(self._named(embedder))
        await self._connection.ask(partial(self._client.update_collection_aliases, [change]))

    async def versions(self) -> Sequence[str]:  # noqa: D102
        return await self._connection.ask(self._versions)

    async def remove(self, embedder: str) -> None:  # noqa: D102
        if embedder in await self.versions():
            name = self._named(embedder).name
            await self._connection.ask(partial(self._client.delete_collection, name), MAINTENANCE)

    async def _in_use(self) -> str | None:
        aliases = (await self._client.get_aliases()).aliases
        names = [each.collection_name for each in aliases if each.alias_name == self._prefix]
        return await self._maker(names[0]) if names else None

    async def _versions(self) -> list[str]:
        names = [each.name for each in (await self._client.get_collections()).collections]
        makers = [(name, await self._maker(name)) for name in names if name.startswith(f"{self._prefix}-")]
        return sorted(maker for name, maker in makers if maker and self._named(maker).name == name)

    async def _maker(self, name: str) -> str | None:
        metadata = (await self._client.get_collection(name)).config.metadata or {}
        return metadata.get(EMBEDDER)

    def _named(self, embedder: str) -> Blueprint:
        return Blueprint(embedder, 0, self._prefix)


def naming(blueprint: Blueprint) -> models.CreateAliasOperation:
    """Have the alias mean this collection, and from that moment on no other."""
    return models.CreateAliasOperation(
        create_alias=models.CreateAlias(collection_name=blueprint.name, alias_name=blueprint.prefix)
    )

"""The collection of one embedder version on a server: made when it is not there, and looked at before it is used."""

import asyncio

from qdrant_client import models

from adapters.vector_index.qdrant.blueprint import EMBEDDER, GRAPH, QUANTISED, TENANTS, Blueprint
from adapters.vector_index.qdrant.connection import MAINTENANCE, QdrantConnection
from adapters.vector_index.qdrant.points import PARTITION
from adapters.vector_index.qdrant.shelf import naming
from domain.similarity import VectorIndexUnavailable


class QdrantCollection:
    """
    The collection that *blueprint* describes; *made_if_missing* tells whether it may be made.

    It is looked at in a task of its own: whoever waits for that may lose patience, it goes on for the next.
    """

    def __init__(self, connection: QdrantConnection, blueprint: Blueprint, *, made_if_missing: bool = True) -> None:
        self._connection = connection
        self._client = connection.client
        self._blueprint = blueprint
        self._made_if_missing = made_if_missing
        self._sound = False
        self._looking: asyncio.Task[None] | None = None

    async def ready(self) -> str:
        """
        Give its name, once it is known to be there and sound.

        Raises:
            VectorIndexDiffers: it was made for something else.
            VectorIndexUnavailable: the server does not answer, or refuses.
        """
        if not self._sound:
            await self.check()
        return self._blueprint.name

    async def check(self) -> None:
        """Look at it now, or wait for the look under way; raises what ``ready`` does."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        await asyncio.shield(self._looking)

    def doubt(self) -> None:
        """Have it looked at again before it is next used."""
        self._sound = False

    async def is_optimised(self) -> bool:
        """Tell whether the server has nothing left to do about it, and wake it where it waits for a change."""
        name = await self.ready()
        info = await self._client.get_collection(name)
        if info.status == models.CollectionStatus.RED:
            raise VectorIndexUnavailable(f"Qdrant cannot optimise the collection {name}: {info.optimizer_status}")
        if info.status == models.CollectionStatus.GREY:
            await self._client.update_collection(name, optimizers_config=models.OptimizersConfigDiff())
        return info.status == models.CollectionStatus.GREEN

    async def close(self) -> None:
        """Give up a look under way."""
        if self._looking:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def _looked(self, look: asyncio.Task[None]) -> None:
        """Let the next one look again, and take note of an error that perhaps nobody waits for any more."""
        self._looking = None
        self._sound = not look.cancelled() and look.exception() is None

    async def _look(self) -> None:
        ask = self._connection.ask
        if not await ask(self._exists):
            await ask(self._make, MAINTENANCE)
        info = await ask(self._info)
        if PARTITION not in info.payload_schema and not info.points_count:  # its making was cut short
            await ask(self._make_index, MAINTENANCE)
            info = await ask(self._info)
        self._blueprint.refuse(info)
        await ask(self._name_it_if_none_is_named)

    async def _exists(self) -> bool:
        return await self._client.collection_exists(self._blueprint.name)

    async def _info(self) -> models.CollectionInfo:
        return await self._client.get_collection(self._blueprint.name)

    async def _make(self) -> None:
        """Make it; should another worker do so at the same time, theirs is as good."""
        if not self._made_if_missing:
            raise VectorIndexUnavailable(f"the collection {self._blueprint.name} is not there any more")
        try:
            await self._client.create_collection(
                self._blueprint.name,
                models.VectorParams(size=self._blueprint.dimensions, distance=models.Distance.COSINE),
                hnsw_config=GRAPH,
                quantization_config=QUANTISED,
                metadata={EMBEDDER: self._blueprint.embedder},
            )
        except Exception:
            if not await self._exists():
                raise

    async def _make_index(self) -> None:
        await self._client.create_payload_index(self._blueprint.name, PARTITION, TENANTS, wait=True)

    async def _name_it_if_none_is_named(self) -> None:
        aliases = await self._client.get_aliases()
        if not any(each.alias_name == self._blueprint.prefix for each in aliases.aliases):
            await self._client.update_collection_aliases([naming(self._blueprint)])

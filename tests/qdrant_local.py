"""
Qdrant in this process: the client's own local mode, which remembers what a server would remember of a collection.

Local mode searches every point, so it forgets how a collection was to be indexed. A server does not, and the
driver looks at it. Nor has a server a folder of its own per client: ``path`` keeps the points over a restart.
"""

import json
from pathlib import Path
from typing import Any

from qdrant_client import AsyncQdrantClient, models


class LocalQdrant(AsyncQdrantClient):
    """Local mode, in memory or in the folder *path*; *made* holds what each collection was created with."""

    def __init__(self, path: Path | None = None) -> None:
        where: dict[str, Any] = {"path": str(path)} if path else {"location": ":memory:"}
        super().__init__(**where)
        self.made: dict[str, dict[str, Any]] = {}
        self.status = models.CollectionStatus.GREEN
        self.version = "1.20.0"
        self._notes = path / "indexes.json" if path else None
        self._indexes: dict[str, list[str]] = {}
        if self._notes and self._notes.exists():
            self._indexes = json.loads(self._notes.read_text())

    async def info(self) -> models.VersionInfo:
        return models.VersionInfo(title="qdrant - vector search engine", version=self.version)

    async def create_collection(self, collection_name: str, *given: Any, **named: Any) -> bool:
        self.made[collection_name] = named
        return await super().create_collection(collection_name, *given, **named)

    async def query_batch_points(self, collection_name: str, requests: Any, *given: Any, **named: Any) -> Any:
        exact = [each.model_copy(update={"params": None}) for each in requests]  # it warns of what it has no use for
        return await super().query_batch_points(collection_name, exact, *given, **named)

    async def create_payload_index(self, collection_name: str, field_name: str, *given: Any, **named: Any) -> Any:
        await super().get_collection(collection_name)  # it must be there
        self._note(collection_name, [*self._indexes.get(collection_name, []), field_name])
        return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)

    async def get_collection(self, collection_name: str, **named: Any) -> models.CollectionInfo:
        info = await super().get_collection(collection_name, **named)
        params = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        index = models.PayloadIndexInfo(data_type=models.PayloadSchemaType.KEYWORD, params=params, points=0)
        fields = self._indexes.get(await self._meant(collection_name), [])
        return info.model_copy(update={"payload_schema": dict.fromkeys(fields, index), "status": self.status})

    async def delete_collection(self, collection_name: str, *given: Any, **named: Any) -> bool:
        self._note(collection_name, [])
        return await super().delete_collection(collection_name, *given, **named)

    async def delete_payload_index(self, collection_name: str, field_name: str, *given: Any, **named: Any) -> Any:
        self._note(collection_name, [each for each in self._indexes[collection_name] if each != field_name])

    async def flush(self) -> None:
        """Forget everything."""
        for each in (await self.get_collections()).collections:
            await self.delete_collection(each.name)

    async def _meant(self, name: str) -> str:
        aliases = {each.alias_name: each.collection_name for each in (await self.get_aliases()).aliases}
        return aliases.get(name, name)

    def _note(self, collection: str, fields: list[str]) -> None:
        self._indexes[collection] = fields
        if self._notes:
            self._notes.write_text(json.dumps(self._indexes))

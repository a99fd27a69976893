"""The indexes on disk, side by side in one folder, and the file that says which of them is in use."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from adapters.translation import ErrorTable, translating
from adapters.vector_index.edge.folder import MANIFEST, EdgeFolder, Manifest, folder_of
from domain.similarity import VectorIndexUnavailable
from domain.succession import IndexShelf

IN_USE = "in-use.json"

_TROUBLE: ErrorTable = {OSError: VectorIndexUnavailable}


class _InUse(msgspec.Struct, frozen=True):
    embedder: str


class EdgeIndexShelf(IndexShelf):
    """
    The folder of all *indexes*; *embedder* is the version that this service is configured for.

    Where no file says which index is in use, because none was changed yet, it is another one than ours if there is
    one: ours may have been begun a moment ago, and knows nothing.
    """

    def __init__(self, indexes: Path, embedder: str) -> None:
        self._indexes = indexes
        self._embedder = embedder

    async def in_use(self) -> str | None:  # noqa: D102
        return await asyncio.to_thread(self._in_use)

    async def take_into_use(self, embedder: str) -> None:  # noqa: D102
        with translating(_TROUBLE):
            await asyncio.to_thread(self._take_into_use, embedder)

    async def versions(self) -> Sequence[str]:  # noqa: D102
        return sorted(await asyncio.to_thread(lambda: list(self._versions())))

    async def remove(self, embedder: str) -> None:
        """Remove it; raises ``VectorIndexUnavailable`` where a running service has it open."""
        with translating(_TROUBLE):
            await asyncio.to_thread(self._remove, embedder)

    def _in_use(self) -> str | None:
        try:
            told = msgspec.json.decode((self._indexes / IN_USE).read_bytes(), type=_InUse)
        except (OSError, msgspec.MsgspecError):
            others = sorted(each for each in self._versions() if each != self._embedder)
            return next(iter(others), None)
        return told.embedder if told.embedder in set(self._versions()) else None

    def _take_into_use(self, embedder: str) -> None:
        self._indexes.mkdir(parents=True, exist_ok=True)
        draft = self._indexes / (IN_USE + ".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(_InUse(embedder)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._indexes / IN_USE)

    def _versions(self) -> Iterator[str]:
        """Name what has a manifest, in the folder of its name: not what was damaged and moved aside."""
        for path in self._indexes.glob(f"*/{MANIFEST}"):
            try:
                held = msgspec.json.decode(path.read_bytes(), type=Manifest).embedder
            except (OSError, msgspec.MsgspecError):
                continue
            if path.parent == folder_of(self._indexes, held):
                yield held

    def _remove(self, embedder: str) -> None:
        path = folder_of(self._indexes, embedder)
        if not path.exists():
            return
        folder = EdgeFolder(path, embedder, 0)
        folder.lock()
        try:
            (path / MANIFEST).unlink(missing_ok=True)  # first: a removal that is cut short leaves no index
            shutil.rmtree(path)
            path.with_name(path.name + ".lock").unlink(missing_ok=True)
        finally:
            folder.unlock()

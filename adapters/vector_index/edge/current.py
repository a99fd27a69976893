"""Which engine serves the index now: started when it is needed, started again when it has died."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from adapters.translation import ErrorTable, translating
from adapters.vector_index.edge.folder import Damaged, EdgeFolder
from adapters.vector_index.edge.start import Serving, serve_index
from domain.similarity import VectorIndexUnavailable

OURS: ErrorTable = {OSError: VectorIndexUnavailable, Damaged: VectorIndexUnavailable}


class CurrentEngine:
    """The engine of *folder* that is asked; *changes* counts the points that no graph knows."""

    def __init__(self, folder: EdgeFolder, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._report = report
        self._serving: Serving | None = None
        self._opening = asyncio.Lock()
        self.closed = False
        self.changes = 0

    @property
    def points(self) -> int:
        """Tell how many points there were when the shard was opened."""
        return self._serving.points if self._serving else 0

    async def get(self) -> Serving:
        """
        Give what serves.

        Raises:
            VectorIndexUnavailable: it cannot be started, or the index is closed.
        """
        if self._serving and self._serving.engine.alive:
            return self._serving
        async with self._opening:
            return await self._opened()

    async def replace(self, origin: Path, successor: Serving) -> Serving:
        """
        Let *successor*, whose shard comes from that in *origin*, serve from now on; give what served before.

        Raises:
            VectorIndexUnavailable: *origin* does not count any more, for it was damaged and moved aside.
        """
        async with self._opening:
            retired = self._serving
            if retired is None or retired.path != origin:
                raise VectorIndexUnavailable("the index was begun anew while it was optimised")
            await asyncio.to_thread(self._folder.adopt, successor.path)
            self._serving = successor
            return retired

    async def close(self) -> None:
        """Flush, end the engine and let go of the folder."""
        self.closed = True
        async with self._opening:
            if self._serving:
                await self._serving.engine.end()
            self._folder.unlock()

    def refuse_if_closed(self) -> None:
        """Raise ``VectorIndexUnavailable`` when the index is closed."""
        if self.closed:
            raise VectorIndexUnavailable("the index is closed")

    async def _opened(self) -> Serving:
        self.refuse_if_closed()
        if self._serving and self._serving.engine.alive:  # another one who waited has started it
            return self._serving
        with translating(OURS):
            return await self._reopened()

    async def _reopened(self) -> Serving:
        if self._serving:
            await self._serving.engine.kill()
        self._serving = await serve_index(self._folder, self._report)
        self.changes = self._serving.unindexed
        return self._serving

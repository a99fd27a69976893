"""Which engine serves the index now: started when it is needed, started again when it has died."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from adapters.translation import ErrorTable, translating
from adapters.vector_index.edge import process
from adapters.vector_index.edge.folder import Damaged, EdgeFolder
from adapters.vector_index.edge.start import Serving, serve_index
from domain.similarity import VectorIndexUnavailable

OURS: ErrorTable = {OSError: VectorIndexUnavailable, Damaged: VectorIndexUnavailable}


class CurrentEngine:
    """
    The engine of *folder* that is asked; *changes* counts the points that no graph knows.

    It is started in a task of its own: whoever waits for it may lose patience, the start goes on for the next.
    """

    def __init__(self, folder: EdgeFolder, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._report = report
        self._serving: Serving | None = None
        self._start: asyncio.Task[Serving] | None = None
        self._changing_hands = asyncio.Lock()
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
        self.refuse_if_closed()
        if self._start is None:
            self._start = asyncio.create_task(self._started())
            self._start.add_done_callback(self._forget)
        return await asyncio.shield(self._start)

    async def replace(self, origin: Path, successor: Serving) -> Serving:
        """
        Let *successor*, whose shard comes from that in *origin*, serve from now on; give what served before.

        Raises:
            VectorIndexUnavailable: *origin* does not count any more, for it was damaged and moved aside.
        """
        async with self._changing_hands:
            retired = self._serving
            if retired is None or retired.path != origin:
                raise VectorIndexUnavailable("the index was begun anew while it was optimised")
            await asyncio.to_thread(self._folder.adopt, successor.path)
            self._serving = successor
            return retired

    async def close(self) -> None:
        """Flush, end the engine and let go of the folder."""
        self.closed = True
        await self._end_start()
        async with self._changing_hands:
            try:
                if self._serving:
                    await self._serving.engine.end()
            finally:
                self._folder.unlock()

    def refuse_if_closed(self) -> None:
        """Raise ``VectorIndexUnavailable`` when the index is closed."""
        if self.closed:
            raise VectorIndexUnavailable("the index is closed")

    async def _started(self) -> Serving:
        try:
            with translating(OURS):
                async with self._changing_hands:
                    return await self._reopened()
        except asyncio.CancelledError:
            self.refuse_if_closed()  # those who wait for it were not cancelled: tell them why it is given up
            raise

    async def _reopened(self) -> Serving:
        if self._serving and self._serving.engine.alive:  # a successor has come in
            return self._serving
        if self._serving:
            await self._serving.engine.kill()
        self._serving = await serve_index(self._folder, self._report)
        self.changes = self._serving.unindexed
        return self._serving

    def _forget(self, start: asyncio.Task[Serving]) -> None:
        """Let the next use try again, and look at the error, for perhaps nobody waits for it any more."""
        self._start = None
        if not start.cancelled():
            start.exception()

    async def _end_start(self) -> None:
        """Let a start under way come to its end, which takes a moment, or give it up when it hangs."""
        if self._start:
            start = self._start
            await asyncio.wait([start], timeout=process.PATIENCE)
            start.cancel()
            await asyncio.wait([start])

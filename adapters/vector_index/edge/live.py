"""The shard that is served: asked, changed, and replaced by an optimised copy of itself."""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path

from adapters.translation import translating
from adapters.vector_index.edge import wire
from adapters.vector_index.edge.current import OURS, CurrentEngine
from adapters.vector_index.edge.folder import EdgeFolder
from adapters.vector_index.edge.start import Serving, serve_shard


class LiveShard:
    """
    The shard of *folder* that counts, whichever that is.

    Optimising happens on a copy, in a second engine: the copy is made between two changes, those that come in
    later are kept and given to it in the end, and the manifest changes hands in one step. So no search
    waits, no change is lost, and whoever is killed when, the manifest names a shard that has everything.
    """

    def __init__(self, folder: EdgeFolder, report: Callable[[str], None]) -> None:
        self._folder = folder
        self.current = CurrentEngine(folder, report)
        self._other: Serving | None = None
        self._missed: deque[wire.Change] | None = None
        self._writing = asyncio.Lock()

    async def read(self, request: wire.Request) -> wire.Reply:
        """Ask what changes nothing."""
        return await (await self.current.get()).engine.ask(request)

    async def change(self, change: wire.Change, size: int) -> None:
        """Make a change that concerns *size* points; when this returns it is in the write-ahead log."""
        async with self._writing:
            await self.read(change)
            self.current.changes += size
            if self._missed is not None:
                self._missed.append(change)

    async def optimise(self) -> None:
        """
        Replace the shard by an optimised copy; never two at once.

        Raises:
            VectorIndexUnavailable: it could not be done; the shard goes on as it was.
        """
        try:
            with translating(OURS):
                origin, copy = await self._copied()
                successor = await self._successor(copy)
                await successor.engine.ask(wire.Optimise())
                await self._hand_over(origin, successor)
        finally:
            self._missed = None
            await self._end_other_and_sweep()

    async def give_up(self) -> None:
        """Take no new work, and end an optimisation under way."""
        self.current.closed = True
        await self._end_other()

    async def close(self) -> None:
        """Flush, end the engine and let go of the folder; ``give_up`` comes first."""
        async with self._writing:
            await self.current.close()

    async def _copied(self) -> tuple[Path, Path]:
        """Copy the shard while nobody writes; from then on keep what the copy misses."""
        async with self._writing:
            await self.read(wire.Flush())
            origin = (await self.current.get()).path
            copy = await asyncio.to_thread(self._folder.copy, origin)
            self._missed, self.current.changes = deque(), 0
            return origin, copy

    async def _successor(self, copy: Path) -> Serving:
        self.current.refuse_if_closed()
        self._other = successor = await serve_shard(self._folder, copy)
        self.current.refuse_if_closed()
        return successor

    async def _hand_over(self, origin: Path, successor: Serving) -> None:
        await self._catch_up(successor)
        async with self._writing:
            await self._catch_up(successor)
            self._other = await self.current.replace(origin, successor)

    async def _catch_up(self, successor: Serving) -> None:
        while self._missed:
            await successor.engine.ask(self._missed.popleft())

    async def _end_other_and_sweep(self) -> None:
        try:
            await self._end_other()
        finally:
            await asyncio.to_thread(self._folder.sweep)

    async def _end_other(self) -> None:
        other, self._other = self._other, None
        if other:
            await other.engine.end()

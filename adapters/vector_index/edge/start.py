"""How an engine is brought to serve a shard, and what happens when it cannot read it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from adapters.vector_index.edge import wire
from adapters.vector_index.edge.folder import Damaged, EdgeFolder
from adapters.vector_index.edge.process import EngineProcess
from domain.similarity import VectorIndexUnavailable

NOT_DAMAGE = ("No space left", "Permission denied", "Read-only file system", "Too many open files", "Cannot allocate")
"""What an engine says when the machine is to blame, not the files."""


@frozen
class Serving:
    """An engine and the shard it has opened; *unindexed* of its *points* are in no graph yet."""

    engine: EngineProcess
    path: Path
    points: int
    unindexed: int


async def serve_index(folder: EdgeFolder, report: Callable[[str], None]) -> Serving:
    """
    Lock *folder* and serve the shard that counts; if it is damaged move all aside, report it, and begin anew.

    Raises:
        VectorIndexUnavailable: the folder is in use, or another embedder's, or no engine can be started.
        Damaged: even the new one cannot be read.
        OSError: the file system refuses.
    """
    await asyncio.to_thread(folder.lock)
    try:
        return await _sound_or_anew(folder, report)
    except BaseException:
        folder.unlock()
        raise


async def serve_shard(folder: EdgeFolder, path: Path) -> Serving:
    """
    Start an engine on the shard at *path*.

    Raises:
        VectorIndexUnavailable: no engine can be started, or the machine lets it down.
        Damaged: it cannot read the shard.
    """
    engine = await EngineProcess.start([folder.lock()])
    try:
        await engine.ask(wire.Hello())
        opened = await _open(engine, wire.Open(str(path), folder.dimensions))
    except BaseException:
        await engine.kill()
        raise
    return Serving(engine, path, opened.points, max(0, opened.points - opened.indexed))


async def _sound_or_anew(folder: EdgeFolder, report: Callable[[str], None]) -> Serving:
    try:
        return await _serve_current(folder)
    except Damaged as damage:
        aside = await asyncio.to_thread(folder.move_aside)
        report(f"The vector index could not be read ({damage}). It was moved to {aside} and begun anew, empty.")
        return await _serve_current(folder)


async def _serve_current(folder: EdgeFolder) -> Serving:
    return await serve_shard(folder, await asyncio.to_thread(folder.shard))


async def _open(engine: EngineProcess, request: wire.Open) -> wire.Reply:
    try:
        return await engine.ask(request)
    except VectorIndexUnavailable as error:
        if any(each in str(error) for each in NOT_DAMAGE):
            raise
        raise Damaged(str(error)) from error

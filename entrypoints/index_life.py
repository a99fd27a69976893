"""What keeps the index in step with the answers: healing, and moving to another embedder when that has changed."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import structlog

from domain.similarity import VectorIndexUnavailable
from domain.succession import FormerIndex, Progress
from entrypoints.container import Container
from entrypoints.migration_note import remove_note, write_note
from entrypoints.opening import kept_open

HEAL_EVERY = 600.0
"""Seconds between two comparisons of the answers with their vectors; the first one is made at the start."""

TRY_AGAIN = 10.0
"""Seconds after which what failed is tried again while memory moves: both indexes are read until it has."""

PATIENCE = 10.0
"""Seconds that a start waits at most for the former index: without it there would be no semantic hits at first."""

LOOK_EVERY = 2.0
"""Seconds between two looks at whether another worker, or `ragboost index migrate`, has finished."""

log = structlog.get_logger()


async def index_kept(container: Container) -> asyncio.Task[None]:
    """Begin to keep the index; give the task, as soon as the former index is read as well, where there is one."""
    ready = asyncio.Event()
    task = asyncio.create_task(_keep(container, ready))
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
    return task


async def _keep(container: Container, ready: asyncio.Event) -> None:
    """Answer from the former index as well until ours is the one in use; from then on heal it from time to time."""
    origin = await _origin(container, ready)
    if origin:
        async with _former_read(container, origin):
            ready.set()
            await _move(container, origin)
    ready.set()
    while True:
        await _heal(container)
        await asyncio.sleep(HEAL_EVERY)


async def _origin(container: Container, ready: asyncio.Event) -> str | None:
    """Name the embedder whose index is in use instead of ours; where none is, ours is from now on."""
    while True:
        try:
            return await _origin_now(container, ready)
        except Exception as error:  # noqa: BLE001 - a server that is away comes back
            log.warning("index_in_use_unknown", error=str(error))
            ready.set()
            await asyncio.sleep(TRY_AGAIN)


async def _origin_now(container: Container, ready: asyncio.Event) -> str | None:
    origin = await container.succession().origin()
    if origin is None:
        ready.set()
        await container.vector_index().ping()  # makes the index, where it is the first
        await container.succession().succeed_nobody()
    return origin


@asynccontextmanager
async def _former_read(container: Container, origin: str) -> AsyncIterator[None]:
    """Have the index of *origin* searched as well; without its model it cannot be, and everything else goes on."""
    bridge, open_things = container.bridged_index(), AsyncExitStack()
    try:
        bridge.former = await _opened(container, origin, open_things)
    except Exception as error:  # noqa: BLE001 - as above
        log.warning("former_index_not_read", embedder=origin, error=str(error))
    try:
        yield
    finally:
        bridge.former = None
        await _whatever_comes(open_things.aclose())


async def _whatever_comes(work: Coroutine[Any, Any, None]) -> None:
    """Do *work* to its end, even when this is cancelled: an engine is a process that is waited for."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait([task])


async def _opened(container: Container, origin: str, open_things: AsyncExitStack) -> FormerIndex:
    former: FormerIndex = await asyncio.to_thread(container.open_former(), origin)
    kept_open(open_things, former.embedder)
    index: Any = kept_open(open_things, former.index)
    try:
        await index.ping()  # starts its engine, where it has one
    except VectorIndexUnavailable as error:
        log.warning("former_index_away", embedder=origin, error=str(error))
    return former


async def _move(container: Container, origin: str) -> None:
    target = container.embedder().version
    log.info("index_migration_begun", former=origin, embedder=target)
    while await _is_due(container):
        await _fill_until_done(container)
    remove_note(container.settings().data_folder)
    log.info("index_migrated", former=origin, embedder=target)


async def _is_due(container: Container) -> bool:
    try:
        return await container.succession().origin() is not None
    except Exception:  # noqa: BLE001 - nobody has said that it is done
        return True


async def _fill_until_done(container: Container) -> None:
    """Fill our index, unless somebody else is done first."""
    filling = asyncio.create_task(container.migrate_index()(lambda progress: _tell(container, progress)))
    try:
        while not filling.done() and await _is_due(container):
            await asyncio.wait([filling], timeout=LOOK_EVERY)
    finally:
        filling.cancel()
        (outcome,) = await asyncio.gather(filling, return_exceptions=True)
    if isinstance(outcome, Exception):
        log.warning("memory_not_moved", error=str(outcome))
        await asyncio.sleep(TRY_AGAIN)


def _tell(container: Container, progress: Progress) -> None:
    write_note(container.settings().data_folder, container.embedder().version, progress)


async def _heal(container: Container) -> None:
    try:
        healed = await container.heal_memory()()
    except Exception as error:  # noqa: BLE001 - memory works without it: what is not found is asked again
        log.warning("memory_not_healed", error=str(error))
    else:
        log.debug("memory_healed", filed=healed)

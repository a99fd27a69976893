"""From opening the parts to closing them: what runs beside the questions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

from entrypoints.container import Container
from entrypoints.index_life import index_kept

SWEEP_EVERY = 60.0
"""Seconds between two looks for answers that are past their lifetime."""

SAVE_EVERY = 1.0
"""Seconds of what was learnt, and of the books, that a crash may cost."""

Work = Callable[[Container], Coroutine[Any, Any, None]]

log = structlog.get_logger()


@asynccontextmanager
async def alive(container: Container) -> AsyncIterator[None]:
    """Open what must be opened, heal and sweep in the background, and end everything in order."""
    async with container.open_things():
        await container.records().open()
        container.answer_question()  # what cannot be opened is told before anything begins
        await container.known_purges().begin()
        beside = [asyncio.create_task(work(container)) for work in _works(container)]
        try:
            if container.settings().semantic.enabled:  # else nobody asks for the vectors
                beside.append(await index_kept(container))
            yield
        finally:
            await _end(beside)
            await container.errands().close()
            await container.flights().close()
            await container.aside().close()
            await container.filings().close()
            await container.judge_hits().save()
            await container.keep_accounts().save()


def _works(container: Container) -> Sequence[Work]:
    settings = container.settings()
    works = [_sweep, _save_calibrations, _keep_accounts, _prepare_models, _read_prices]
    if settings.answer_cache.kind == "redis":  # else nobody else purges
        works.append(_follow_purges)
    return works


async def _sweep(container: Container) -> None:
    while True:
        await asyncio.sleep(SWEEP_EVERY)
        try:
            await container.evict_answers().sweep()
        except Exception as error:  # noqa: BLE001 - the next sweep may do better
            log.warning("memory_not_swept", error=str(error))


async def _save_calibrations(container: Container) -> None:
    while True:
        await asyncio.sleep(SAVE_EVERY)
        await container.judge_hits().save()  # it survives, and notes, whatever fails


async def _keep_accounts(container: Container) -> None:
    while True:
        await asyncio.sleep(SAVE_EVERY)
        await container.keep_accounts().save()  # it survives, and notes, whatever fails


async def _follow_purges(container: Container) -> None:
    while True:
        await container.purge_answers().follow()  # it survives, and notes, whatever fails


async def _prepare_models(container: Container) -> None:
    """Import the SDKs of the providers that are configured before the first question needs them."""
    for provider, model in container.language_models().items():
        prepare = getattr(model, "prepare", None)
        try:
            await (prepare() if prepare else asyncio.sleep(0))
        except Exception as error:  # noqa: BLE001 - the first question will say so again, to somebody
            log.warning("provider_not_ready", provider=provider, error=str(error))


async def _read_prices(container: Container) -> None:
    """Read the price lists before the first call comes back."""
    await container.tariff().open()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

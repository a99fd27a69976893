"""ragboost cache export and import: a whole memory in one file."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click
import uvloop

from domain.errors import RAGBoostError
from entrypoints.cli.memory_file import MemoryFileReader, MemoryFileUnusable
from entrypoints.cli.memory_moves import Restored, restore, save
from entrypoints.cli.memory_survey import Survey, survey
from entrypoints.container import Container
from entrypoints.logs import configure_logging
from entrypoints.opening import FolderInUse
from entrypoints.settings import Settings
from entrypoints.settings_loading import load_settings

T = TypeVar("T")

SHOWN = 5
"""So many places of damage are named."""


PATIENCE = 10.0
"""Seconds that a server may take for what is asked of it at once."""


class ServiceInTheWay(RAGBoostError):
    """A running service has the memory to itself."""


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--tenant", help="Only this tenant's.")
def export_command(file: Path, tenant: str | None) -> None:
    """
    Write all that is remembered into FILE: the answers of all tenants, their meanings, and what was purged.

    API keys, and what was learnt about semantic hits, are in records.db: copy that too. A FILE that is there already is
    replaced once the new one is complete.
    """
    written = _with_memory(lambda container: save(container.export_memory(), file, tenant))
    size = file.stat().st_size
    click.echo(f"{written.entries:,} answers, {written.filed:,} with their meaning, are in {file} ({size:,} bytes)")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(file: Path) -> None:
    """
    Remember the answers in FILE, which `ragboost cache export` wrote.

    What is newer here stays, and what was purged here stays purged. It may be run again. Of a damaged FILE, whatever is
    sound is used.
    """
    try:
        found, restored = _imported(file)
    except (OSError, MemoryFileUnusable) as error:
        raise MemoryFileUnusable(f"{file} cannot be imported: {error}") from error
    click.echo(str(restored))
    if not found.is_sound:
        raise MemoryFileUnusable(f"{file} is damaged: {', '.join(_damage(found))}; the rest was used")


def _imported(file: Path) -> tuple[Survey, Restored]:
    with file.open("rb") as opened:
        reader = MemoryFileReader(opened)
        found = survey(reader)
        return found, _with_memory(lambda container: restore(container.import_memory(), reader, found))


def _with_memory(work: Callable[[Container], Awaitable[T]]) -> T:
    """Do *work* on the memory that is configured, and nothing beside it."""
    settings = _patient(load_settings())
    configure_logging(settings, sys.stderr)

    async def run() -> T:
        container = Container(settings=settings)
        async with container.open_things():
            await container.records().open()
            return await work(container)

    try:
        return uvloop.run(run())
    except FolderInUse as error:
        raise ServiceInTheWay(f"a running service uses {error.folder}: stop it for as long as this takes") from error


def _patient(settings: Settings) -> Settings:
    """Let servers take their time, as nobody's question waits for them; and say only what matters."""
    log = settings.log.model_copy(update={"level": "warning"})
    redis, qdrant = (
        server.model_copy(update={"timeout": max(server.timeout, PATIENCE)})
        for server in (settings.redis, settings.qdrant)
    )
    return settings.model_copy(update={"log": log, "redis": redis, "qdrant": qdrant})


def _damage(found: Survey) -> Iterator[str]:
    if found.damages:
        more = f" and at {len(found.damages) - SHOWN:,} places more" if len(found.damages) > SHOWN else ""
        yield f"at byte {', '.join(f'{each:,}' for each in found.damages[:SHOWN])}{more}"
    if found.cut is not None:
        yield f"it was cut short at byte {found.cut:,}"
    if found.promised is None:
        yield "nobody knows how many answers are missing"
    else:
        yield f"{found.promised - found.entries:,} of {found.promised:,} answers are missing"

"""ragboost index: move memory to another embedder."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import uvloop
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from application.migrate_index import Succession
from domain.errors import RAGBoostError
from domain.succession import Progress
from entrypoints.container import Container
from entrypoints.logs import configure_logging
from entrypoints.migration_note import read_note
from entrypoints.opening import FolderInUse
from entrypoints.settings import Settings
from entrypoints.settings_loading import load_settings

LOOK_EVERY = 0.2
"""Seconds between two looks at what the running service says."""

STARTING = 5.0
"""Seconds in which a service that was started just now says something."""

Tell = Callable[[Progress], None]


class CannotMigrate(RAGBoostError):
    """Memory cannot be moved like this; the message says how."""


@click.group()
def index() -> None:
    """Look after the index of meanings."""


@index.command()
@click.option("--remove-old", is_flag=True, help="Afterwards remove the indexes that are not in use.")
def migrate(remove_old: bool) -> None:
    """
    Move memory to the embedder that is configured.

    All remembered questions are embedded anew, and filed in an index beside the one in use, which is replaced when
    nothing is missing. Run it again when it was stopped: it goes on from there. A service that has the data folder to
    itself moves its memory by itself when it is started with another embedder; then this shows how far it is.
    """
    settings = load_settings()
    quiet = settings.model_copy(update={"log": settings.log.model_copy(update={"level": "warning"})})
    configure_logging(quiet, sys.stderr)
    if settings.answer_cache.kind == "memory" or settings.vector_index.kind == "memory":
        raise CannotMigrate(
            "there is nothing to move: RAGBOOST_ANSWER_CACHE_KIND or RAGBOOST_VECTOR_INDEX_KIND is `memory`, "
            "which ends with each service"
        )
    uvloop.run(_migrate(settings, remove_old=remove_old))


async def _migrate(settings: Settings, *, remove_old: bool) -> None:
    container = Container(settings=settings)
    async with container.open_things():
        await _move(container)
        await _tidy(container.succession(), remove_old=remove_old)


async def _move(container: Container) -> None:
    origin, target = await container.succession().origin(), container.embedder().version
    if origin is None:
        click.echo(f"The index of {target} is in use: there is nothing to move.")
        return
    click.echo(f"From {origin} to {target}:")
    with _bar() as tell:
        try:
            await container.migrate_index()(tell)
        except FolderInUse:
            await _watch(container, tell)
    click.echo(f"The index of {target} is in use now. Workers that still make embeddings of {origin} can be restarted.")


async def _tidy(succession: Succession, *, remove_old: bool) -> None:
    for each in await succession.others():
        if remove_old:
            await succession.remove(each)
        click.echo(f"{'Removed' if remove_old else 'Kept'} the index of {each}.")
    if not remove_old and await succession.others():
        click.echo("When no worker uses them any more, --remove-old removes what was kept.")


async def _watch(container: Container, tell: Tell) -> None:
    """Show how far the service is that has the answers to itself."""
    folder, target = container.settings().data_folder, container.embedder().version
    silent, total = 0.0, 0
    while origin := await container.succession().origin():
        note = read_note(folder)
        if note and note.embedder == target:
            tell(Progress(note.done, note.total))
            silent, total = 0.0, note.total
        elif (silent := silent + LOOK_EVERY) > STARTING:
            raise CannotMigrate(
                f"a running service uses {folder.absolute()} and makes embeddings of {origin}: restart it with "
                f"{target}, and it moves its memory by itself, answering from both indexes meanwhile"
            )
        await asyncio.sleep(LOOK_EVERY)
    if total:
        tell(Progress(total, total))


@contextmanager
def _bar() -> Iterator[Tell]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("answers,"), TimeElapsedColumn(), TextColumn("left:"))
    with Bar(*columns, TimeRemainingColumn(compact=True)) as bar:
        task = bar.add_task("", total=None)
        yield lambda progress: bar.update(task, completed=progress.done, total=progress.total)

"""Write a memory into a file, and read one from a file into a memory, with a bar that says how far it is."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
from attrs import frozen

from application.export_memory import ExportMemory
from application.import_memory import Arrival, ImportMemory
from domain.errors import RAGBoostError
from entrypoints.cli.memory_file import MemoryFileReader, MemoryFileUnusable, MemoryFileWriter
from entrypoints.cli.memory_survey import Survey, sound_entries
from entrypoints.cli.progress_bar import progress_bar
from entrypoints.cli.whole_file import whole_file

SUMMARY = {
    Arrival.IMPORTED: "{:,} answers imported",
    Arrival.KNOWN: "{:,} known already",
    Arrival.NEWER: "{:,} left out, for what is remembered is newer",
    Arrival.PURGED: "{:,} left out, for they were purged",
    Arrival.DEAD: "{:,} left out, for they are past their lifetime",
    Arrival.FUTURE: "{:,} left out, for they are from the future by the clock of this machine",
}
"""What is said of entries, by what became of them."""

REMEMBERED = (Arrival.IMPORTED, Arrival.KNOWN, Arrival.NEWER)


class NothingToExport(RAGBoostError):
    """There is nothing that a file could hold."""


class ImportBrokenOff(RAGBoostError):
    """A part of the memory failed while it was imported."""


@frozen
class Restored:
    """What became of the entries of a file, how many were embedded anew, and how many were evicted for want of room."""

    arrivals: "Counter[Arrival]"
    embedded: int
    evicted: int

    def __str__(self) -> str:
        return ", ".join(self._parts()) or "there are no answers to import"

    def _parts(self) -> Iterator[str]:
        for arrival, sentence in SUMMARY.items():
            if self.arrivals[arrival]:
                yield sentence.format(self.arrivals[arrival])
        if self.embedded:
            yield f"{self.embedded:,} embedded anew"
        if self.evicted > 0:
            yield f"{self.evicted:,} evicted, for RAGBOOST_ANSWER_CACHE_SIZE_MB allows no more"


async def save(export: ExportMemory, file: Path, tenant: str | None = None) -> MemoryFileWriter:
    """Write the memory, or one tenant's, into *file*; raises ``NothingToExport`` and ``MemoryFileUnusable``."""
    if not (await export.count(tenant) or await export.purges(tenant)):
        whose = "" if tenant is None else f" for tenant {tenant!r}"
        raise NothingToExport(f"nothing is remembered{whose}; {file} is not written")
    try:
        with whole_file(file) as opened:
            return await _write(export, MemoryFileWriter(opened), tenant)
    except BlockingIOError as error:
        raise MemoryFileUnusable(f"{file} is being written by another export") from error
    except OSError as error:
        raise MemoryFileUnusable(f"{file} cannot be written: {error.strerror}; what was there is as it was") from error


async def _write(export: ExportMemory, writer: MemoryFileWriter, tenant: str | None) -> MemoryFileWriter:
    writer.begin()
    writer.add_purges(await export.purges(tenant))  # should the end of the file be lost one day
    with progress_bar("exporting", await export.count(tenant)) as bar:
        async for page in export.entries(tenant):
            writer.add(page)
            bar.advance(len(page))
    writer.add_purges(await export.purges(tenant))
    writer.end()
    return writer


async def restore(importing: ImportMemory, reader: MemoryFileReader, found: Survey) -> Restored:
    """Import what was *found* to be sound; raises ``ImportBrokenOff``."""
    arrivals: Counter[Arrival] = Counter()
    try:
        embedded = await _read(importing, reader, found, arrivals)
        evicted = sum(arrivals[each] for each in REMEMBERED) - await importing.held()
    except RAGBoostError as error:
        done = f"{arrivals.total():,} of {found.entries:,} answers were dealt with"
        raise ImportBrokenOff(f"{error}; {done}: mend that, and run it again") from error
    return Restored(arrivals, embedded, evicted)


async def _read(importing: ImportMemory, reader: MemoryFileReader, found: Survey, arrivals: "Counter[Arrival]") -> int:
    embedded = 0
    beginning = await importing.begin(found.purges)
    if found.embedder and not importing.trusts(found.embedder):
        click.echo(f"the vectors are by {found.embedder}, which is not in use here: embedding anew", err=True)
    with progress_bar("importing", found.entries) as bar:
        for entries in sound_entries(reader):
            imported = await importing(entries, beginning)
            arrivals.update(imported.arrivals)
            embedded += imported.embedded
            bar.advance(len(entries))
    return embedded

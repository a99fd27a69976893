"""Look through a file that holds a memory before anything of it is used."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from attrs import define, field

from domain.entries import Entry
from domain.purging import Purge
from entrypoints.cli.memory_blocks import Undecodable, decode_entries, decode_purges
from entrypoints.cli.memory_file import Block, Damage, Kind, MemoryFileReader


@define
class Survey:
    """
    What a file holds, and what is wrong with it.

    *entries* are those that can be read, *promised* are all that were written, ``None`` where that is not known;
    *damages* are places in bytes. *cut* is the place behind which nothing can be read, where it has no end.
    """

    entries: int = 0
    promised: int | None = None
    embedder: str = ""
    damages: list[int] = field(factory=list)
    cut: int | None = None
    _purges: dict[str, Purge] = field(factory=dict)

    @property
    def purges(self) -> Sequence[Purge]:
        """Give the purges, each once, by time."""
        return sorted(self._purges.values(), key=lambda each: each.at)

    @property
    def is_sound(self) -> bool:
        """Tell whether all that was written can be read."""
        return not self.damages and self.cut is None

    def note(self, found: Block | Damage) -> None:
        """Take in what comes next in the file."""
        if isinstance(found, Damage) and found.is_end:
            self.cut = found.start
        elif isinstance(found, Damage):
            self.damages.append(found.start)
        else:
            self._look_into(found)

    def _look_into(self, block: Block) -> None:
        try:
            self._count(block)
        except Undecodable:
            self.damages.append(block.start)

    def _count(self, block: Block) -> None:
        if block.kind == Kind.END:
            self.promised = block.count
        elif block.kind == Kind.PURGES:
            self._purges.update({each.uid: each for each in decode_purges(block.body)})
        elif block.kind == Kind.ENTRIES:
            entries = decode_entries(block.body)
            self.entries += len(entries)
            self.embedder = entries[0].embedder


def survey(reader: MemoryFileReader) -> Survey:
    """Read the file from its beginning to its end."""
    found = Survey()
    for each in reader.blocks():
        found.note(each)
    return found


def sound_entries(reader: MemoryFileReader) -> Iterator[Sequence[Entry]]:
    """Give the entries that can be read, some at a time."""
    for each in reader.blocks():
        if isinstance(each, Block) and each.kind == Kind.ENTRIES:
            with suppress(Undecodable):  # the survey has told
                yield decode_entries(each.body)

"""
A memory in one file, which is read and written from its beginning to its end.

It begins with what it is, the version of its format, and a mark of its own, drawn by chance. Then come blocks: the
mark, what is in the block, its number, how many entries or purges it holds, its length, a seal over all that, and the
body. The last block tells how many entries there are in all. So damage is noticed, told with its place, and leapt over
to the next mark, which nobody can have foreseen who had an answer remembered.
"""

import os
from collections.abc import Iterator, Sequence
from enum import IntEnum
from hashlib import blake2b
from secrets import token_bytes
from struct import Struct
from typing import BinaryIO, Final

from attrs import define, field, frozen

from domain.entries import Entry
from domain.errors import RAGBoostError
from domain.purging import Purge
from entrypoints.cli.memory_blocks import LARGEST, encode_entries, encode_purges

MAGIC: Final = b"RAGBOOST MEMORY\n"
VERSION: Final = 1
"""Change this whenever an older RAGBoost would lose something of what a newer one wrote."""

MARK: Final = 16
SEAL: Final = 16
BEGINNING: Final = Struct(f">{len(MAGIC)}sH{MARK}s")
HEAD: Final = Struct(">BIII")
BEFORE_BODY: Final = MARK + HEAD.size + SEAL
LEAP: Final = 1024 * 1024
"""Bytes that are looked through at once for the next mark."""


class MemoryFileUnusable(RAGBoostError):
    """The file is none of ours, or cannot be read or written."""


class Kind(IntEnum):
    """What is in a block."""

    END = 0
    ENTRIES = 1
    PURGES = 2


@frozen
class Block:
    """A sound block: *count* entries or purges, in the bytes from *start* to *end* of the file."""

    kind: int
    number: int
    count: int
    body: bytes = field(repr=False)
    start: int
    end: int


@frozen
class Damage:
    """Something is wrong from byte *start* on; *is_end*: nothing that is sound comes behind it."""

    start: int
    is_end: bool = False


@define
class MemoryFileWriter:
    """Writes a memory to *file*; *entries* counts what was written, *filed* those with a vector."""

    file: BinaryIO
    entries: int = field(default=0, init=False)
    filed: int = field(default=0, init=False)
    _mark: bytes = field(factory=lambda: token_bytes(MARK), init=False)
    _number: int = field(default=0, init=False)

    def begin(self) -> None:
        """Write what comes before all blocks."""
        self.file.write(BEGINNING.pack(MAGIC, VERSION, self._mark))

    def add(self, entries: Sequence[Entry]) -> None:
        """Write *entries*, all by one embedder."""
        for count, body in encode_entries(entries):
            self._write(Kind.ENTRIES, count, body)
        self.entries += len(entries)
        self.filed += sum(each.embedding is not None for each in entries)

    def add_purges(self, purges: Sequence[Purge]) -> None:
        """Write *purges*; those that were written before may be among them."""
        if purges:
            self._write(Kind.PURGES, len(purges), encode_purges(purges))

    def end(self) -> None:
        """Write that this is all."""
        self._write(Kind.END, self.entries, b"")

    def _write(self, kind: Kind, count: int, body: bytes) -> None:
        head = HEAD.pack(kind, self._number, count, len(body))
        self.file.write(self._mark + head + _seal(self._mark, head, body))
        self.file.write(body)
        self._number += 1


@define
class MemoryFileReader:
    """
    Reads a memory from *file*, block by block, as often as wanted.

    Raises:
        MemoryFileUnusable: it is none of ours, or a newer version of RAGBoost wrote it.
    """

    file: BinaryIO
    _mark: bytes = field(init=False)

    @_mark.default
    def _its_mark(self) -> bytes:
        beginning = self.file.read(BEGINNING.size)
        if len(beginning) < BEGINNING.size or not beginning.startswith(MAGIC):
            raise MemoryFileUnusable("it was not written by `ragboost cache export`, or its beginning is damaged")
        _, version, mark = BEGINNING.unpack(beginning)
        if version != VERSION:
            raise MemoryFileUnusable(
                f"a newer RAGBoost wrote it (format {version}, this one reads {VERSION}): import it there"
            )
        return bytes(mark)

    def blocks(self) -> Iterator[Block | Damage]:
        """Give all that is sound, and where something is not; the last is the end, or a damage that is."""
        position, expected = BEGINNING.size, 0
        while block := self._block(position) or self._next_block(position):
            if (block.start, block.number) != (position, expected):
                yield Damage(position)
            yield block
            if block.kind == Kind.END:
                return
            position, expected = block.end, block.number + 1
        yield Damage(position, is_end=True)

    def _block(self, start: int) -> Block | None:
        """Give the block at *start*, if there is a sound one."""
        self.file.seek(start)
        before = self.file.read(BEFORE_BODY)
        head, seal = before[MARK:-SEAL], before[-SEAL:]
        if len(before) < BEFORE_BODY or not before.startswith(self._mark):
            return None
        kind, number, count, size = HEAD.unpack(head)
        body = self.file.read(size) if size <= LARGEST else b""
        if seal != _seal(self._mark, head, body):
            return None
        return Block(kind, number, count, body, start, start + BEFORE_BODY + size)

    def _next_block(self, start: int) -> Block | None:
        """Give the first sound block behind *start*."""
        return next(filter(None, map(self._block, self._marks(start + 1))), None)

    def _marks(self, position: int) -> Iterator[int]:
        while len(chunk := self._chunk(position)) >= MARK:
            found = chunk.find(self._mark)
            if found >= 0:
                yield position + found
            position += found + 1 if found >= 0 else len(chunk) - MARK + 1

    def _chunk(self, position: int) -> bytes:
        self.file.seek(position, os.SEEK_SET)
        return self.file.read(LEAP)


def _seal(mark: bytes, head: bytes, body: bytes) -> bytes:
    digest = blake2b(head, key=mark, digest_size=SEAL)
    digest.update(body)
    return digest.digest()

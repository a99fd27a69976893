"""What is inside a file that holds a memory: entries and purges as bytes, and back."""

import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from domain.caching import StoredAnswer
from domain.entries import Entry
from domain.purging import Purge
from domain.similarity import Embedding

LARGEST: Final = 256 * 1024 * 1024
"""Bytes that a block may take, packed or unpacked; a length beyond that is no length."""

PORTION: Final = 4 * 1024 * 1024
"""Bytes of answers, not packed yet, after which a block ends."""

FLOAT: Final = 4

_encode = msgspec.msgpack.Encoder().encode
_answers = msgspec.msgpack.Decoder(list[StoredAnswer])
_purges = msgspec.msgpack.Decoder(list[Purge])


class Undecodable(ValueError):
    """Bytes are not what they should be."""


class _Entries(msgspec.Struct, array_like=True):
    """Answers, packed; for each of them its vector as float32, little-endian, or nothing; and who made the vectors."""

    embedder: str
    answers: bytes
    vectors: list[bytes]


_entries = msgspec.msgpack.Decoder(_Entries)


def encode_entries(entries: Sequence[Entry]) -> Iterator[tuple[int, bytes]]:
    """Give blocks of *entries*, all by one embedder, each with the number of entries in it."""
    some: list[tuple[Entry, bytes]] = []
    for each in entries:
        some.append((each, _encode(each.answer)))
        if sum(len(body) for _, body in some) > PORTION:
            yield len(some), _block(some)
            some = []
    if some:
        yield len(some), _block(some)


def decode_entries(block: bytes) -> Sequence[Entry]:
    """Give the entries of a block; raises ``Undecodable``."""
    try:
        packed = _entries.decode(block)
        answers = _answers.decode(_unpacked(packed.answers))
        vectors = [_embedding(each) for each in packed.vectors]
        return [Entry(*each, packed.embedder) for each in zip(answers, vectors, strict=True)]
    except (msgspec.MsgspecError, zlib.error, struct.error, ValueError) as error:
        raise Undecodable(str(error)) from error


def encode_purges(purges: Sequence[Purge]) -> bytes:
    """Give a block of *purges*."""
    return zlib.compress(_encode(purges))


def decode_purges(block: bytes) -> Sequence[Purge]:
    """Give the purges of a block; raises ``Undecodable``."""
    try:
        return _purges.decode(_unpacked(block))
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        raise Undecodable(str(error)) from error


def _block(entries: Sequence[tuple[Entry, bytes]]) -> bytes:
    # Vectors are noise to a packer.
    answers = zlib.compress(_encode([msgspec.Raw(body) for _, body in entries]))
    return _encode(_Entries(entries[0][0].embedder, answers, [_vector(each) for each, _ in entries]))


def _vector(entry: Entry) -> bytes:
    vector = entry.embedding.vector if entry.embedding else ()
    return struct.pack(f"<{len(vector)}f", *vector)


def _embedding(vector: bytes) -> Embedding | None:
    return Embedding(array("f", struct.unpack(f"<{len(vector) // FLOAT}f", vector))) if vector else None


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(packed, LARGEST)
    if unpacker.eof:
        return body
    raise Undecodable("it is not whole, or too large")

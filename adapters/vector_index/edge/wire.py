"""What the service and its engine process say to one another, and how it is framed."""

from struct import Struct as Layout

import msgspec

HEADER = Layout("<I")
"""Each message follows its length, in bytes."""

Vector = bytes
"""Float32, in the machine's own order: both ends run on one machine."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One point on its way into the index."""

    fingerprint: str
    partition: str
    vector: Vector


class Hello(msgspec.Struct, frozen=True, tag=True):
    """Say that you are there."""


class Open(msgspec.Struct, frozen=True, tag=True):
    """Open the shard in the folder *path*, or make it when the folder is not there."""

    path: str
    dimensions: int


class Upsert(msgspec.Struct, frozen=True, tag=True):
    """File these."""

    entries: list[Entry]


class Remove(msgspec.Struct, frozen=True, tag=True):
    """Forget these."""

    fingerprints: list[str]


class Wanted(msgspec.Struct, frozen=True, array_like=True):
    """What is to be searched in a partition."""

    partition: str
    vector: Vector


class Search(msgspec.Struct, frozen=True, tag=True):
    """Name the *limit* nearest of each."""

    wanted: list[Wanted]
    limit: int


class Read(msgspec.Struct, frozen=True, tag=True):
    """Give these, whole."""

    fingerprints: list[str]


class Page(msgspec.Struct, frozen=True, tag=True):
    """Name up to *limit* fingerprints from just behind *after*."""

    after: str | None
    limit: int


class Flush(msgspec.Struct, frozen=True, tag=True):
    """Bring everything to the disk."""


class Optimise(msgspec.Struct, frozen=True, tag=True):
    """Build what makes searches fast; this may take minutes, during which nothing else is answered."""


Change = Upsert | Remove
Request = Hello | Open | Upsert | Remove | Search | Read | Page | Flush | Optimise


class Found(msgspec.Struct, frozen=True, array_like=True):
    """A neighbour."""

    fingerprint: str
    similarity: float


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to any request: what it asked for, or what went wrong."""

    error: str = ""
    fingerprints: list[str] = []
    found: list[list[Found]] = []
    entries: list[Entry] = []
    points: int = 0
    indexed: int = 0


_encoder = msgspec.msgpack.Encoder()
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def frame(message: Request | Reply) -> bytes:
    """Give *message* as it travels."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body

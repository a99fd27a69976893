"""Stored answers as bytes, and back: versioned, and sealed so that a damaged value is noticed."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import msgspec

from domain.caching import StoredAnswer

VERSION: Final = b"\x01"
SEAL: Final = 8
"""Bytes of a seal."""

pack: Callable[[StoredAnswer], bytes] = msgspec.msgpack.Encoder().encode
"""Give an answer as MessagePack."""

_decode = msgspec.msgpack.Decoder(StoredAnswer).decode


def encode(answer: StoredAnswer) -> bytes:
    """Give one byte of version, eight of a seal over the rest, and the answer as MessagePack."""
    body = pack(answer)
    return VERSION + sealed(body) + body


def decode(value: bytes) -> StoredAnswer | None:
    """Give the answer; ``None`` for a value of another version, or one that is not as it was written."""
    version, seal, body = value[:1], value[1 : 1 + SEAL], value[1 + SEAL :]
    return unpack(seal, body) if version == VERSION else None


def sealed(body: bytes) -> bytes:
    """Give the seal over *body*."""
    return blake2b(body, digest_size=SEAL).digest()


def unpack(seal: bytes, body: bytes) -> StoredAnswer | None:
    """Give the answer in *body*; ``None`` where the seal is another's, or where it is no answer."""
    if seal != sealed(body):
        return None
    try:
        return _decode(body)
    except msgspec.MsgspecError:
        return None

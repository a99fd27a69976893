"""Stored answers as bytes, and back: versioned, and sealed so that a damaged value is noticed."""

from hashlib import blake2b
from typing import Final

import msgspec

from domain.caching import StoredAnswer

VERSION: Final = b"\x01"
_SEAL: Final = 8

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(StoredAnswer).decode


def encode(answer: StoredAnswer) -> bytes:
    """Give one byte of version, eight of a seal over the rest, and the answer as MessagePack."""
    body = _encode(answer)
    return VERSION + _seal(body) + body


def decode(value: bytes) -> StoredAnswer | None:
    """Give the answer; ``None`` for a value of another version, or one that is not as it was written."""
    version, seal, body = value[:1], value[1 : 1 + _SEAL], value[1 + _SEAL :]
    if version != VERSION or seal != _seal(body):
        return None
    try:
        return _decode(body)
    except msgspec.MsgspecError:
        return None


def _seal(body: bytes) -> bytes:
    return blake2b(body, digest_size=_SEAL).digest()

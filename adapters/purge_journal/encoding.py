"""Purges as bytes, and back."""

import msgspec

from domain.catalogue import Selection
from domain.purging import Purge
from domain.questions import Fingerprint


class _Body(msgspec.Struct, frozen=True):
    """A purge without its name and number."""

    tenant: str
    what: Selection | Fingerprint
    at: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Body).decode


def encode(purge: Purge) -> bytes:
    """Give all but the name and the number."""
    return _encode(_Body(purge.tenant, purge.what, purge.at))


def decode(uid: str, number: int, value: bytes) -> Purge:
    """Give the purge; of a *value* that cannot be read, for a later version wrote it, one that takes nothing."""
    try:
        body = _decode(value)
    except msgspec.MsgspecError:
        return Purge(uid, "", Selection(""), 0.0, number)
    return Purge(uid, body.tenant, body.what, body.at, number)


def is_readable(purge: Purge) -> bool:
    """Tell whether it could be read."""
    return bool(purge.tenant)

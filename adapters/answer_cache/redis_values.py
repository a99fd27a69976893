"""
An entry as one Redis string: two bytes that say what it is, a seal, the hits, and the answer as MessagePack.

Hits are counted in place, by a script: so they are not under the seal, and nothing need be written anew.
"""

from struct import Struct
from typing import Final

from attrs import evolve

from adapters.answer_cache.encoding import SEAL, pack, sealed, unpack
from adapters.answer_cache.pending_hits import Hits
from domain.caching import StoredAnswer

MARK: Final = b"\xa9"
"""The first byte of all that we write; the second one is the version."""

VERSION: Final = 1
HEAD: Final = bytes([*MARK, VERSION])
IDENTITY: Final = len(HEAD) + SEAL
"""So many bytes at the beginning tell whether two values hold the same answer."""

_HEADER: Final = Struct(f">{len(HEAD)}s{SEAL}sqd")
_TIME: Final = Struct(">d")

ACCESSES_AT: Final = IDENTITY
ACCESSED_AT: Final = ACCESSES_AT + 8
"""Where in a value the hits are counted: eight bytes of their number, eight of the time of the last as a double."""


def encode(answer: StoredAnswer) -> bytes:
    """Give the value."""
    body = pack(answer)
    return _HEADER.pack(HEAD, sealed(body), answer.accesses, answer.accessed_at) + body


def decode(value: bytes, hits: Hits | None) -> StoredAnswer | None:
    """Give the answer, with the *hits* that have not been written yet; ``None`` for what is not as we write it."""
    if len(value) < _HEADER.size:
        return None
    head, seal, accesses, accessed_at = _HEADER.unpack_from(value)
    answer = unpack(seal, value[_HEADER.size :]) if head == HEAD else None
    if answer is None:
        return None
    late = hits or Hits(0, accessed_at)
    return evolve(answer, accesses=accesses + late.number, accessed_at=late.last)


def is_newer(value: bytes) -> bool:
    """Tell whether a later version of RAGBoost wrote *value*: it is not ours to remove."""
    return value[:1] == MARK and value[1:2] > HEAD[1:2]


def time_in_value(seconds: float) -> bytes:
    """Give a time as it stands in a value."""
    return _TIME.pack(seconds)

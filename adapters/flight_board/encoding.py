"""Outcomes of flights as bytes, and back."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from domain.attempts import Tried
from domain.errors import FieldProblem
from domain.exhaustion import ModelResting, ModelThrottled, NoModelAnswered
from domain.flights import Outcome
from domain.generation import (
    AnswerCutShort,
    Chunk,
    Completion,
    ModelBroken,
    ModelFailed,
    ModelOverloaded,
    ModelRefusedKey,
    ModelTimedOut,
    ModelUnreachable,
    PromptRefused,
)

VERSION: Final = b"\x01"

PLAIN: Final = {
    each.__name__: each
    for each in (AnswerCutShort, ModelBroken, ModelFailed, ModelRefusedKey, ModelTimedOut, ModelUnreachable)
}
"""Errors that are nothing but their message."""


class _Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error: *kind* is the name of its class."""

    kind: str
    message: str
    resets_in: float | None = None
    problems: tuple[FieldProblem, ...] = ()
    tried: tuple[Tried, ...] = ()


class _Brought(msgspec.Struct, frozen=True, omit_defaults=True):
    """A completion or a failure."""

    completion: Completion | None = None
    failure: _Failure | None = None


_Chunks = tuple[Chunk, ...]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Brought).decode
_decode_chunks = msgspec.msgpack.Decoder(_Chunks).decode


def encode(outcome: Outcome) -> bytes:
    """Give one byte of version, and the outcome as MessagePack."""
    return VERSION + _encode(_Brought(outcome.completion, _failure(outcome.error) if outcome.error else None))


def decode(value: bytes) -> Outcome | None:
    """Give the outcome; ``None`` for one that another version wrote, or that cannot be read."""
    if value[:1] != VERSION:
        return None
    try:
        brought = _decode(value[1:])
    except msgspec.MsgspecError:
        return None
    return Outcome(brought.completion, _error(brought.failure) if brought.failure else None)


def encode_chunks(chunks: Sequence[Chunk]) -> bytes:
    """Give their number and a colon, one byte of version, and the chunks as MessagePack."""
    return b"%d:" % len(chunks) + VERSION + _encode(chunks)


def decode_chunks(value: bytes) -> tuple[Chunk, ...]:
    """Give the chunks; none where another version wrote them, or they cannot be read."""
    _, _, packed = value.partition(b":")
    if packed[:1] != VERSION:
        return ()
    try:
        return _decode_chunks(packed[1:])
    except msgspec.MsgspecError:
        return ()


def _failure(error: Exception) -> _Failure:
    kind = type(error).__name__
    if isinstance(error, PromptRefused):
        return _Failure(kind, "", problems=error.problems)
    if isinstance(error, ModelOverloaded):
        return _Failure(kind, str(error), error.resets_in)
    if isinstance(error, NoModelAnswered):
        return _Failure(kind, "", error.resets_in, tried=error.tried)
    # What nobody expected is in the log of the worker that met it; it may say more than callers should read.
    return _Failure(kind, str(error) if kind in PLAIN else "another worker could not answer; its log says why")


def _error(failure: _Failure) -> Exception:
    special: dict[str, Callable[[], Exception]] = {
        PromptRefused.__name__: lambda: PromptRefused(*failure.problems),
        ModelOverloaded.__name__: lambda: ModelOverloaded(failure.message, failure.resets_in),
        ModelResting.__name__: lambda: ModelResting(failure.message, failure.resets_in),
        ModelThrottled.__name__: lambda: ModelThrottled(failure.message, failure.resets_in or 0.0),
        NoModelAnswered.__name__: lambda: NoModelAnswered(failure.tried, failure.resets_in),
    }
    make = special.get(failure.kind)
    return make() if make else PLAIN.get(failure.kind, ModelFailed)(failure.message)

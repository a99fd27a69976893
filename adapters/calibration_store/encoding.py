"""Calibrations as bytes, and back: versioned, and sealed so that a damaged value is noticed."""

from hashlib import blake2b
from itertools import chain
from math import isfinite
from typing import Final

import msgspec
from attrs import astuple, evolve

from domain.belief import Belief
from domain.budgets import BINS, Spending
from domain.calibration import Calibration, Prior, Saved, Tally, revived

VERSION: Final = b"\x01"
_SEAL: Final = 8


class _Counted(msgspec.Struct, frozen=True):
    """What holds whatever was believed."""

    tally: Tally
    reports: dict[str, bool]


class _Learnt(msgspec.Struct, frozen=True):
    """What holds on top of one prior, of which only the version is kept."""

    prior: str
    belief: Belief
    spending: Spending


class _Whole(msgspec.Struct, frozen=True):
    """A value: both in one map, so that either can be read where the other cannot."""

    tally: Tally
    reports: dict[str, bool]
    prior: str
    belief: Belief
    spending: Spending


_encode = msgspec.msgpack.Encoder().encode
_counted = msgspec.msgpack.Decoder(_Counted).decode
_learnt = msgspec.msgpack.Decoder(_Learnt).decode


def encode(calibration: Calibration) -> bytes:
    """Give one byte of version, eight of a seal over the rest, and the calibration as MessagePack."""
    body = _encode(
        _Whole(
            prior=calibration.prior.version,
            belief=calibration.belief,
            spending=calibration.spending,
            tally=calibration.tally,
            reports=calibration.reports,
        )
    )
    return VERSION + _seal(body) + body


def decode(value: bytes, prior: Prior, revision: int) -> Saved:
    """Give the calibration, to be used with *prior*, as far as *value* can be read; the rest is fresh."""
    version, seal, body = value[:1], value[1 : 1 + _SEAL], value[1 + _SEAL :]
    kept = Calibration.fresh(prior)
    if version != VERSION or seal != _seal(body):
        return Saved(kept, revision, is_whole=False)
    try:
        counted = _counted(body)
    except msgspec.MsgspecError:
        return Saved(kept, revision, is_whole=False)
    kept.tally, kept.reports = counted.tally, counted.reports
    learnt = _read(body, len(prior.belief.mean))
    if learnt is None:
        return Saved(kept, revision, is_whole=False)
    made_of = evolve(prior, version=learnt.prior)
    known = Calibration(made_of, learnt.belief, learnt.spending, kept.tally, kept.reports)
    return Saved(revived(known, prior), revision)


def _read(body: bytes, size: int) -> _Learnt | None:
    """Give what was learnt of *size* features; ``None`` where it cannot be read, or makes no sense."""
    try:
        learnt = _learnt(body)
    except msgspec.MsgspecError:
        return None
    return learnt if _is_sound(learnt, size) else None


def _is_sound(learnt: _Learnt, size: int) -> bool:
    """Tell whether there are as many numbers as there must be, all of them finite: others would spoil every sum."""
    belief, spending = learnt.belief, learnt.spending
    numbers = chain(belief.mean, *belief.covariance, spending.seen, _sums(spending))
    return len(belief.mean) == size and len(spending.seen) == BINS and spending.unit > 0 and all(map(isfinite, numbers))


def _sums(spending: Spending) -> tuple[float, ...]:
    return tuple(value for value in astuple(spending) if isinstance(value, float))


def _seal(body: bytes) -> bytes:
    return blake2b(body, digest_size=_SEAL).digest()

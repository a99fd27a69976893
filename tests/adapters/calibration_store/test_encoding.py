"""Calibrations as bytes."""

from hashlib import blake2b
from math import inf, nan
from typing import Any

import msgspec
import pytest
from attrs import evolve

from adapters.calibration_store.encoding import VERSION, decode, encode
from domain.belief import Belief
from domain.budgets import BINS
from domain.calibration import Calibration, Prior, Saved
from domain.labels import Asked, Label, Report, Source

PRIOR = Prior("p1", ("one", "near"), Belief((0.5, 2.0), ((1.0, 0.1), (0.1, 1.0))))
FRESH = Calibration.fresh(PRIOR)
NOTHING = Saved(FRESH, 1, is_whole=False)


def a_calibration() -> Calibration:
    calibration = Calibration.fresh(PRIOR)
    Asked(probability=0.9, served=True).tell(calibration)
    Label(Source.CHECK, (1.0, 0.5), fits=False).tell(calibration)
    Report("wrong", fits=False).tell(calibration)
    return calibration


def counted() -> Calibration:
    """Give what is left of it where what was learnt is lost."""
    return Calibration(PRIOR, PRIOR.belief, tally=a_calibration().tally, reports=a_calibration().reports)


def changed(**fields: Any) -> bytes:
    """Give a value that is sound but for the fields given."""
    body = msgspec.msgpack.decode(encode(a_calibration())[9:])
    return sealed(msgspec.msgpack.encode(body | fields))


def sealed(body: bytes) -> bytes:
    return VERSION + blake2b(body, digest_size=8).digest() + body


def test_what_was_encoded_comes_back_as_it_was() -> None:
    assert decode(encode(a_calibration()), PRIOR, 3) == Saved(a_calibration(), 3)
    assert decode(encode(FRESH), PRIOR, 1) == Saved(FRESH, 1)


def test_the_prior_itself_is_not_kept() -> None:
    richer = evolve(PRIOR, features=tuple("x" * 1000 for _ in range(2)))

    assert len(encode(Calibration(richer, PRIOR.belief))) == len(encode(FRESH))


def test_a_value_in_which_any_bit_has_changed_says_nothing() -> None:
    value = encode(Calibration(PRIOR, PRIOR.belief, tally=a_calibration().tally))

    for place in range(len(value)):
        garbled = bytearray(value)
        garbled[place] ^= 1 << place % 8
        assert decode(bytes(garbled), PRIOR, 1) == NOTHING


def test_nor_does_one_cut_short_or_of_another_version() -> None:
    value = encode(a_calibration())

    for length in range(len(value)):
        assert decode(value[:length], PRIOR, 1) == NOTHING
    assert decode(bytes([VERSION[0] + 1]) + value[1:], PRIOR, 1) == NOTHING


@pytest.mark.parametrize("body", [{}, [1, 2], "text", None, {"tally": {"requests": "many"}, "reports": {}}])
def test_nor_does_a_sound_seal_over_something_else(body: object) -> None:
    assert decode(sealed(msgspec.msgpack.encode(body)), PRIOR, 1) == NOTHING


def test_another_prior_leaves_what_was_counted() -> None:
    spent = evolve(a_calibration().spending, seen=[0.0] * BINS)

    assert decode(changed(prior="p0"), PRIOR, 1) == Saved(evolve(counted(), spending=spent), 1)


@pytest.mark.parametrize(
    "lost",
    [
        {"belief": {"mean": [1.0], "covariance": [[1.0]]}},
        {"belief": {"mean": [1.0, 2.0, 3.0], "covariance": [[1.0] * 3] * 3}},
        {"belief": {"mean": [1.0, 2.0], "covariance": [[1.0], [1.0]]}},
        {"belief": {"mean": [nan, 2.0], "covariance": [[1.0, 0.0], [0.0, 1.0]]}},
        {"belief": {"mean": [1.0, 2.0], "covariance": [[1.0, 0.0], [0.0, inf]]}},
        {"belief": None},
        {"spending": {"requests": 1.0, "wrong": 0.0, "unit": 1.0, "seen": [0.0] * 7}},
        {"spending": {"requests": 1.0, "wrong": nan}},
        {"spending": {"requests": 1.0, "unit": 0.0}},
        {"spending": "of an older kind"},
    ],
)
def test_so_does_what_was_learnt_of_other_features_or_makes_no_sense(lost: dict[str, object]) -> None:
    assert decode(changed(**lost), PRIOR, 1) == Saved(counted(), 1, is_whole=False)


def test_a_count_that_is_new_begins_at_nothing_and_one_that_is_gone_is_passed_over() -> None:
    tally = msgspec.to_builtins(a_calibration().tally)
    del tally["checks"]

    kept = decode(changed(tally=tally | {"sings": 3}), PRIOR, 1)

    assert kept == Saved(evolve(a_calibration(), tally=evolve(a_calibration().tally, checks=0)), 1)

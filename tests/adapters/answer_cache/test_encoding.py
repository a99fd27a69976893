"""Stored answers as bytes."""

import random
from hashlib import blake2b

import msgspec
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer_cache.encoding import VERSION, decode, encode
from domain.caching import StoredAnswer
from domain.generation import Citation, FinishReason
from domain.tokens import TokenUsage
from domain.wires import Wire
from tests.builders import a_completion, a_stored_answer

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
MOMENTS = st.floats(allow_nan=False)
COMPLETIONS = st.builds(
    a_completion,
    TEXT,
    provider=TEXT,
    model=TEXT,
    usage=st.builds(TokenUsage, st.integers(0, 2**60), st.integers(0, 2**60)),
    finish_reason=st.sampled_from(FinishReason),
    citations=st.lists(st.builds(Citation, TEXT, TEXT), max_size=3).map(tuple),
    cost=st.none() | st.decimals(0, 1000, places=12),
    extras=st.none() | st.builds(Wire, TEXT, st.dictionaries(TEXT, st.none() | st.booleans() | TEXT | st.lists(TEXT))),
)
ANSWERS = st.builds(
    a_stored_answer,
    st.integers(0, 9),
    tenant=TEXT,
    namespace=TEXT,
    question=TEXT,
    completion=COMPLETIONS,
    stored_at=MOMENTS,
    accessed_at=MOMENTS,
    accesses=st.integers(0, 2**60),
    tags=st.lists(TEXT, max_size=3).map(tuple),
    literal=st.booleans(),
)


@given(ANSWERS)
def test_what_was_encoded_comes_back_as_it_was(answer: StoredAnswer) -> None:
    assert decode(encode(answer)) == answer


def test_what_was_written_before_costs_were_counted_can_be_read() -> None:
    answer = a_stored_answer()
    written = msgspec.msgpack.decode(encode(answer)[9:])
    del written["completion"]["cost"]
    for each in ("cached", "written", "reasoning"):
        del written["completion"]["usage"][each]
    body = msgspec.msgpack.encode(written)

    assert decode(VERSION + blake2b(body, digest_size=8).digest() + body) == answer
    assert answer.completion.cost is None


def test_an_answer_that_was_remembered_before_there_were_other_formats_is_still_known() -> None:
    before = msgspec.to_builtins(a_stored_answer())
    del before["literal"], before["completion"]["extras"]
    body = msgspec.msgpack.encode(before)
    assert decode(VERSION + blake2b(body, digest_size=8).digest() + body) == a_stored_answer()


def test_a_value_in_which_any_bit_has_changed_is_no_answer() -> None:
    value = encode(a_stored_answer())

    for place in range(len(value)):
        for bit in range(8):
            garbled = bytearray(value)
            garbled[place] ^= 1 << bit
            assert decode(bytes(garbled)) is None


def test_a_value_cut_short_or_lengthened_is_no_answer() -> None:
    value = encode(a_stored_answer())

    for length in range(len(value)):
        assert decode(value[:length]) is None
    assert decode(value + b"\0") is None


def test_garbage_is_no_answer() -> None:
    chance = random.Random(1)  # noqa: S311 - an example, no secret

    for _ in range(1_000):
        assert decode(VERSION + chance.randbytes(chance.randrange(300))) is None


def test_a_value_of_another_version_is_no_answer() -> None:
    value = encode(a_stored_answer())

    assert decode(bytes([VERSION[0] + 1]) + value[1:]) is None


@pytest.mark.parametrize(
    "body", [{}, [1, 2], "text", None, msgspec.to_builtins(a_stored_answer()) | {"stored_at": "yesterday"}]
)
def test_a_sound_seal_over_something_else_is_no_answer(body: object) -> None:
    sealed = _sealed(msgspec.msgpack.encode(body))

    assert decode(sealed) is None


def test_a_seal_does_not_fit_another_answer() -> None:
    one, other = encode(a_stored_answer()), encode(evolve(a_stored_answer(), question="Another?"))

    assert decode(one[:9] + other[9:]) is None


def _sealed(body: bytes) -> bytes:
    return VERSION + blake2b(body, digest_size=8).digest() + body

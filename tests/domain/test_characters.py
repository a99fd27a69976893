"""Text in pieces: however it is torn, what is passed on is whole characters, and all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.characters import Characters
from domain.generation import whole_characters

UNITS = st.lists(st.text(alphabet=st.characters(codec=None), max_size=4), max_size=12)


def passed_on(pieces: list[str]) -> list[str]:
    characters = Characters()
    return [*map(characters.take, pieces), characters.rest()]


def test_the_halves_of_a_character_are_put_together() -> None:
    assert passed_on(["a\ud83d", "\ude00b"]) == ["a", "😀b", ""]


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [(["a\ud83d"], "a\ufffd"), (["\ude00"], "\ufffd"), (["\ud83d", "", "\ude00"], "😀"), (["\ud83d", "b"], "\ufffdb")],
)
def test_half_a_character_alone_is_marked_as_such(pieces: list[str], whole: str) -> None:
    assert "".join(passed_on(pieces)) == whole


@given(UNITS)
def test_what_is_passed_on_can_be_sent_and_is_the_whole_text(pieces: list[str]) -> None:
    passed = passed_on(pieces)
    assert all(each.encode() is not None for each in passed)
    assert "".join(passed) == whole_characters("".join(pieces))

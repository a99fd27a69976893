import pytest

from domain.capacity import RANGES, Capacity
from domain.errors import Malformed
from domain.prompts import Message, Prompt, Role

TOGETHER = "messages: about 41 tokens and 60 for the answer are more than 100, which m takes in all"


def prompt(text: str = "Hello", **parameters: object) -> Prompt:
    return Prompt("m", (Message(Role.USER, text),), parameters)


@pytest.mark.parametrize(
    ("parameters", "tokens", "told"),
    [
        ({"temperature": 1.5}, 0, "temperature: is 1.5; m takes 0 to 1"),
        ({}, 101, "messages: about 101 tokens are more than 100, which m takes in all"),
        (
            {"max_tokens": 60},
            41,
            "messages: about 41 tokens and 60 for the answer are more than 100, which m takes in all",
        ),
    ],
)
def test_what_is_not_taken_is_told_with_limit_and_value(parameters: dict[str, object], tokens: int, told: str) -> None:
    with pytest.raises(Malformed) as caught:
        Capacity(100, RANGES["anthropic"]).check(prompt(**parameters), tokens)
    assert str(caught.value) == told


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Malformed) as caught:
        Capacity(100, RANGES["openai"]).check(prompt(temperature=2.1, top_p=1.1), 101)
    assert [each.field for each in caught.value.problems] == ["temperature", "top_p", "messages"]


def test_what_is_within_the_limits_or_has_none_is_taken() -> None:
    Capacity(100, RANGES["openai"]).check(prompt(temperature=2, max_tokens=50, top_k=9), 50)
    Capacity().check(prompt(temperature=9), 1_000_000)


def test_only_what_could_be_too_much_must_be_counted() -> None:
    assert not Capacity(5).may_overflow(prompt("Hello"))
    assert Capacity(5).may_overflow(prompt("Hellö"))
    assert Capacity(9).may_overflow(prompt("Hello", max_tokens=5))
    assert not Capacity().may_overflow(prompt("Hello" * 1000))
    assert Capacity(1).may_overflow(prompt("\ud800 half a character"))

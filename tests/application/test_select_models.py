from decimal import Decimal

import pytest
from attrs import evolve

from adapters.tariff.memory import MemoryTariff
from application.select_models import Candidate, Cheapest, InOrder, InTurn, Quickest, Selection
from domain.generation import ModelTimedOut
from domain.pricing import Price, Rate
from domain.prompts import Message, Prompt, Role
from tests.doubles import ScriptedModel, StoppedClock

CANDIDATES = [Candidate(name, ScriptedModel(), Prompt("m", ())) for name in ("a", "b", "c")]
A, B, C = CANDIDATES


def order(selection: Selection) -> str:
    return "".join(each.provider for each in selection.order(CANDIDATES))


def test_the_preferred_order_stays() -> None:
    with InOrder().timing(A):
        assert order(InOrder()) == "abc"


def test_each_is_first_in_turn() -> None:
    selection = InTurn()
    assert [order(selection) for _ in range(4)] == ["abc", "bca", "cab", "abc"]


def test_the_cheapest_is_first_and_who_has_no_price_is_last() -> None:
    prices = {"b/*": Price(Rate(Decimal(1)), Rate(Decimal(2))), "c/*": Price(Rate(Decimal(1)), Rate(Decimal(1)))}
    assert order(Cheapest(MemoryTariff(prices))) == "cba"
    assert order(Cheapest(MemoryTariff({}))) == "abc"


def test_who_is_cheap_for_a_long_answer_may_be_dear_for_a_long_question() -> None:
    prices = {"a/*": Price(Rate(Decimal(1)), Rate(Decimal(9))), "b/*": Price(Rate(Decimal(3)), Rate(Decimal(3)))}
    cheapest = Cheapest(MemoryTariff(prices))
    long = Prompt("m", (Message(Role.USER, "word " * 5_000),), {"max_tokens": 10})

    assert [each.provider for each in cheapest.order([A, B])] == ["b", "a"]
    assert [each.provider for each in cheapest.order([evolve(each, prompt=long) for each in (A, B)])] == ["a", "b"]


def wait(selection: Quickest, clock: StoppedClock, candidate: Candidate, seconds: float) -> None:
    with selection.timing(candidate):
        clock.advance(seconds)


def test_the_quickest_of_late_is_first() -> None:
    clock = StoppedClock()
    selection = Quickest(clock)
    for candidate, seconds in ((A, 3.0), (B, 1.0), (C, 2.0)):
        wait(selection, clock, candidate, seconds)
    assert order(selection) == "bca"


def test_several_times_count_and_the_last_the_most_of_all() -> None:
    clock = StoppedClock()
    selection = Quickest(clock)
    wait(selection, clock, A, 1.0)
    wait(selection, clock, B, 1.5)
    wait(selection, clock, C, 9.0)
    wait(selection, clock, A, 5.0)
    assert order(selection) == "bac"


def test_who_was_not_asked_for_a_while_is_timed_again() -> None:
    clock = StoppedClock()
    selection = Quickest(clock)
    wait(selection, clock, C, 5.0)
    wait(selection, clock, B, 1.0)
    wait(selection, clock, A, 0.5)
    clock.advance(58)
    wait(selection, clock, A, 0.5)
    wait(selection, clock, B, 1.0)
    assert order(selection) == "cab"


def test_who_fails_soon_is_not_quick() -> None:
    selection = Quickest(StoppedClock())
    with pytest.raises(ModelTimedOut), selection.timing(A):
        raise ModelTimedOut("late")
    assert order(selection) == "bca"

from hypothesis import given
from hypothesis import strategies as st

from domain.answers import Answer, Origin, Reason
from domain.generation import Completion
from domain.metering import Consumption
from domain.pricing import NOTHING
from domain.tokens import TokenUsage
from tests.builders import a_completion

costs = st.none() | st.decimals(0, 100, places=12)
usages = st.builds(TokenUsage, st.integers(0, 10_000), st.integers(0, 10_000))
completions = st.builds(lambda usage, cost: a_completion(usage=usage, cost=cost), usages, costs)
answers = st.builds(Answer, completions, st.sampled_from(Origin), st.just(Reason.SAME_QUESTION))


def booked(*served: Answer) -> Consumption:
    """Book answers, and the calls that they needed."""
    sums = Consumption()
    for each in served:
        if each.origin.is_paid:
            sums.note_call(each.completion.usage, each.completion.cost)
        sums.note_answer(each.bill, remembered=not each.origin.is_paid)
    return sums


@given(st.lists(answers))
def test_each_token_that_was_served_was_either_counted_by_a_provider_or_avoided(served: list[Answer]) -> None:
    sums = booked(*served)

    assert sums.served == sums.provider + sums.avoided
    assert sums.billable <= sums.provider
    assert sums.answers == sums.remembered + sums.calls == len(served)


@given(st.lists(answers))
def test_where_every_call_had_an_asker_memory_cost_nothing(served: list[Answer]) -> None:
    savings = booked(*served).savings

    assert savings.overhead == NOTHING
    assert savings.net == sum((each.bill.saved or NOTHING for each in served), NOTHING)


@given(st.lists(answers), st.lists(completions))
def test_every_call_that_nobody_waited_for_is_taken_off(served: list[Answer], more: list[Completion]) -> None:
    sums = booked(*served)
    before = sums.savings.net
    for each in more:
        sums.note_call(each.usage, each.cost)

    assert sums.savings.net == before - sum((each.cost or NOTHING for each in more), NOTHING)


@given(st.lists(answers), st.lists(answers))
def test_sums_may_be_added_in_parts(one: list[Answer], other: list[Answer]) -> None:
    sums = booked(*one)
    sums.add(booked(*other))

    assert sums == booked(*one, *other)


@given(st.lists(answers))
def test_what_is_missing_in_the_dollars_is_counted(served: list[Answer]) -> None:
    assert booked(*served).unpriced == sum(each.completion.cost is None for each in served)

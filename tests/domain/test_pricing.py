from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers import Answer, Origin, Reason
from domain.pricing import FREE, NOTHING, Bill, Price, Rate, Savings, in_dollars
from domain.tokens import TokenUsage
from tests.builders import a_completion

COST = Decimal("0.000046")
PRICE = Price(Rate(Decimal(2)), Rate(Decimal(10)))
PARTS = Price(Rate(Decimal(2)), Rate(Decimal(10)), cached=Rate(Decimal(1)), written=Rate(Decimal(3)))
tokens = st.integers(0, 10_000_000)
dollars = st.decimals(0, 1000, places=6)


def rate(base: str, *steps: tuple[int, str]) -> Rate:
    return Rate(Decimal(base), tuple((start, Decimal(dearer)) for start, dearer in steps))


def answered(origin: Origin, reason: Reason = Reason.SAME_QUESTION, cost: Decimal | None = COST) -> Answer:
    return Answer(a_completion(usage=TokenUsage(7, 4), cost=cost), origin, reason)


class TestPrice:
    def test_tokens_that_were_read_and_written_cost_what_a_million_of_them_does(self) -> None:
        assert PRICE.cost(TokenUsage(11, 7)) == Decimal("0.000092")

    def test_without_prices_of_their_own_cached_tokens_and_thoughts_cost_what_the_others_do(self) -> None:
        assert PRICE.cost(TokenUsage(11, 7, cached=8, written=3, reasoning=5)) == PRICE.cost(TokenUsage(11, 7))

    def test_with_prices_of_their_own_they_cost_that(self) -> None:
        price = Price(rate("2"), rate("10"), cached=rate("1"), written=rate("3"), reasoning=rate("20"))

        assert price.cost(TokenUsage(100, 10, cached=50, written=20, reasoning=4)) == Decimal("0.000310")

    def test_a_call_may_cost_something_beside_its_tokens(self) -> None:
        assert Price(rate("1"), rate("1"), call=Decimal("0.012")).cost(TokenUsage(1, 1)) == Decimal("0.012002")

    @pytest.mark.parametrize(
        ("prompt", "cost"), [(1000, "0.001"), (1001, "0.002002"), (2000, "0.004"), (2001, "0.008004")]
    )
    def test_above_a_step_all_tokens_cost_more(self, prompt: int, cost: str) -> None:
        stepped = Price(rate("1", (2000, "4"), (1000, "2")), rate("0"))

        assert stepped.cost(TokenUsage(prompt, 1)) == Decimal(cost)

    def test_where_the_provider_counted_nothing_the_cost_is_unknown(self) -> None:
        assert PRICE.cost(TokenUsage()) is None

    def test_what_is_free_costs_nothing_counted_or_not(self) -> None:
        assert [FREE.cost(each) for each in (TokenUsage(), TokenUsage(9, 9))] == [NOTHING, NOTHING]

    def test_more_cached_tokens_than_there_are_earn_nobody_money(self) -> None:
        assert PARTS.cost(TokenUsage(5, 1, cached=50)) == Decimal("0.000060")

    @given(tokens, tokens, tokens, dollars, dollars)
    def test_a_cost_is_exact_to_the_millionth_of_a_millionth(
        self, prompt: int, completion: int, cached: int, reading: Decimal, writing: Decimal
    ) -> None:
        cost = Price(Rate(reading), Rate(writing)).cost(TokenUsage(prompt, completion, cached=min(cached, prompt)))

        exact = int(reading * 10**6) * prompt + int(writing * 10**6) * completion
        assert (cost or NOTHING) * 10**12 == exact


class TestBill:
    @pytest.mark.parametrize("origin", [Origin.GENERATED, Origin.PASSED])
    def test_a_fresh_answer_is_paid_for(self, origin: Origin) -> None:
        assert answered(origin).bill == Bill(served=11, provider=11, billable=11, cost=COST)

    @pytest.mark.parametrize("origin", [Origin.EXACT_HIT, Origin.SEMANTIC_HIT, Origin.STALE_HIT, Origin.COALESCED])
    def test_what_memory_or_a_neighbour_has_is_not(self, origin: Origin) -> None:
        assert answered(origin).bill == Bill(served=11, avoided=11, saved=COST)

    def test_what_stood_in_for_a_model_that_failed_spared_nobody_a_call(self) -> None:
        assert answered(Origin.STALE_HIT, Reason.MODEL_FAILED).bill == Bill(served=11)

    def test_tokens_of_a_free_model_need_not_be_paid(self) -> None:
        assert answered(Origin.GENERATED, cost=NOTHING).bill == Bill(served=11, provider=11)

    def test_what_is_unknown_is_not_nothing(self) -> None:
        assert answered(Origin.GENERATED, cost=None).bill == Bill(11, 11, 11, cost=None)
        assert answered(Origin.EXACT_HIT, cost=None).bill == Bill(served=11, avoided=11, saved=None)


def test_savings_are_net_of_what_only_memory_needed() -> None:
    assert Savings(Decimal("0.30"), Decimal("0.10")).net == Decimal("0.20")
    assert Savings(Decimal("0.10"), Decimal("0.30")).net == Decimal("-0.20")


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0", "0"), ("0.000092000", "0.000092"), ("1E-12", "0.000000000001"), ("1200", "1200"), ("-0.5", "-0.5")],
)
def test_dollars_are_written_with_all_their_digits_and_no_more(amount: str, written: str) -> None:
    assert in_dollars(Decimal(amount)) == written


def test_nothing_is_written_as_such_and_what_is_unknown_not_at_all() -> None:
    assert (in_dollars(NOTHING), in_dollars(None)) == ("0", None)

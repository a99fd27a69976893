from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.budgets import BINS, HALF_LIFE, RISKS, ErrorBudget, Interval, Spending, bin_of, wilson

PLAIN = ErrorBudget(share=0.01, caution=0.0, credit=0.0)
USUAL = ErrorBudget()
probabilities = st.floats(0, 1)


def spending(*served: float, requests: int = 0) -> Spending:
    """Give what was spent when these probabilities were served among so many requests."""
    spent = Spending()
    for number in range(max(requests, len(served))):
        spent.begin()
        if number < len(served):
            spent.see(served[number])
            spent.charge(1 - served[number])
    return spent


class TestBudget:
    @pytest.mark.parametrize(("wrong", "covered"), [(0, True), (10, True), (10.01, False)])
    def test_it_covers_its_share_of_the_requests(self, wrong: float, covered: bool) -> None:
        assert PLAIN.covers(wrong, 1000) is covered

    def test_caution_keeps_a_distance(self) -> None:
        cautious = ErrorBudget(share=0.01, caution=2.0, credit=0.0)

        assert cautious.covers((sqrt(11) - 1) ** 2 - 0.01, 1000)
        assert not cautious.covers((sqrt(11) - 1) ** 2 + 0.01, 1000)

    def test_credit_lets_a_new_tenant_begin(self) -> None:
        assert not PLAIN.covers(0.1, 0)
        assert ErrorBudget(caution=0.0, credit=100.0).covers(0.1, 0)

    def test_an_overdraft_stretches_it(self) -> None:
        assert not PLAIN.covers(11, 1000)
        assert PLAIN.covers(11, 1000, overdraft=1.2)

    def test_another_share_leaves_the_rest(self) -> None:
        assert ErrorBudget(0.01, 3.0, 50.0).of(0.05) == ErrorBudget(0.05, 3.0, 50.0)

    @pytest.mark.parametrize("wrong", [{"share": 0}, {"share": 1}, {"share": -0.1}, {"caution": -1}, {"credit": -1}])
    def test_it_makes_sense(self, wrong: dict[str, float]) -> None:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ErrorBudget(**wrong)


class TestBins:
    @given(probabilities, probabilities)
    def test_the_surer_the_higher(self, one: float, other: float) -> None:
        surer, less_sure = max(one, other), min(one, other)

        assert 0 <= bin_of(less_sure) <= bin_of(surer) < BINS

    @given(st.floats(0, 0.99999))
    def test_a_bin_knows_its_risk_within_a_twentieth(self, probability: float) -> None:
        assert RISKS[bin_of(probability)] == pytest.approx(1 - probability, rel=0.055)


class TestSpending:
    def test_nothing_asked_is_nothing_spent(self) -> None:
        assert (Spending().rate, Spending().share_within(USUAL), Spending().exceeds(USUAL)) == (0.0, 0.0, False)

    def test_the_rate_is_what_is_expected_to_be_wrong_of_all_requests(self) -> None:
        assert spending(0.9, 0.8, requests=10).rate == pytest.approx(0.03, rel=0.01)

    def test_what_was_seen_and_spent_counts_half_after_a_half_life(self) -> None:
        fading = spending(0.0)
        for _ in range(int(HALF_LIFE)):
            fading.begin()

        assert fading.wrong / fading.unit == pytest.approx(0.5)
        assert sum(fading.seen) / fading.unit == pytest.approx(0.5)

    def test_requests_fade_to_what_a_half_life_can_hold(self) -> None:
        long = spending(requests=100_000)

        assert long.requests / long.unit == pytest.approx(HALF_LIFE * 1.4427, rel=0.01)

    def test_numbers_that_grew_large_are_scaled_and_mean_the_same(self) -> None:
        large, small = spending(0.9, 0.99, requests=5), spending(0.9, 0.99, requests=5)
        factor = 1e100 / large.unit
        large.requests, large.wrong, large.unit = large.requests * factor, large.wrong * factor, 1e100
        large.seen = [each * factor for each in large.seen]

        for each in (large, small):
            each.begin()
            each.see(0.5)
            each.charge(0.5)

        assert large.unit == 1.0
        assert large.rate == pytest.approx(small.rate)
        assert large.requests == pytest.approx(small.requests / small.unit)
        assert large.seen == pytest.approx([each / small.unit for each in small.seen])

    def test_over_a_million_requests_nothing_overflows(self) -> None:
        long = Spending(unit=1e99)
        for _ in range(20_000):
            long.begin()

        assert long.unit < 1e100
        assert long.requests / long.unit == pytest.approx(HALF_LIFE * 1.4427, rel=0.01)

    def test_it_exceeds_a_budget_when_more_was_wrong_than_that(self) -> None:
        spent = spending(*[0.99] * 500)
        assert not spent.exceeds(USUAL)

        for _ in range(2):
            spent.charge(1.0)
        assert spent.exceeds(USUAL)

    def test_and_no_more_once_enough_was_asked_since(self) -> None:
        spent = spending(requests=100)
        spent.charge(3.0)
        assert spent.exceeds(USUAL)

        for _ in range(300):
            spent.begin()
        assert not spent.exceeds(USUAL)


class TestServing:
    def test_a_new_tenant_is_served_what_is_quite_sure_and_no_more(self) -> None:
        assert Spending().allows(0.99, USUAL)
        assert not Spending().allows(0.5, USUAL)

    def test_the_surer_may_be_served_where_the_less_sure_may_not(self) -> None:
        busy = spending(*[0.9, 0.95, 0.99, 0.999] * 100, requests=1000)
        busy.wrong = 0.0
        allowed = [busy.allows(each, USUAL) for each in (0.5, 0.9, 0.95, 0.99, 0.999)]

        assert allowed == sorted(allowed)
        assert (allowed[0], allowed[-1]) == (False, True)

    def test_with_all_spent_nothing_more_is_served(self) -> None:
        spent = spending(requests=1000)
        assert spent.allows(0.999, USUAL)

        spent.charge(15.0)
        assert not spent.allows(0.999, USUAL)

    def test_more_budget_allows_no_less(self) -> None:
        busy = spending(*[0.9, 0.95, 0.99] * 100, requests=1000)
        allowed = [busy.allows(0.95, USUAL.of(share)) for share in (0.001, 0.01, 0.03, 0.1)]

        assert allowed == sorted(allowed)
        assert allowed[-1]

    @given(st.lists(probabilities, min_size=50, max_size=300), st.sampled_from([0.005, 0.01, 0.05]))
    def test_who_serves_what_is_allowed_stays_within_the_budget(self, asked: list[float], share: float) -> None:
        budget, spent = USUAL.of(share), Spending()
        for probability in asked:
            spent.begin()
            spent.see(probability)
            spent.charge((1 - probability) * spent.allows(probability, budget))

        assert spent.wrong / spent.unit <= 1.2 * share * (spent.requests / spent.unit + budget.credit)

    def test_the_share_that_another_budget_would_serve_grows_with_it(self) -> None:
        busy = spending(*[0.5, 0.9, 0.99, 0.9999] * 250, requests=2000)
        shares = [busy.share_within(USUAL.of(share)) for share in (0.0001, 0.005, 0.05, 0.5)]

        assert shares == pytest.approx([0.0, 0.25 * 0.5, 0.75 * 0.5, 0.5], abs=0.13)
        assert shares == sorted(shares)

    def test_a_budget_for_everything_serves_all_that_had_a_candidate(self) -> None:
        assert spending(*[0.5] * 30, requests=60).share_within(USUAL.of(0.99)) == pytest.approx(0.5, rel=0.02)

    def test_a_budget_for_nothing_serves_none(self) -> None:
        hopeless = spending(*[0.1] * 100)

        assert hopeless.share_within(USUAL) == 0.0


class TestIntervals:
    @pytest.mark.parametrize(
        ("wrong", "of", "low", "high"),
        [
            (0, 10, 0.0, 0.2775),
            (1, 10, 0.0179, 0.4042),
            (5, 10, 0.2366, 0.7634),
            (10, 10, 0.7225, 1.0),
            (10, 1000, 0.0054, 0.0183),
            (81, 263, 0.2553, 0.3662),  # these two: Newcombe 1998, table I
            (15, 148, 0.0624, 0.1605),
        ],
    )
    def test_they_are_wilsons(self, wrong: int, of: int, low: float, high: float) -> None:
        interval = wilson(wrong, of)

        assert (interval.share, interval.of) == (wrong / of, of)
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=6e-5)

    def test_without_a_trial_anything_is_possible(self) -> None:
        assert wilson(0, 0) == Interval(0.0, 0.0, 1.0, 0)

    @given(st.integers(1, 10**9), st.floats(0, 1))
    def test_the_share_lies_within(self, of: int, part: float) -> None:
        interval = wilson(int(part * of), of)

        assert 0 <= interval.low <= interval.share + 1e-12
        assert interval.share - 1e-12 <= interval.high <= 1

    def test_a_part_of_the_whole_scales_it(self) -> None:
        assert Interval(0.1, 0.05, 0.2, 40).times(0.5) == Interval(0.05, 0.025, 0.1, 40)


def checked(right: int, wrong: int, risk: float = 0.01) -> Spending:
    """Serve many hits of a small risk, and check some."""
    spent = Spending()
    for _ in range(500):
        spent.begin()
        spent.serve(risk)
    for fits in (True,) * right + (False,) * wrong:
        spent.check(fits)
    return spent


def test_checks_that_find_what_was_expected_change_nothing() -> None:
    assert Spending().severity == 1
    assert checked(10, 0).severity == 1
    assert checked(100, 1).severity == pytest.approx(1, abs=0.01)
    assert 1.1 < checked(40, 1).severity < 1.2


def test_checks_that_find_more_errors_than_were_expected_make_every_risk_count_more() -> None:
    spent = checked(80, 20)

    assert 4 < spent.severity < 6
    assert spent.exceeds(ErrorBudget())
    assert not spent.allows(0.999, ErrorBudget())
    assert spent.rate > 0.1


def test_a_sum_that_would_grow_too_large_is_scaled_down_unseen() -> None:
    spent = checked(80, 20)
    severity, rate = spent.severity, spent.rate
    spent.unit *= 1e101
    for name in ("requests", "wrong", "served", "risked", "checked", "refuted"):
        setattr(spent, name, getattr(spent, name) * 1e101)
    spent.begin()

    assert spent.unit == 1.0
    assert spent.severity == pytest.approx(severity, rel=1e-3)
    assert spent.rate == pytest.approx(rate, rel=0.01)


def test_several_requests_in_a_row_count_as_if_they_came_one_by_one() -> None:
    one, other = Spending(), Spending()
    for _ in range(500):
        one.begin()
    other.begin(200)
    other.begin(300)

    assert other.requests == pytest.approx(one.requests)
    assert other.unit == pytest.approx(one.unit)

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.caching import CLOCK_SKEW, Directives, Freshness, Lifetime
from tests.builders import a_stored_answer

STORED = 1_000_000.0
seconds = st.floats(0, 1e6)


class TestFreshness:
    @pytest.mark.parametrize(
        ("age", "freshness"),
        [
            (0, Freshness.FRESH),
            (100, Freshness.FRESH),
            (100.1, Freshness.GRACE),
            (120, Freshness.GRACE),
            (120.1, Freshness.RESCUE),
            (150, Freshness.RESCUE),
            (150.1, Freshness.DEAD),
        ],
    )
    def test_an_answer_ages_from_fresh_to_dead(self, age: float, freshness: Freshness) -> None:
        assert a_stored_answer().freshness(STORED + age) is freshness

    def test_use_does_not_prolong_a_life(self) -> None:
        popular = a_stored_answer(accesses=1000, accessed_at=STORED + 149)

        assert popular.freshness(STORED + 151) is Freshness.DEAD

    @given(seconds, seconds, seconds, seconds, seconds)
    def test_it_never_gets_better(self, ttl: float, grace: float, rescue: float, age: float, more: float) -> None:
        stored = a_stored_answer(lifetime=Lifetime(ttl, grace, rescue))
        order = list(Freshness)

        earlier, later = (order.index(stored.freshness(STORED + each)) for each in (age, age + more))
        assert earlier <= later

    @given(seconds, seconds, seconds)
    def test_past_its_total_it_is_dead(self, ttl: float, grace: float, rescue: float) -> None:
        lifetime = Lifetime(ttl, grace, rescue)

        assert a_stored_answer(lifetime=lifetime).freshness(STORED + lifetime.total + 1) is Freshness.DEAD

    def test_a_clock_that_went_back_a_little_changes_nothing(self) -> None:
        assert a_stored_answer().age(STORED - CLOCK_SKEW) == 0

    def test_a_clock_that_went_back_far_makes_the_age_unknown(self) -> None:
        stored = a_stored_answer()

        assert stored.age(STORED - CLOCK_SKEW - 1) == inf
        assert stored.freshness(STORED - CLOCK_SKEW - 1) is Freshness.DEAD

    @pytest.mark.parametrize("wrong", [{"ttl": -1}, {"grace": -1}, {"stale_if_error": -1}])
    def test_no_lifetime_is_negative(self, wrong: dict[str, float]) -> None:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Lifetime(**wrong)


class TestDirectives:
    @pytest.mark.parametrize(
        ("directives", "may_recall", "may_remember"),
        [
            (Directives(), True, True),
            (Directives(use_cache=False), False, False),
            (Directives(no_cache=True), False, True),
            (Directives(no_store=True), True, False),
        ],
    )
    def test_they_say_what_memory_may_do(self, directives: Directives, may_recall: bool, may_remember: bool) -> None:
        assert (directives.may_recall, directives.may_remember) == (may_recall, may_remember)

    @pytest.mark.parametrize(
        ("directives", "age", "welcome"),
        [
            (Directives(), 100, True),
            (Directives(), 120, True),
            (Directives(), 121, False),
            (Directives(max_age=50), 50, True),
            (Directives(max_age=50), 51, False),
            (Directives(max_age=0), 0, True),
            (Directives(max_stale=30), 130, True),
            (Directives(max_stale=30), 131, False),
            (Directives(max_stale=inf), 100_000, True),
            (Directives(max_stale=inf, max_age=110), 111, False),
        ],
    )
    def test_an_answer_is_welcome_while_it_suits_the_asker(
        self, directives: Directives, age: float, welcome: bool
    ) -> None:
        assert directives.welcome(a_stored_answer(), STORED + age) is welcome

    @pytest.mark.parametrize("max_stale", [0, 1e9, inf])
    def test_an_answer_of_unknown_age_is_welcome_to_nobody(self, max_stale: float) -> None:
        assert not Directives(max_stale=max_stale).welcome(a_stored_answer(), STORED - 1000)

    @pytest.mark.parametrize(
        ("directives", "age", "tolerated"),
        [(Directives(), 150, True), (Directives(), 151, False), (Directives(max_age=120), 121, False)],
    )
    def test_a_stale_answer_is_tolerated_in_need(self, directives: Directives, age: float, tolerated: bool) -> None:
        assert directives.tolerates(a_stored_answer(), STORED + age) is tolerated

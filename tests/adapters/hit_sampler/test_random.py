"""A random share of the hits, up to so many a minute."""

import time
from random import Random

import pytest
from limits import RateLimitItemPerSecond

from adapters.hit_sampler.random import RandomHitSampler

PLENTY = 1_000_000


def chosen(sampler: RandomHitSampler, hits: int) -> int:
    return sum(sampler.chosen() for _ in range(hits))


def test_it_chooses_the_share_that_it_was_given() -> None:
    assert 160 < chosen(RandomHitSampler(0.02, PLENTY, Random(1)), 10_000) < 240  # noqa: S311 -- a seed, no secret


def test_all_are_chosen_of_a_whole_share() -> None:
    assert chosen(RandomHitSampler(1.0, PLENTY), 300) == 300


def test_none_is_chosen_of_no_share() -> None:
    assert chosen(RandomHitSampler(0.0, PLENTY), 300) == 0


def test_the_same_seed_chooses_the_same_hits() -> None:
    one, other = (RandomHitSampler(0.3, PLENTY, Random(7)) for _ in range(2))  # noqa: S311 -- a seed, no secret

    assert [one.chosen() for _ in range(100)] == [other.chosen() for _ in range(100)]


def test_it_stops_at_the_ceiling() -> None:
    assert chosen(RandomHitSampler(1.0, 5), 300) == 5


def test_a_ceiling_of_nothing_chooses_nothing() -> None:
    assert chosen(RandomHitSampler(1.0, 0), 300) == 0


def test_it_goes_on_when_the_period_is_over() -> None:
    sampler = RandomHitSampler(1.0, 5, period=RateLimitItemPerSecond)

    assert chosen(sampler, 300) == 5
    time.sleep(1.05)

    assert chosen(sampler, 300) == 5


def test_two_samplers_share_no_ceiling() -> None:
    assert [chosen(RandomHitSampler(1.0, 3), 10) for _ in range(2)] == [3, 3]


@pytest.mark.parametrize(("share", "per_minute"), [(-0.1, 5), (1.1, 5), (0.5, -1)])
def test_a_share_outside_the_whole_and_a_ceiling_below_nothing_are_refused(share: float, per_minute: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        RandomHitSampler(share, per_minute)

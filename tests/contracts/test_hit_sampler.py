"""What every hit sampler promises."""

from collections.abc import Callable

import pytest

from adapters.hit_sampler.random import RandomHitSampler
from domain.agreement import HitSampler

HITS = 500
CEILING = 7

KINDS: dict[str, Callable[[], HitSampler]] = {
    "random, all": lambda: RandomHitSampler(share=1.0, per_minute=CEILING),
    "random, half": lambda: RandomHitSampler(share=0.5, per_minute=CEILING),
    "random, never": lambda: RandomHitSampler(share=0.0, per_minute=CEILING),
    "random, not allowed": lambda: RandomHitSampler(share=1.0, per_minute=0),
}


@pytest.fixture(params=KINDS)
def sampler(request: pytest.FixtureRequest) -> HitSampler:
    return KINDS[request.param]()


def test_every_hit_is_chosen_or_is_not(sampler: HitSampler) -> None:
    assert {sampler.chosen() for _ in range(HITS)} <= {True, False}


def test_it_never_chooses_more_than_the_operator_allows(sampler: HitSampler) -> None:
    assert sum(sampler.chosen() for _ in range(HITS)) <= CEILING

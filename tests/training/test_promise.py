"""
The promise under bad luck: a judge that errs, traffic that changes overnight, a user who praises everything.

The traffic is made up: topics in pairs of twins, which are as hard to tell apart as *likeness* says.
"""

from random import Random

import numpy as np
import pytest

from adapters.prior import read_prior
from domain.budgets import ErrorBudget
from domain.calibration import Calibration
from domain.candidates import FEATURES, Candidate
from domain.labels import Asked, Report
from domain.verdicts import VerifiedPolicy
from training.labelled import Stream, Vectors
from training.simulation import Outcome, Replay

WIDTH = 96
SYLLABLES = [first + second for first in "bdklmr" for second in "aeiou"]
Traffic = tuple[list[str], list[str], dict[str, Vectors]]


def traffic(requests: int, topics: int, likeness: float, seed: int) -> Traffic:
    """Ask *requests* made-up questions; *likeness* is the cosine between the centres of twins."""
    random, chance = np.random.default_rng(seed), Random(seed)  # noqa: S311 - made-up traffic
    centres = random.normal(size=(topics, WIDTH))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    twins = centres[::2] * likeness + centres[1::2] * (1 - likeness**2) ** 0.5
    centres[1::2] = twins / np.linalg.norm(twins, axis=1, keepdims=True)
    texts, answers, vectors = [], [], {}
    for _ in range(requests):
        topic = chance.randrange(topics)
        text = " ".join("".join(chance.choices(SYLLABLES, k=3)) for _ in range(6)) + "?"
        vector = centres[topic] + 0.32 * random.normal(size=WIDTH) / WIDTH**0.5
        texts.append(text)
        answers.append(f"{seed}-{topic}")
        vectors[text] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return texts, answers, vectors


def replay(*parts: Traffic, mistaken: float = 0.0, calibration: Calibration | None = None) -> Outcome:
    texts, answers = ([one for each in parts for one in each[side]] for side in (0, 1))
    vectors = {text: vector for each in parts for text, vector in each[2].items()}
    known = calibration or Calibration.fresh(read_prior(FEATURES))
    return Replay(Stream("made up", texts, answers), vectors, VerifiedPolicy(), known, mistaken=mistaken).run()


def test_easy_traffic_is_mostly_answered_from_memory() -> None:
    outcome = replay(traffic(1500, 60, 0.3, seed=1))

    assert outcome.net > 0.6
    assert outcome.error_rate <= 0.01


def test_hard_traffic_stays_within_the_budget() -> None:
    outcome = replay(traffic(2000, 300, 0.93, seed=2))

    assert outcome.error_rate <= 0.01


@pytest.mark.parametrize("likeness", [0.6, 0.85, 0.93])
def test_a_judge_that_is_wrong_every_tenth_time_costs_less_than_twice_the_budget(likeness: float) -> None:
    outcome = replay(traffic(2000, 200, likeness, seed=3), mistaken=0.1)

    assert outcome.error_rate <= 0.02


def test_traffic_that_changes_overnight_is_within_the_budget_after_500_requests() -> None:
    before, after = traffic(1500, 60, 0.3, seed=4), traffic(2000, 300, 0.93, seed=5)

    outcome = replay(before, after)
    late = [number for number in outcome.wrong if number >= 2000]

    assert sum(number < 1500 for number in outcome.wrong) <= 15
    assert len(late) / 1500 <= 0.01


def test_who_praises_every_hit_cannot_loosen_the_promise() -> None:
    calibration = Calibration.fresh(read_prior(FEATURES))
    hard = traffic(1500, 300, 0.93, seed=6)
    replay(hard, calibration=calibration)
    honest = probability(calibration)
    for number in range(5000):
        Report(f"praise {number}", fits=True, features=doubtful()).tell(calibration)

    assert probability(calibration) - honest < 0.2
    assert replay(traffic(1500, 300, 0.93, seed=7), calibration=calibration).error_rate <= 0.01


def test_a_budget_that_was_exceeded_earns_itself_back() -> None:
    calibration, budget = Calibration.fresh(read_prior(FEATURES)), ErrorBudget()
    for number in range(5):
        Asked(probability=0.99, served=True).tell(calibration)
        Report(f"wrong {number}", fits=False).tell(calibration)
    assert calibration.spending.exceeds(budget)

    for _ in range(1000):
        Asked(exact=True).tell(calibration)

    assert not calibration.spending.exceeds(budget)


def doubtful() -> tuple[float, ...]:
    """Describe a candidate of which one cannot be sure."""
    candidates = [Candidate("Where is it?", 0.9 - number / 100, answer=str(number)) for number in range(6)]
    verdict = VerifiedPolicy().judge("Where may it be?", candidates, Calibration.fresh(read_prior(FEATURES)))
    return verdict.features or ()


def probability(calibration: Calibration) -> float:
    return calibration.belief.probability(doubtful())

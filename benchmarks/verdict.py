"""What a verdict costs, on one thread: the evidence, the belief, and reading what they begin with."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from figures import Effort, Figure
from progress import steps
from questions import WORDINGS, asked, reworded

from adapters.prior import read_prior
from domain.budgets import ErrorBudget
from domain.calibration import Calibration
from domain.candidates import FEATURES, USUAL, Candidate
from domain.labels import Label, Source
from domain.verdicts import VerifiedPolicy

QUESTIONS = 100
MOST_VERDICT, MOST_READING = 3.0, 300.0


def measure(_folder: Path, effort: Effort) -> list[Figure]:
    """Judge, learn and read again and again."""
    calibration, policy = Calibration.fresh(read_prior(FEATURES)), VerifiedPolicy(ErrorBudget())
    cases = [(reworded(*each), candidates(each[0])) for each in _numbers()]
    features = policy.judge(*cases[0], calibration).features or ()
    label = Label(Source.MISS, features, fits=True)
    judging, learning, reading = [], [], []
    for _ in steps("verdicts", range(effort.rounds)):
        judging.append(median_ms([partial(policy.judge, text, near, calibration) for text, near in cases]))
        learning.append(median_ms([partial(label.tell, calibration)] * QUESTIONS))
        reading.append(median_ms([partial(read_prior, FEATURES)] * 5))
    return [
        Figure("verdict", "on six candidates, p50", "ms", judging, at_most=MOST_VERDICT),
        Figure("verdict", "learning from a label, p50", "ms", learning),
        Figure("verdict", "reading the prior", "ms", reading, at_most=MOST_READING),
    ]


def candidates(number: int) -> list[Candidate]:
    """Give the neighbours of a question, all of other answers."""
    return [
        Candidate(asked(number + step), 0.97 - step / 50, str(number + step), str(number + step))
        for step in range(USUAL)
    ]


def median_ms(works: list[Callable[[], object]]) -> float:
    """Give the median milliseconds of *works*."""
    took = []
    for work in works:
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return 1000 * sorted(took)[len(took) // 2]


def _numbers() -> list[tuple[int, int]]:
    return [(number, wording) for wording in range(len(WORDINGS)) for number in range(QUESTIONS)]

"""May this remembered answer be served? Policies look at the candidates and give a verdict."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from attrs import field, frozen
from attrs.validators import and_, ge, le

from domain.answers import Reason
from domain.belief import Vector
from domain.budgets import ErrorBudget
from domain.calibration import Calibration
from domain.candidates import USUAL, Candidate, describe
from domain.evidence import Difference

FACTS = frozenset({Difference.NUMBERS, Difference.UNITS, Difference.DATES, Difference.IDENTIFIERS, Difference.NAMES})
"""Differences that no similarity outvotes."""

VETOES = FACTS | {Difference.ANTONYM}
"""
Those that count as well where no other remembered question of the same answer speaks for the nearest.

Where one does, and of negation everywhere, the learnt model knows better: "my card has not arrived" asks what "where is
my card" asks. docs/quality.md has the figures.
"""

LEAST = 0.7
"""The least probability of a hit, however much of the budget is left: many exact hits would earn a lot of it."""

ALIKE = 0.6
"""The least similarity at which a difference is what a refusal is put down to."""


@frozen
class Verdict:
    """
    Whether the nearest candidate may be served, and why.

    *probability* says how likely its answer fits; *similarity* is the cosine it rests on.
    Both are ``None`` where there was no candidate to judge.
    *differences* are those between its question and the one asked; *features* are what a label on it teaches,
    empty where that is nothing, ``None`` where the policy knows none.
    """

    hit: bool
    reason: Reason
    probability: float | None = None
    similarity: float | None = None
    differences: tuple[Difference, ...] = ()
    features: Vector | None = field(default=None, repr=False)

    @property
    def at_stake(self) -> float | None:
        """Give the probability, if it was what decided."""
        return (
            self.probability
            if self.features is not None and self.reason in {Reason.SIMILAR, Reason.UNCERTAIN}
            else None
        )


class HitPolicy(Protocol):
    """Decides about semantic hits. Pure: the same candidates and the same calibration get the same verdict."""

    @abstractmethod
    def judge(self, asked: str, candidates: Sequence[Candidate], calibration: Calibration) -> Verdict:
        """
        Decide whether *candidates*, nearest first, hold an answer to *asked*; only the first may be served.

        *calibration* is what is known of the asker's traffic.
        """


@frozen
class ThresholdPolicy(HitPolicy):
    """
    Serves whatever is similar enough.

    Its *probability* is the similarity, cut to 0..1. It is not calibrated: how often a hit at 0.95 is wrong
    depends on the traffic (docs/quality.md).
    """

    threshold: float = field(default=0.95, validator=and_(ge(0.0), le(1.0)))

    def judge(self, asked: str, candidates: Sequence[Candidate], calibration: Calibration) -> Verdict:
        """Accept the nearest candidate when it reaches the threshold, unless a user has reported it."""
        if not candidates:
            return Verdict(hit=False, reason=Reason.NO_CANDIDATE)
        similarity = candidates[0].similarity
        hit, reason = similarity >= self.threshold, Reason.SIMILAR
        if not hit:
            reason = Reason.BELOW_THRESHOLD
        elif calibration.reported_wrong(candidates[0].question, asked):
            hit, reason = False, Reason.REPORTED_WRONG
        return Verdict(hit, reason, min(1.0, max(0.0, similarity)), similarity)


@frozen
class VerifiedPolicy(HitPolicy):
    """
    Serves what probably fits, as far as the error budget allows.

    The probability comes from the neighbourhood and from the wording, weighed by what the tenant's own traffic
    has taught. A difference that no similarity outvotes, and a pair that a user has reported, are never served.
    """

    budget: ErrorBudget = field(factory=ErrorBudget)

    def judge(self, asked: str, candidates: Sequence[Candidate], calibration: Calibration) -> Verdict:
        """Accept the nearest candidate when it is as sure as the budget wants it."""
        if not candidates:
            return Verdict(hit=False, reason=Reason.NO_CANDIDATE)
        nearest, alone = candidates[0], len(candidates) == 1
        features, differences = describe(asked, candidates)
        believe = calibration.prior.probability_alone if alone else calibration.belief.probability
        probability = believe(features)
        reason = self._decide(probability, calibration)
        # Of what is hardly alike it says more that it is uncertain than in what it differs.
        if vetoed(candidates, differences) and (reason is Reason.SIMILAR or nearest.similarity >= ALIKE):
            reason = Reason.DIFFERENT
        if calibration.reported_wrong(nearest.question, asked):
            reason = Reason.REPORTED_WRONG
        hit, lesson = reason is Reason.SIMILAR, () if alone else features
        return Verdict(hit, reason, probability, nearest.similarity, differences, lesson)

    def _decide(self, probability: float, calibration: Calibration) -> Reason:
        sure = probability >= LEAST and calibration.spending.allows(probability, self.budget)
        return Reason.SIMILAR if sure else Reason.UNCERTAIN


def vetoed(candidates: Sequence[Candidate], differences: Sequence[Difference]) -> bool:
    """Tell whether something stands against the nearest candidate that no similarity outvotes."""
    nearest = candidates[0]
    spoken_for = any(each.answer == nearest.answer for each in candidates[1:USUAL])
    return not (FACTS if spoken_for else VETOES).isdisjoint(differences)

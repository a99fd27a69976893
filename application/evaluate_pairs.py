"""Say how well a new tenant's verdicts tell pairs of questions that share an answer from those that do not."""

from collections.abc import Sequence
from itertools import groupby

from attrs import frozen

from application.evaluate_traffic import BATCH, THRESHOLDS, Progress
from application.judge_pairs import JudgePairs, Pair
from domain.answers import Reason
from domain.budgets import Interval, wilson
from domain.verdicts import Verdict

ALLOWED = (0.01, 0.02, 0.05)
"""Shares of different pairs accepted at which the share of same ones is told."""


@frozen
class LabelledPair:
    """Two questions, and whether they share an answer."""

    pair: Pair
    same: bool


@frozen
class Acceptance:
    """
    What is accepted: the share of the same pairs, and that of the different ones, each with its interval.

    *name* says by which rule, *at* by which least score, where there is one.
    """

    name: str
    same: Interval
    different: Interval
    at: float | None = None

    @property
    def precision(self) -> float | None:
        """Give the share of same pairs among those accepted; ``None`` where none was."""
        right, wrong = (each.share * each.of for each in (self.same, self.different))
        return right / (right + wrong) if right + wrong else None


@frozen
class Discrimination:
    """
    How well pairs are told apart.

    *shipped* is what is accepted by the verdicts, *anchors* by similarity alone. *curve* follows the probability
    down, the most certain first, and what differs in something that matters comes last, as it is never served.
    *auc* is the area under the curve of the probability alone.
    """

    pairs: int
    shipped: Acceptance
    anchors: Sequence[Acceptance]
    curve: Sequence[Acceptance]
    auc: float

    def same_at(self, different: float) -> float:
        """Give the share of same pairs accepted where at most this share of different ones is, by probability."""
        return max((each.same.share for each in self.curve if each.different.share <= different), default=0.0)


@frozen
class EvaluatePairs:
    """Judges labelled pairs as a new tenant's first candidates."""

    judge: JudgePairs

    async def __call__(self, pairs: Sequence[LabelledPair], progress: Progress) -> Discrimination:
        """Judge *pairs*, of which there is at least one; raises ``EmbedderUnavailable``."""
        verdicts: list[Verdict] = []
        for start in range(0, len(pairs), BATCH):
            progress("judging", start / len(pairs))
            verdicts += await self.judge([each.pair for each in pairs[start : start + BATCH]])
        same = [each.same for each in pairs]
        return Discrimination(
            pairs=len(pairs),
            shipped=_acceptance("verdict", [each.hit for each in verdicts], same),
            anchors=[_by_cosine(verdicts, same, threshold) for threshold in THRESHOLDS],
            curve=_curve([_score(each) for each in verdicts], same),
            auc=_area([each.probability or 0.0 for each in verdicts], same),
        )


def _score(verdict: Verdict) -> float:
    return 0.0 if verdict.reason is Reason.DIFFERENT else verdict.probability or 0.0


def _by_cosine(verdicts: Sequence[Verdict], same: Sequence[bool], threshold: float) -> Acceptance:
    accepted = [(each.similarity or 0.0) >= threshold for each in verdicts]
    return _acceptance(f"cosine {threshold:g}", accepted, same, threshold)


def _acceptance(name: str, accepted: Sequence[bool], same: Sequence[bool], at: float | None = None) -> Acceptance:
    right = sum(one and other for one, other in zip(accepted, same, strict=True))
    total = sum(same)
    return Acceptance(name, wilson(right, total), wilson(sum(accepted) - right, len(same) - total), at)


def _curve(scores: Sequence[float], same: Sequence[bool]) -> Sequence[Acceptance]:
    """Accept ever more, those of equal score together."""
    points, right, wrong, total = [], 0, 0, sum(same)
    for score, group in _from_the_best(scores, same):
        right, wrong = right + sum(group), wrong + len(group) - sum(group)
        points.append(Acceptance("probability", wilson(right, total), wilson(wrong, len(same) - total), score))
    return points


def _area(scores: Sequence[float], same: Sequence[bool]) -> float:
    """Give the chance that a same pair scores higher than a different one; ties count half, 1/2 without either."""
    total, above, won = sum(same), 0, 0.0
    for _, group in _from_the_best(scores, same):
        fitting = sum(group)
        won += (len(group) - fitting) * (above + fitting / 2)
        above += fitting
    return won / (total * (len(same) - total)) if 0 < total < len(same) else 0.5


def _from_the_best(scores: Sequence[float], same: Sequence[bool]) -> Sequence[tuple[float, list[bool]]]:
    ranked = sorted(zip(scores, same, strict=True), key=lambda each: -each[0])
    return [(score, [fits for _, fits in group]) for score, group in groupby(ranked, key=lambda each: each[0])]

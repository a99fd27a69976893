"""The weights for a candidate that no other surrounds: one line between same and different, for all kinds of pairs."""

from collections.abc import Mapping

import numpy as np
from attrs import define, field, frozen

from training.regression import Matrix, newton

MOST = 0.05
"""The share of different pairs that may be accepted, of each kind."""

WANTED = {"paws_qqp": 0.30, "checklist": 0.35, "mqp": 0.50, "qqp": 0.35}
"""The share of same pairs that should be accepted, of each kind."""

ROUNDS = 60
PATIENCE = 0.15
"""How far a weight moves in a round."""

RIDGE = 3.0
TOTAL = 5000.0
"""What a kind of pair counts, were its weights 1."""


@frozen
class Kind:
    """Pairs of one kind: *features*, a row for each, whether each is the *same* question, and whether it is vetoed."""

    features: Matrix
    same: Matrix
    vetoed: Matrix

    def scores(self, weights: Matrix) -> Matrix:
        """Score the pairs; those that are vetoed score nothing whatever the weights."""
        scores: Matrix = np.where(self.vetoed == 1, -np.inf, self.features @ weights)
        return scores

    def accepted(self, scores: Matrix, cut: float) -> tuple[float, float]:
        """Give the shares of same and of different pairs that score above *cut*."""
        return float((scores[self.same == 1] > cut).mean()), float((scores[self.same == 0] > cut).mean())

    @property
    def most(self) -> float:
        """Give the share of these different pairs that may be accepted, one standard error below that of all."""
        return MOST - float(np.sqrt(MOST * (1 - MOST) / (self.same == 0).sum()))

    def cut(self, scores: Matrix) -> float:
        """Give the score above which just as many different pairs lie as may."""
        return float(np.quantile(scores[self.same == 0], 1 - max(0.0, self.most), method="higher"))


@define
class Search:
    """
    Looks for the line: what is accepted too often counts more in the next fit, what too seldom, less.

    *same*, *different*: what the pairs of each kind count. The best *line* seen, by its *merit*, is kept.
    """

    kinds: Mapping[str, Kind]
    same: dict[str, float] = field(factory=dict)
    different: dict[str, float] = field(factory=dict)
    merit: float = -1.0
    line: Matrix = field(factory=lambda: np.zeros(0))

    def run(self) -> Matrix:
        """Give weights of which a sum above 0 means that the pair may be accepted."""
        self.same, self.different = dict.fromkeys(self.kinds, 1.0), dict.fromkeys(self.kinds, 6.0)
        features = np.concatenate([each.features for each in self.kinds.values()])
        same = np.concatenate([each.same for each in self.kinds.values()])
        weights = np.zeros(features.shape[1])
        for _ in range(ROUNDS):
            weights = newton((features, same, self._counts()), weights, np.zeros(len(weights)), RIDGE, steps=4)
            self._judge(weights)
        return self.line

    def _counts(self) -> Matrix:
        return np.concatenate([self._counts_of(name, each) for name, each in self.kinds.items()])

    def _counts_of(self, name: str, kind: Kind) -> Matrix:
        same = self.same[name] / kind.same.sum()
        counts: Matrix = np.where(kind.same == 1, same, self.different[name] / (1 - kind.same).sum())
        return TOTAL * (1 - kind.vetoed) * counts

    def _judge(self, weights: Matrix) -> None:
        scores = {name: each.scores(weights) for name, each in self.kinds.items()}
        cut = max(each.cut(scores[name]) for name, each in self.kinds.items())
        shares = {name: each.accepted(scores[name], cut) for name, each in self.kinds.items()}
        self._keep(weights, cut, {name: same for name, (same, _) in shares.items()})
        for name, (same, different) in shares.items():
            self.different[name] *= _step((different - self.kinds[name].most) / MOST)
            self.same[name] *= _step((WANTED[name] - same) / WANTED[name])

    def _keep(self, weights: Matrix, cut: float, same: Mapping[str, float]) -> None:
        reached = [share / WANTED[name] for name, share in same.items()]
        # Enough of every kind first; what is more than enough of some kind is a margin, up to a third.
        merit = min(1.0, *reached) + sum(min(4 / 3, each) for each in reached) / len(reached)
        if merit > self.merit:
            self.merit, self.line = merit, weights.copy()
            self.line[0] -= cut  # the first feature is always 1


def _step(excess: float) -> float:
    return float(np.exp(PATIENCE * np.clip(excess, -1, 1)))

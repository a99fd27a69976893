"""How far to believe that an answer fits: a logistic regression that knows how uncertain its own weights are."""

from collections.abc import Iterable, Sequence
from itertools import compress
from math import exp, pi, sqrt
from operator import mul

from attrs import field, frozen

DOUBT = 2.0
"""
How much the uncertainty of the weights counts.

At 1 a probability is what it should be on average (MacKay's approximation of the integral over the weights);
a tenant whose traffic is unlike all that the prior has seen is better served by more doubt than that.
"""

LEAST_CURVATURE = 1e-4
"""So much every label tells of the weights, however sure of it we were."""

Vector = tuple[float, ...]


@frozen
class Belief:
    """
    Weights of features, as a normal distribution: *mean*, and *covariance* row by row.

    Learning moves both by one label at a time: an extended Kalman filter on the logistic likelihood.
    """

    mean: Vector
    covariance: tuple[Vector, ...] = field(repr=False)

    def __attrs_post_init__(self) -> None:
        size = len(self.mean)
        if len(self.covariance) != size or any(len(row) != size for row in self.covariance):
            raise ValueError(f"{size} weights need a covariance of {size} x {size}")

    def probability(self, features: Sequence[float]) -> float:
        """Say how likely it is that the answer fits; the less is known about such a case, the nearer to 1/2."""
        return self._expected(features, DOUBT)

    def learn(self, features: Sequence[float], fits: bool, weight: float = 1.0) -> "Belief":
        """Give the belief after one label, which counts *weight* times."""
        uncertain = [_dot(row, features) for row in self.covariance]
        variance = _dot(uncertain, features)
        expected = self._expected(features, 1.0)
        curvature = weight * max(LEAST_CURVATURE, expected * (1 - expected))
        shrunk = curvature / (1 + curvature * variance)
        covariance = tuple(
            tuple([old - one * other for old, other in zip(row, uncertain, strict=True)])
            for row, one in zip(self.covariance, [each * shrunk for each in uncertain], strict=True)
        )
        # The new covariance times the features is the old one's, shrunk.
        step = weight * (fits - expected) / (1 + curvature * variance)
        mean = tuple([old + step * each for old, each in zip(self.mean, uncertain, strict=True)])
        return Belief(mean, covariance)

    def loosened(self, towards: "Belief", share: float) -> "Belief":
        """Forget a little: *share* of the uncertainty of *towards* comes back, so that new labels count for more."""
        kept = 1 - share  # without which rare features would become ever more uncertain
        covariance = tuple(
            tuple([kept * old + share * fresh for old, fresh in zip(row, other, strict=True)])
            for row, other in zip(self.covariance, towards.covariance, strict=True)
        )
        return Belief(self.mean, covariance)

    def _expected(self, features: Sequence[float], doubt: float) -> float:
        variance = max(0.0, self._variance(features))
        return logistic(_dot(self.mean, features) / sqrt(1 + doubt * pi * variance / 8))

    def _variance(self, features: Sequence[float]) -> float:
        # Most features of a candidate are 0, and what is 0 adds nothing.
        present = [each for each in features if each]
        rows = compress(self.covariance, features)
        return _dot([_dot(compress(row, features), present) for row in rows], present)


def logistic(log_odds: float) -> float:
    """Turn log-odds into a probability; beyond 35 it makes no difference."""
    return 1 / (1 + exp(-max(-35.0, min(35.0, log_odds))))


def _dot(one: Iterable[float], other: Iterable[float]) -> float:
    return sum(map(mul, one, other), 0.0)

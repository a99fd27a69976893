"""From lessons to a prior: one fit for each kind of traffic, and the distribution that these fits came from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen

from domain.belief import Belief
from training.simulation import Lesson

Matrix = np.ndarray[Any, np.dtype[np.float64]]

HOLD = 20.0
"""How strongly the fit of one kind of traffic is held to the fit of all."""

LEAST_VARIANCE = 0.02
"""What any weight of yet another kind of traffic may differ, beyond what these few kinds show."""

STEPS = 50


@frozen
class Sample:
    """Lessons of one kind of traffic, as numbers; *weight* is what each of them counts."""

    features: Matrix
    fits: Matrix
    weight: Matrix

    @classmethod
    def of(cls, lessons: Sequence[Lesson], total: float) -> "Sample":
        """Let all lessons together count *total*."""
        fits = np.array([each.fits for each in lessons], dtype=float)
        return cls(np.array([each.features for each in lessons]), fits, np.full(len(fits), total / len(fits)))


def prior_of(samples: Sequence[Sample], held: float = HOLD) -> Belief:
    """Give what is to be believed of traffic of another kind than these: their mean, and how much they differ."""
    together = Sample(*(np.concatenate(part) for part in zip(*map(_parts, samples), strict=True)))
    pooled = _fit(together, np.zeros(together.features.shape[1]), 1.0)
    fits = np.stack([_fit(each, pooled, held) for each in samples])
    spread = np.cov(fits.T)
    # So few kinds say little about how weights vary together: half of that is believed.
    covariance = (spread + np.diag(np.diag(spread))) / 2 + LEAST_VARIANCE * np.eye(len(pooled))
    return _belief(fits.mean(axis=0), covariance)


def _parts(sample: Sample) -> tuple[Matrix, Matrix, Matrix]:
    return sample.features, sample.fits, sample.weight


def _fit(sample: Sample, centre: Matrix, ridge: float) -> Matrix:
    return newton(_parts(sample), centre, centre, ridge)


def newton(
    sample: tuple[Matrix, Matrix, Matrix], start: Matrix, centre: Matrix, ridge: float, steps: int = STEPS
) -> Matrix:
    """Fit a logistic regression of features, labels and weights from *start*, held to *centre*."""
    features, fits, counts = sample
    weights, held = start.copy(), ridge * np.eye(len(start))
    for _ in range(steps):
        expected = 1 / (1 + np.exp(-np.clip(features @ weights, -35, 35)))
        curvature = np.maximum(expected * (1 - expected), 1e-6) * counts
        slope = features.T @ ((fits - expected) * counts) - held @ (weights - centre)
        weights = weights + np.linalg.solve((features * curvature[:, None]).T @ features + held, slope)
    return weights


def _belief(mean: Matrix, covariance: Matrix) -> Belief:
    rounded = np.round((covariance + covariance.T) / 2, 6)
    return Belief(tuple(np.round(mean, 6).tolist()), tuple(map(tuple, rounded.tolist())))

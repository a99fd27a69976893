"""Remembered questions near the one asked, as numbers from which to judge."""

from collections.abc import Sequence

from attrs import frozen

from domain.belief import Vector
from domain.evidence import FEATURES as WORDING
from domain.evidence import Difference, compare

USUAL = 6
"""How many of the nearest questions are looked at, unless the operator wants it otherwise."""

NEIGHBOURHOOD = ("one", "nearness", "margin", "agreeing", "best_agreeing", "few", "alone", "almost_equal")
"""The names of what ``neighbourhood`` gives, in order."""

CROSSED = ("nearness_of_long", "nearness_of_several")
"""The nearness once more, times the length, and times the number of sentences: long texts are near more easily."""

FEATURES = (*NEIGHBOURHOOD, *WORDING, *CROSSED)
"""The names of what a belief weighs, in order."""

BENT = ("nearness_squared", "nearness_squared_of_long")
"""What is weighed as well of a candidate that no other surrounds: the nearer it is, the more it matters how near."""

NEARNESS, LENGTH, SENTENCES = map(FEATURES.index, ("nearness", "length", "sentences"))


@frozen
class Candidate:
    """
    A remembered question near the one asked: its text as it was asked, and the cosine between the two.

    *entry* names it; candidates of one *answer* share what they were answered.
    """

    question: str
    similarity: float
    entry: str = ""
    answer: str = ""


def describe(asked: str, candidates: Sequence[Candidate]) -> tuple[Vector, tuple[Difference, ...]]:
    """Give the features of the nearest candidate, in the order of ``FEATURES``, and how its wording differs."""
    evidence = compare(candidates[0].question, asked)
    plain = (*neighbourhood(candidates), *evidence.features)
    crossed = (plain[NEARNESS] * plain[LENGTH], plain[NEARNESS] * plain[SENTENCES])
    return (*plain, *crossed), evidence.differences


def bent(features: Vector) -> Vector:
    """Give *features* with those of ``BENT`` behind them."""
    squared = features[NEARNESS] ** 2
    return (*features, squared, squared * features[LENGTH])


def neighbourhood(candidates: Sequence[Candidate]) -> Vector:
    """
    Describe *candidates*, of which there is at least one, nearest first.

    How near the first one is; how much nearer than the first with another answer; how many of the others share its
    answer, and how near the best of these is; whether there are few, or no others. All are scaled to about -2..2.
    """
    nearest, others = candidates[0], candidates[1:USUAL]
    agreeing = [each.similarity for each in others if each.answer == nearest.answer]
    differing = [each.similarity for each in others if each.answer != nearest.answer]
    # Where all agree, the next to disagree is further away than the last.
    rival = differing[0] if differing else 0.9 * candidates[:USUAL][-1].similarity
    return (
        1.0,
        8 * (nearest.similarity - 0.8),
        8 * (nearest.similarity - rival),
        len(agreeing) / 2.5,
        8 * (agreeing[0] - 0.8) if agreeing else -2.0,
        float(len(others) + 1 < USUAL),
        float(not others),
        30 * max(0.0, nearest.similarity - 0.93),
    )

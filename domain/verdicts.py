"""May this remembered answer be served? Policies look at the candidates and give a verdict."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from attrs import field, frozen
from attrs.validators import and_, ge, le

from domain.answers import Reason


@frozen
class Candidate:
    """A remembered question near the one asked: its text as it was asked, and the cosine between the two."""

    question: str
    similarity: float


@frozen
class Verdict:
    """
    Whether the nearest candidate may be served, and why.

    *probability* says how likely its answer fits; *similarity* is the cosine it rests on.
    Both are ``None`` where there was no candidate to judge.
    """

    hit: bool
    reason: Reason
    probability: float | None = None
    similarity: float | None = None


class HitPolicy(Protocol):
    """Decides about semantic hits. Pure: the same candidates get the same verdict."""

    @abstractmethod
    def judge(self, asked: str, candidates: Sequence[Candidate]) -> Verdict:
        """Decide whether *candidates*, nearest first, hold an answer to *asked*; only the first may be served."""


@frozen
class ThresholdPolicy(HitPolicy):
    """
    Serves whatever is similar enough.

    Its *probability* is the similarity, cut to 0..1. It is not calibrated: how often a hit at 0.95 is wrong
    depends on the traffic (docs/quality.md).
    """

    threshold: float = field(default=0.95, validator=and_(ge(0.0), le(1.0)))

    def judge(self, asked: str, candidates: Sequence[Candidate]) -> Verdict:
        """Accept the nearest candidate when it reaches the threshold."""
        if not candidates:
            return Verdict(hit=False, reason=Reason.NO_CANDIDATE)
        similarity = candidates[0].similarity
        hit = similarity >= self.threshold
        reason = Reason.SIMILAR if hit else Reason.BELOW_THRESHOLD
        return Verdict(hit, reason, min(1.0, max(0.0, similarity)), similarity)

"""Whether two answers say the same."""

from abc import abstractmethod
from typing import Protocol

from domain.errors import Unavailable


class AnswerJudge(Protocol):
    """
    Judges whether two answers to one question agree. It would rather doubt than be wrong.

    Raises ``AnswerJudgeUnavailable``.
    """

    @abstractmethod
    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        """
        Tell whether whoever got *one* was told the same as by *other*; ``None`` where that is in doubt.

        *tenant* is whose question it is: what the judgement costs is booked to it.
        """


class HitSampler(Protocol):
    """Chooses the hits that are checked in the shadow: a sample, and never more than the operator allows."""

    @abstractmethod
    def chosen(self) -> bool:
        """Tell whether this hit is one of them; each call asks about another hit."""


def same_words(one: str, other: str) -> bool:
    """Tell whether two answers are one and the same text, but for white space."""
    return one.split() == other.split()


class AnswerJudgeUnavailable(Unavailable):
    """The two answers could not be compared."""

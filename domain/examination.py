"""What somebody who looks at a configuration and at what it rests on finds, and what should be done about it."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

from attrs import frozen


class Judgement(StrEnum):
    """What a finding means: all is well, it works at a risk, it could not be seen, it breaks a promise."""

    OK = "ok"
    ADVICE = "advice"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@frozen
class Finding:
    """What was looked at, by *part* and *subject*, what was found there, and what to change: words for operators."""

    part: str
    subject: str
    found: str
    judgement: Judgement = Judgement.OK
    remedy: str = ""


class Examiner(Protocol):
    """
    Looks at one part, and leaves it as it was: nothing is made, and nothing is written that stays.

    A part that is away, or refuses, is a finding, not an error.
    """

    @property
    @abstractmethod
    def part(self) -> str:
        """Name the part, as findings do."""

    @abstractmethod
    async def examine(self) -> Sequence[Finding]:
        """Look at everything, and give at least one finding."""


def verdict(findings: Iterable[Finding]) -> Judgement:
    """Give the gravest judgement of all."""
    gravity = list(Judgement)
    return max((each.judgement for each in findings), key=gravity.index, default=Judgement.OK)

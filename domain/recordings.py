"""Requests of the past, and what would come of them if they were asked again."""

from collections.abc import Sequence

from attrs import define, frozen

from domain.answers import Answer, Origin
from domain.budgets import Interval, wilson
from domain.tokens import TokenUsage


@frozen
class Recorded:
    """
    A request of the past.

    *answer* is what a model said, or the name of what it ought to say; ``None`` where neither is known. *usage*
    are the tokens it took, where somebody counted. Requests to different models share no answers.
    """

    text: str
    answer: str | None = None
    provider: str = "recorded"
    model: str = "recorded"
    usage: TokenUsage | None = None


@frozen
class Recording:
    """
    Requests in the order in which they came.

    *labelled* tells that their answers are names: hits on another name are wrong, and others are not. Otherwise
    they are what models said, and whether two agree is a matter of judgement.
    """

    requests: Sequence[Recorded]
    labelled: bool = False

    @property
    def tokens(self) -> int:
        """Add up the tokens that were counted."""
        return sum(each.usage.total for each in self.requests if each.usage)

    @property
    def answered(self) -> int:
        """Count the requests whose answer is known."""
        return sum(each.answer is not None for each in self.requests)

    @property
    def possible_hit_rate(self) -> float | None:
        """Give the share of requests that a memory which knew the labels could answer; ``None`` without labels."""
        answers = {each.answer for each in self.requests}
        return 1 - len(answers) / len(self.requests) if self.labelled else None

    def saved(self, outcome: "Outcome") -> float:
        """Give the share of the counted tokens that were not spent; only where some were counted."""
        return 1 - outcome.tokens / self.tokens


@define
class Outcome:
    """
    What came of asking *requests*.

    *wrong* hits are known to be; of the *undecided* ones it is not known, and *risk* of them are expected to be.
    *calls* and *tokens* are what models were asked, and counted where that is known; checks of hits are among it.
    """

    requests: int = 0
    exact_hits: int = 0
    semantic_hits: int = 0
    wrong: int = 0
    undecided: int = 0
    risk: float = 0.0
    calls: int = 0
    tokens: int = 0

    @property
    def hits(self) -> int:
        """Count the answers from memory."""
        return self.exact_hits + self.semantic_hits

    @property
    def checks(self) -> int:
        """Count the hits for which a model was asked all the same."""
        return self.calls + self.hits - self.requests

    @property
    def hit_rate(self) -> float:
        """Give the share of requests that memory answered."""
        return self.hits / self.requests

    @property
    def net_hit_rate(self) -> float:
        """Give the share of model calls that were not made."""
        return 1 - self.calls / self.requests

    @property
    def wrong_rate(self) -> Interval:
        """
        Give the share of requests that got a wrong answer, with its 95 % interval.

        Where hits are undecided, its lower end takes them all to be right, and its upper end all to be wrong.
        """
        low, high = (wilson(wrong, self.requests) for wrong in (self.wrong, self.wrong + self.undecided))
        return Interval((self.wrong + self.risk) / self.requests, low.low, high.high, self.requests)

    @property
    def precision(self) -> float | None:
        """Give the share of right answers among the hits, as far as is known or expected."""
        return 1 - (self.wrong + self.risk) / self.hits if self.hits else None

    def count(self, answer: Answer, fits: bool | None) -> None:
        """Take note of one more request; *fits* is ``None`` where that could not be decided."""
        served = answer.origin in {Origin.EXACT_HIT, Origin.SEMANTIC_HIT}
        self.requests += 1
        self.exact_hits += answer.origin is Origin.EXACT_HIT
        self.semantic_hits += answer.origin is Origin.SEMANTIC_HIT
        self.wrong += fits is False
        if served and fits is None:
            self.undecided += 1
            self.risk += 1 - (answer.probability or 0.0)

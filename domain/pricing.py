"""What answers cost, in US dollars, exactly: a price that nobody knows is unknown, never nothing."""

from abc import abstractmethod
from decimal import Decimal
from typing import Protocol

from attrs import define, frozen

from domain.prompts import Prompt
from domain.tokens import TokenUsage

MILLION = 1_000_000
NOTHING = Decimal(0)

FINEST = Decimal("0.000001")
"""Dollars per million tokens are counted in these, and so dollars in millionths of them."""


@frozen
class Rate:
    """
    What a million tokens of one kind cost, in US dollars.

    *steps* are rates for long prompts: each has the number of prompt tokens above which it holds for all tokens.
    """

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...] = ()

    def of(self, tokens: int, prompt: int) -> Decimal:
        """Give what so many *tokens* cost in a call whose prompt has *prompt* tokens."""
        reached = [step for step in self.steps if prompt > step[0]]
        rate = max(reached)[1] if reached else self.base
        return rate * tokens / MILLION


@frozen
class Price:
    """
    What one model takes.

    Tokens that the provider read from its own cache, or wrote into it, and thoughts, may have a rate of their own;
    else they cost what the others of prompt and completion do. *call* is taken for each call, in US dollars.
    """

    prompt: Rate
    completion: Rate
    cached: Rate | None = None
    written: Rate | None = None
    reasoning: Rate | None = None
    call: Decimal = NOTHING

    def cost(self, usage: TokenUsage) -> Decimal | None:
        """Give what a call takes; ``None`` where it takes something and the provider counted nothing."""
        if not usage.total and self != FREE:
            return None
        return sum((rate.of(tokens, usage.prompt) for rate, tokens in self._shares(usage)), self.call)

    def _shares(self, usage: TokenUsage) -> tuple[tuple[Rate, int], ...]:
        read = max(0, usage.prompt - usage.cached - usage.written)
        said = max(0, usage.completion - usage.reasoning)
        return (
            (self.prompt, read),
            (self.cached or self.prompt, usage.cached),
            (self.written or self.prompt, usage.written),
            (self.completion, said),
            (self.reasoning or self.completion, usage.reasoning),
        )


FREE = Price(Rate(NOTHING), Rate(NOTHING))
"""The price of a model that runs here, or that somebody gives away."""


CHARACTERS, ANSWER = 4, 500
"""Characters of a token, about, and tokens of an answer of no stated length: only to tell who is cheaper."""


def expected(prompt: Prompt) -> TokenUsage:
    """Guess what a provider will count."""
    most = prompt.parameters.get("max_tokens")
    characters = sum(len(each.content) for each in prompt.messages)
    return TokenUsage(max(1, characters // CHARACTERS), most if isinstance(most, int) else ANSWER)


class Tariff(Protocol):
    """Knows what models cost. It never fails: what it cannot find out is unknown."""

    @abstractmethod
    async def open(self) -> None:
        """Learn the prices, unless that was done. Before, all that were not set by hand are unknown."""

    @abstractmethod
    def price(self, provider: str, model: str) -> Price | None:
        """Give the price of *model* at the *provider* that is configured under this name; ``None``: unknown."""


@frozen
class Savings:
    """
    Whether memory is worth its keep, in US dollars.

    *avoided* is what the calls would have cost that were not needed. *overhead* is what the calls did cost that
    only memory needed, and no asker waited for: refreshes, checks of hits, comparisons of answers.
    """

    avoided: Decimal = NOTHING
    overhead: Decimal = NOTHING

    @property
    def net(self) -> Decimal:
        """Give what is left; less than nothing where memory costs more than it saves."""
        return self.avoided - self.overhead


@define  # not frozen: there are thousands a second, and a frozen one takes four times as long to make
class Bill:
    """
    What one answer came to: four numbers of tokens that are easily taken for one another, and two of dollars.

    *served*: tokens of the answer that the asker got, whoever it was that gave it.
    *provider*: tokens that a provider counted for this asker: all of a fresh answer's, none of a remembered one's.
    *billable*: those of *provider* that have to be paid; all but those of models that are free. An unknown price
    is not nothing, so its tokens are among them.
    *avoided*: tokens that a provider would have counted for this asker, had there been neither memory nor sharing.

    *cost* is what *provider* comes to, *saved* what *avoided* would have; ``None`` where that is not known.
    """

    served: int = 0
    provider: int = 0
    billable: int = 0
    avoided: int = 0
    cost: Decimal | None = NOTHING
    saved: Decimal | None = NOTHING


def in_dollars(amount: Decimal | None) -> str | None:
    """Write an amount with all its digits, and no more; ``None`` stays what it is, unknown."""
    if amount is NOTHING:
        return "0"
    return None if amount is None else f"{amount.normalize():f}"

"""Who of several that may answer is asked first."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from itertools import count
from math import inf
from typing import Protocol

from attrs import field, frozen

from domain.clock import Clock
from domain.generation import LanguageModel
from domain.pricing import Tariff, expected
from domain.prompts import Prompt

FORGETS = 0.3
"""The weight of the last time against all before it."""

LASTS = 60.0
"""Seconds for which it counts how long a model took; then it is as good as unknown, and given another chance."""


@frozen
class Candidate:
    """A provider that may answer, and the prompt as it would get it: with the name of its own model."""

    provider: str
    language_model: LanguageModel = field(repr=False)
    prompt: Prompt = field(repr=False)


class Selection(Protocol):
    """Puts candidates into the order in which they are asked, and hears how long they take."""

    @abstractmethod
    def order(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Order *candidates*, of which there are two or more, and which come in the preferred order."""

    def timing(self, candidate: Candidate) -> AbstractContextManager[None]:
        """Give what is entered while *candidate* is waited for; whoever does not care times nothing."""
        return nullcontext()


@frozen
class InOrder(Selection):
    """Those whom the operator prefers first."""

    def order(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Leave them as they are."""
        return candidates


@frozen
class InTurn(Selection):
    """Each in turn; whoever follows in the preferred order is the next to be asked."""

    _turns: Iterator[int] = field(factory=count, init=False, repr=False, eq=False)

    def order(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Begin with the next one."""
        first = next(self._turns) % len(candidates)
        return [*candidates[first:], *candidates[:first]]


@frozen
class Cheapest(Selection):
    """Those first who take the least for the prompt and its answer; of whom nobody knows what they take come last."""

    tariff: Tariff

    def order(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Put the cheapest first; of equals the preferred."""
        costs = [(each, self._cost(each)) for each in candidates]
        return [each for each, _ in sorted(costs, key=lambda pair: (pair[1] is None, pair[1] or 0))]

    def _cost(self, candidate: Candidate) -> Decimal | None:
        price = self.tariff.price(candidate.provider, candidate.prompt.model)
        return price.cost(expected(candidate.prompt)) if price else None


@frozen
class Quickest(Selection):
    """Those first that began to answer the soonest of late; who was not asked for a while comes first, to be timed."""

    clock: Clock
    _took: dict[str, tuple[float, float]] = field(factory=dict, init=False, repr=False, eq=False)

    def order(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Put the quickest first; of equals the preferred."""
        return sorted(candidates, key=lambda each: self._recently(each.provider) or 0.0)

    @contextmanager
    def timing(self, candidate: Candidate) -> Iterator[None]:
        """Time it; one that fails counts as if it had taken very long, however soon it did."""
        began = self.clock.monotonic()
        try:
            yield
        except Exception:
            self._note(candidate.provider, LASTS)
            raise
        self._note(candidate.provider, self.clock.monotonic() - began)

    def _note(self, provider: str, seconds: float) -> None:
        before = self._recently(provider)
        mean = seconds if before is None else FORGETS * seconds + (1 - FORGETS) * before
        self._took[provider] = mean, self.clock.monotonic()

    def _recently(self, provider: str) -> float | None:
        mean, at = self._took.get(provider, (0.0, -inf))
        return mean if self.clock.monotonic() - at < LASTS else None

"""Tokens, as providers count them."""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from attrs import astuple, frozen

from domain.prompts import Prompt


@frozen
class TokenUsage:
    """
    Tokens as the provider counted them.

    Of *prompt*, *cached* were read from the provider's own cache, and *written* into it; of *completion*, *reasoning*
    were thoughts.
    """

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    written: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """Give the sum of prompt and completion, which is all of them."""
        return self.prompt + self.completion

    def or_more(self, other: "TokenUsage") -> "TokenUsage":
        """Give the larger of each count: of running totals, the larger is the later."""
        return TokenUsage(*map(max, astuple(self), astuple(other)))


@runtime_checkable
class TokenCounter(Protocol):
    """Counts as its provider does. Raises what a language model raises."""

    @abstractmethod
    async def count(self, prompt: Prompt) -> int:
        """Give the tokens that *prompt* has."""

"""Counting what a question would cost to ask."""

import pytest

from application.count_tokens import CountTokens
from application.route_models import Offer, Routes
from domain.generation import PromptRefused
from domain.prompts import Prompt
from domain.tokens import TokenCounter
from tests.builders import a_question
from tests.doubles import ScriptedModel


class Letters(TokenCounter):
    """Takes each letter for a token."""

    async def count(self, prompt: Prompt) -> int:
        return sum(len(each.content) for each in prompt.messages)


def counting(counter: TokenCounter | None) -> CountTokens:
    return CountTokens(Routes({"scripted": Offer(ScriptedModel(), "scripted-1", counter=counter)}, "scripted"))


async def test_the_provider_counts_what_it_would_be_told() -> None:
    assert await counting(Letters())(a_question("Why?")) == 4


async def test_a_provider_that_does_not_count_says_so() -> None:
    with pytest.raises(PromptRefused, match="scripted, does not count"):
        await counting(None)(a_question("Why?"))

"""Refuse what a model would refuse before it is asked."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from attrs import frozen

from domain.capacity import Capacity
from domain.generation import Chunk, LanguageModel
from domain.prompts import Prompt


@frozen
class Checking(LanguageModel):
    """
    Asks *model* what it takes, and tells the asker the limit and his value where it does not.

    *capacity_of* knows what a model takes, by its name; *count* estimates tokens, in a thread, where it matters.
    """

    model: LanguageModel
    capacity_of: Callable[[str], Capacity]
    count: Callable[[Prompt], int]

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Pass on what *model* gives; raises also ``PromptRefused``."""
        capacity = self.capacity_of(prompt.model)
        tokens = await asyncio.to_thread(self.count, prompt) if capacity.may_overflow(prompt) else 0
        capacity.check(prompt, tokens)
        async with aclosing(self.model.stream(prompt)) as chunks:
            async for chunk in chunks:
                yield chunk

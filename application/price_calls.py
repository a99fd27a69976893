"""Say what each call of a model came to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal

from attrs import evolve, frozen

from domain.generation import Chunk, LanguageModel
from domain.pricing import Tariff
from domain.prompts import Prompt
from domain.tokens import TokenUsage


@frozen
class Priced(LanguageModel):
    """A language model around that of *provider*, as it is called in the configuration: it puts the cost on chunks."""

    inner: LanguageModel
    provider: str
    tariff: Tariff

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Pass on what the model streams; what counts tokens says what they cost, where the price is known."""
        async with aclosing(self.inner.stream(prompt)) as chunks:
            async for chunk in chunks:
                yield await self._priced(prompt, chunk, chunk.usage) if chunk.usage else chunk

    async def _priced(self, prompt: Prompt, chunk: Chunk, usage: TokenUsage) -> Chunk:
        await self.tariff.open()
        return evolve(chunk, cost=self._cost(chunk.model or prompt.model, prompt.model, usage))

    def _cost(self, exact: str, asked: str, usage: TokenUsage) -> Decimal | None:
        # Providers may name the model that answered more exactly than any list of prices does.
        prices = (self.tariff.price(self.provider, each) for each in dict.fromkeys((exact, asked)))
        return next((price.cost(usage) for price in prices if price), None)

"""Leave language models alone that fail again and again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from attrs import define, field

from domain.call_events import BreakerClosed, BreakerOpened
from domain.clock import Clock
from domain.errors import Malformed, Transient
from domain.events import EventSink
from domain.exhaustion import ModelResting
from domain.generation import Chunk, LanguageModel, ModelFailed, ModelOverloaded
from domain.prompts import Prompt
from domain.resilience import CircuitBreaker, State

MOST = 1_000
"""Breakers of one provider: one for each model that failed last time, and askers may name what they like."""


@define(eq=False)
class Breaking(LanguageModel):
    """
    Asks *model* no more, by each name that prompts call it, when it failed *strikes* times in a row.

    After *cool_down* seconds one call is let through; if it goes well, all are. Until then each fails at once with
    ``ModelResting``. Only what may pass counts as a failure: who refuses a prompt or a key answers, and who says when
    to come back is taken at his word.
    """

    provider: str
    model: LanguageModel
    clock: Clock
    events: EventSink
    strikes: int = 5
    cool_down: float = 300.0
    _breakers: dict[str, CircuitBreaker] = field(factory=dict, init=False)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Pass on what *model* gives; raises also ``ModelResting``."""
        self._admit(prompt.model)
        try:
            async with aclosing(self.model.stream(prompt)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except (asyncio.CancelledError, GeneratorExit):
            self._left(prompt.model)
            raise
        except (ModelFailed, Malformed) as error:
            self._judge(prompt.model, error)
            raise
        self._answered(prompt.model)

    def state(self, model: str) -> State:
        """Tell what is let through to *model*."""
        breaker = self._breakers.get(model)
        return breaker.state if breaker else State.CLOSED

    def _admit(self, model: str) -> None:
        breaker, now = self._breakers.get(model), self.clock.monotonic()
        if breaker and not breaker.admits(now):
            wait = breaker.resets_in(now)
            raise ModelResting(f"failed {self.strikes} times in a row, and is left alone for {wait:.0f} s", wait)

    def _left(self, model: str) -> None:
        if model in self._breakers:
            self._breakers[model].left()

    def _judge(self, model: str, error: Exception) -> None:
        if isinstance(error, ModelOverloaded) and error.resets_in is not None:
            self._left(model)
        elif isinstance(error, Transient):
            self._failed(model)
        else:
            self._answered(model)

    def _failed(self, model: str) -> None:
        breaker = self._breakers.setdefault(model, CircuitBreaker(self.strikes, self.cool_down))
        if breaker.failed(self.clock.monotonic()):
            self.events.note(BreakerOpened(self.provider, model, self.cool_down))
        if len(self._breakers) > MOST:
            del self._breakers[next(iter(self._breakers))]

    def _answered(self, model: str) -> None:
        breaker = self._breakers.pop(model, None)
        if breaker and breaker.state is not State.CLOSED:
            self.events.note(BreakerClosed(self.provider, model))

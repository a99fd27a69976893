"""A language model that is asked no more often than its provider allows, through limits."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from attrs import define, field, frozen
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from domain.call_events import CallQueued
from domain.events import EventSink
from domain.exhaustion import ModelThrottled
from domain.generation import Chunk, LanguageModel
from domain.prompts import Prompt

SHORTEST, LONGEST = 0.02, 1.0
"""Seconds between two looks by the first who waits."""

CHARACTERS = 4
"""Of a text, to a token: as good a guess as any before the provider has counted."""


def roughly(prompt: Prompt) -> int:
    """Guess the tokens of *prompt*."""
    return 1 + sum(len(each.content) for each in prompt.messages) // CHARACTERS


@frozen
class Limits:
    """
    What one provider allows one process: *calls* and *tokens* in each *period*, a minute; 0 is no limit.

    So many as *queue* may wait, each for *patience* seconds.
    """

    calls: int = 0
    tokens: int = 0
    queue: int = 100
    patience: float = 30.0
    period: type[RateLimitItem] = RateLimitItemPerMinute

    @property
    def any(self) -> bool:
        """Tell whether there is any."""
        return bool(self.calls or self.tokens)

    def of(self, amount: int) -> RateLimitItem | None:
        """Give the limit of *amount* as the library has it."""
        return self.period(amount) if amount else None


@define(eq=False)
class ThrottledLanguageModel(LanguageModel):
    """
    Asks *model* as often as *limits* allow, those who came first first.

    Tokens are guessed before a call; when the provider has counted them, what the guess was short of counts, too.
    """

    provider: str
    model: LanguageModel
    limits: Limits
    events: EventSink
    count: Callable[[Prompt], int] = roughly
    _window: SlidingWindowCounterRateLimiter = field(init=False, repr=False)
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)
    _waiting: int = field(default=0, init=False)

    @_window.default
    def _remembering_nothing(self) -> SlidingWindowCounterRateLimiter:
        return SlidingWindowCounterRateLimiter(MemoryStorage())

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Pass on what *model* gives when it is our turn; raises also ``ModelThrottled``."""
        guess = self.count(prompt)
        await self._admit(guess)
        async with aclosing(self.model.stream(prompt)) as chunks:
            async for chunk in chunks:
                if chunk.usage:
                    self._settle(chunk.usage.total - guess)
                yield chunk

    async def _admit(self, tokens: int) -> None:
        if self._waiting or not self._take(tokens):
            began = asyncio.get_running_loop().time()
            admitted = self._waiting < self.limits.queue and await self._in_time(tokens)
            self.events.note(CallQueued(self.provider, asyncio.get_running_loop().time() - began, admitted))
            if not admitted:
                raise ModelThrottled(f"{self._waiting} calls wait already, and no more may be made", self._wait)

    async def _in_time(self, tokens: int) -> bool:
        self._waiting += 1
        try:
            async with asyncio.timeout(self.limits.patience), self._turn:
                while not self._take(tokens):  # noqa: ASYNC110 - nobody tells when time has passed
                    await asyncio.sleep(min(LONGEST, max(SHORTEST, self._share / 4)))
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    def _take(self, tokens: int) -> bool:
        """Count a call if there is room for it and its tokens, or for as many of these as ever can be."""
        calls, limit = self.limits.of(self.limits.calls), self.limits.of(self.limits.tokens)
        cost = min(tokens, self.limits.tokens)
        if calls and not self._window.test(calls):
            return False
        if limit and not self._window.hit(limit, "tokens", cost=cost):
            return False
        return self._window.hit(calls) if calls else True

    def _settle(self, tokens: int) -> None:
        limit = self.limits.of(self.limits.tokens)
        if limit and tokens > 0:
            left = self._window.get_window_stats(limit, "tokens").remaining
            self._window.hit(limit, "tokens", cost=min(tokens, left))

    @property
    def _share(self) -> float:
        """Give the seconds in which one more call may be made, if calls are what is limited."""
        period = self.limits.period(1).get_expiry()
        return period / self.limits.calls if self.limits.calls else period

    @property
    def _wait(self) -> float:
        """Give the seconds after which all who wait now will have had their turn."""
        return (self._waiting + 1) * self._share

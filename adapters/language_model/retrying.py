"""A language model that is asked again where it failed, through stamina."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from attrs import define, field, frozen
from stamina import AsyncRetryingCaller
from stamina.instrumentation import set_on_retry_hooks

from domain.call_events import ModelRetried
from domain.errors import LimitReached, Transient
from domain.events import EventSink
from domain.generation import Chunk, LanguageModel
from domain.prompts import Prompt
from domain.resilience import Backoff

set_on_retry_hooks(())  # left to itself, stamina logs and counts retries of its own accord; our events tell of them


@define
class _Trials:
    """What became of the attempts so far: the last error, and when it came."""

    backoff: Backoff
    error: Exception | None = None
    failed_at: float = 0.0

    @property
    def waited(self) -> float:
        """Give the seconds since the last one failed."""
        return asyncio.get_running_loop().time() - self.failed_at

    def again(self, error: Exception) -> bool | float:
        """Tell stamina whether to ask again: no, yes in its own time, or after so many seconds."""
        self.error, self.failed_at = error, asyncio.get_running_loop().time()
        resets_in: float | None = getattr(error, "resets_in", None)
        ours = isinstance(error, LimitReached)  # whoever may wait for his turn has done so already
        if ours or not isinstance(error, Transient) or not self.backoff.accepts(resets_in):
            return False
        return True if resets_in is None else max(0.0, resets_in)


@frozen
class RetryingLanguageModel(LanguageModel):
    """
    Asks *model* again, as *backoff* says, where it failed in a way that may pass and had said nothing yet.

    A model that says when to come back is asked then, unless that is too late. *provider* is named in events.
    """

    provider: str
    model: LanguageModel
    backoff: Backoff
    events: EventSink
    _call: AsyncRetryingCaller = field(init=False, repr=False, eq=False)

    @_call.default
    def _as_the_backoff_says(self) -> AsyncRetryingCaller:
        return AsyncRetryingCaller(
            attempts=self.backoff.retries + 1,
            timeout=None,
            wait_initial=self.backoff.initial,
            wait_max=self.backoff.longest,
            wait_jitter=self.backoff.jitter,
        )

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Pass on what the first attempt gives that gives anything."""
        trials = _Trials(self.backoff)
        first, rest = await self._call(trials.again, self._begin, prompt, trials)
        async with aclosing(rest):
            if first is not None:
                yield first
            async for chunk in rest:
                yield chunk

    async def _begin(self, prompt: Prompt, trials: _Trials) -> tuple[Chunk | None, AsyncGenerator[Chunk, None]]:
        if trials.error:
            self.events.note(ModelRetried(self.provider, prompt.model, trials.error, trials.waited))
        stream = self.model.stream(prompt)
        return await anext(stream, None), stream

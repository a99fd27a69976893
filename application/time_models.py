"""How long a language model may be silent."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from attrs import frozen

from domain.generation import Chunk, LanguageModel, ModelTimedOut
from domain.prompts import Prompt


@frozen
class Timed(LanguageModel):
    """
    Gives *model* up when it is silent for too long, before its first chunk or between two, or talks for too long.

    *silence* and *total* are seconds. What the event loop's clock says counts, not the clock of our memory: nobody
    waits any longer because that one was set back.
    """

    model: LanguageModel
    silence: float
    total: float

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Pass on what comes in time; raises also ``ModelTimedOut``."""
        ends = asyncio.get_running_loop().time() + self.total
        async with aclosing(self.model.stream(prompt)) as chunks:
            while (chunk := await self._next(chunks, ends)) is not None:
                yield chunk

    async def _next(self, chunks: AsyncGenerator[Chunk, None], ends: float) -> Chunk | None:
        falls_silent = asyncio.get_running_loop().time() + self.silence
        try:
            async with asyncio.timeout_at(min(falls_silent, ends)):
                return await anext(chunks, None)
        except TimeoutError as error:
            raise ModelTimedOut(self._complaint(silent=falls_silent < ends)) from error

    def _complaint(self, silent: bool) -> str:
        return f"nothing came for {self.silence:g} s" if silent else f"the answer took longer than {self.total:g} s"

"""A language model that is built when it is first needed: the providers' SDKs take a second to import."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from attrs import define, field

from domain.generation import Chunk, LanguageModel, PromptRefused
from domain.prompts import Prompt
from domain.tokens import TokenCounter


@define
class DeferredLanguageModel(LanguageModel, TokenCounter):
    """Builds the real one in a thread, once, so that neither the start nor the event loop waits for an import."""

    build: Callable[[], LanguageModel]
    _built: asyncio.Task[LanguageModel] | None = field(default=None, init=False)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Pass on what the real one streams."""
        model = await self.prepare()
        stream = model.stream(prompt)
        try:
            async for chunk in stream:
                yield chunk
        finally:
            await stream.aclose()

    async def count(self, prompt: Prompt) -> int:
        """Let the real one count, if it can."""
        model = await self.prepare()
        if not isinstance(model, TokenCounter):
            raise PromptRefused.field("model", "its provider does not count tokens")
        return await model.count(prompt)

    async def prepare(self) -> LanguageModel:
        """Build the real one, unless that was done; one that could not be built is tried again next time."""
        if self._built is None or _failed(self._built):
            self._built = asyncio.create_task(asyncio.to_thread(self.build))
        return await asyncio.shield(self._built)

    async def aclose(self) -> None:
        """Close the real one, if there is one."""
        if self._built and self._built.done() and not _failed(self._built):
            close = getattr(self._built.result(), "aclose", None)
            await (close() if close else asyncio.sleep(0))


def _failed(task: asyncio.Task[LanguageModel]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)

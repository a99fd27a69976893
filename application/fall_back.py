"""Ask the next provider when one fails."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from itertools import pairwise, repeat

from attrs import evolve, frozen

from application.select_models import Candidate, Selection
from domain.attempts import Tried
from domain.call_events import ModelFellBack
from domain.errors import Malformed, Transient
from domain.events import EventSink
from domain.exhaustion import NoModelAnswered
from domain.generation import AnswerCutShort, Chunk, LanguageModel, ModelFailed
from domain.prompts import Prompt

BETWEEN = "|"
"""Stands between the names of providers, and of their models, where any of them may answer."""

Begun = tuple[Chunk, AsyncGenerator[Chunk, None]]
"""The first chunk of an answer, and what follows it."""


@frozen
class FallingBack(LanguageModel):
    """
    Asks one of *models*, by provider, and the next where one fails in a way that may pass.

    A prompt names a model for each provider, ``BETWEEN`` them, or one for all. Once a chunk was passed on nobody
    else is asked: what was said cannot be taken back. The first chunk names the provider, and who failed before.
    """

    models: Mapping[str, LanguageModel]
    selection: Selection
    events: EventSink

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """
        Pass on what the first gives that gives anything.

        Raises:
            NoModelAnswered: all failed, or one that was asked after others did.
            ModelFailed, PromptRefused: the first, in a way that does not pass.
        """
        tried: list[Tried] = []
        try:
            first, rest = await self._begin(self.selection.order(self._candidates(prompt)), tried)
        except (ModelFailed, Malformed) as error:
            if len(tried) == 1 and not isinstance(error, Transient):
                raise
            raise NoModelAnswered(tried, getattr(error, "resets_in", None)) from error
        async with aclosing(rest):
            yield first
            async for chunk in rest:
                yield chunk

    def _candidates(self, prompt: Prompt) -> list[Candidate]:
        names = prompt.model.split(BETWEEN)
        own = names if len(names) == len(self.models) else repeat(prompt.model)
        pairs = zip(self.models.items(), own, strict=False)
        return [Candidate(provider, model, evolve(prompt, model=name)) for (provider, model), name in pairs]

    async def _begin(self, candidates: Sequence[Candidate], tried: list[Tried]) -> Begun:
        for candidate, heir in pairwise(candidates):
            try:
                return await self._ask(candidate, tried)
            except Transient as error:
                self.events.note(ModelFellBack(candidate.provider, candidate.prompt.model, error, heir.provider))
        return await self._ask(candidates[-1], tried)

    async def _ask(self, candidate: Candidate, tried: list[Tried]) -> Begun:
        stream = candidate.language_model.stream(candidate.prompt)
        try:
            with self.selection.timing(candidate):
                first = await _anything(stream)
        except (ModelFailed, Malformed) as error:
            tried.append(Tried.of(candidate.provider, candidate.prompt.model, error))
            raise
        return evolve(first, provider=candidate.provider, tried=tuple(tried)), stream


async def _anything(chunks: AsyncGenerator[Chunk, None]) -> Chunk:
    first = await anext(chunks, None)
    if first is None:
        raise AnswerCutShort("the stream ended before the answer began")
    return first

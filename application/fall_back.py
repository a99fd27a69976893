"""Ask the next provider when one fails."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import repeat

from attrs import evolve, frozen

from application.select_models import Candidate, Selection
from domain.attempts import Tried
from domain.errors import Malformed, Transient
from domain.events import EventSink, ModelFellBack
from domain.exhaustion import NoModelAnswered
from domain.generation import AnswerCutShort, Chunk, LanguageModel, ModelFailed, Prompt

BETWEEN = "|"
"""Stands between the names of providers, and of their models, where any of them may answer."""


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
        for candidate, heir in _with_heirs(self.selection.order(self._candidates(prompt))):
            async with aclosing(candidate.language_model.stream(candidate.prompt)) as chunks:
                first = await self._first(candidate, heir, chunks, tried)
                if first:
                    yield evolve(first, provider=candidate.provider, tried=tuple(tried))
                    async for chunk in chunks:
                        yield chunk
                    return

    def _candidates(self, prompt: Prompt) -> list[Candidate]:
        names = prompt.model.split(BETWEEN)
        own = names if len(names) == len(self.models) else repeat(prompt.model)
        pairs = zip(self.models.items(), own, strict=False)
        return [Candidate(provider, model, evolve(prompt, model=name)) for (provider, model), name in pairs]

    async def _first(
        self, candidate: Candidate, heir: Candidate | None, chunks: AsyncGenerator[Chunk, None], tried: list[Tried]
    ) -> Chunk | None:
        """Give the first chunk; none where the *heir* shall be asked."""
        try:
            with self.selection.timing(candidate):
                return await _anything(chunks)
        except (ModelFailed, Malformed) as error:
            if not tried and not isinstance(error, Transient):
                raise
            tried.append(Tried.of(candidate.provider, candidate.prompt.model, error))
            if heir is None or not isinstance(error, Transient):
                raise NoModelAnswered(tried, getattr(error, "resets_in", None)) from error
            self.events.note(ModelFellBack(candidate.provider, candidate.prompt.model, error, heir.provider))
        return None


async def _anything(chunks: AsyncGenerator[Chunk, None]) -> Chunk:
    first = await anext(chunks, None)
    if first is None:
        raise AnswerCutShort("the stream ended before the answer began")
    return first


def _with_heirs(candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, Candidate | None]]:
    return zip(candidates, [*candidates[1:], None], strict=True)

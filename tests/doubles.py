"""
Doubles of the ports that have no in-memory adapter: a model that says what it is told, a clock that stands.

And in-memory adapters that keep how they were asked.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

from attrs import define, field

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.vector_index.memory import MemoryVectorIndex
from domain.agreement import AnswerJudge, HitSampler
from domain.caching import StoredAnswer
from domain.clock import Clock
from domain.events import Event, EventSink
from domain.generation import Chunk, FinishReason, LanguageModel
from domain.prompts import Prompt
from domain.questions import Fingerprint
from domain.similarity import Embedder, Embedding, Neighbour, Search
from domain.tokens import TokenUsage

Step = Chunk | Exception | asyncio.Event
"""Give the chunk, raise the error, or wait for the event."""


def saying(text: str, finish_reason: FinishReason = FinishReason.STOP) -> Sequence[Step]:
    """Give the steps of a whole answer, word by word, with seven tokens read and one counted for each word."""
    words = text.split(" ")
    spoken = [Chunk(text=f"{word} ") for word in words[:-1]] + [Chunk(text=words[-1])]
    return (*spoken, Chunk(finish_reason=finish_reason, usage=TokenUsage(7, len(words)), model="scripted-1"))


class ScriptedModel(LanguageModel):
    """
    Plays one turn for each call; the last turn is played for all calls after it.

    *prompts* are those it was asked, in order; *closed* counts the streams that were left before their end.
    """

    def __init__(self, *turns: Sequence[Step]) -> None:
        self.turns = turns or (saying("An answer."),)
        self.prompts: list[Prompt] = []
        self.closed = 0

    @property
    def calls(self) -> int:
        return len(self.prompts)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        turn = self.turns[min(self.calls, len(self.turns) - 1)]
        self.prompts.append(prompt)
        try:
            for step in turn:
                if isinstance(step, Chunk):
                    yield step
                else:
                    await _undergo(step)
        except (GeneratorExit, asyncio.CancelledError):
            self.closed += 1
            raise


async def _undergo(step: Exception | asyncio.Event) -> None:
    if isinstance(step, Exception):
        raise step
    await step.wait()


@define
class StoppedClock(Clock):
    """Stands still until it is set; both times are the same."""

    time: float = 1_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@define
class RecordingEvents(EventSink):
    """Keeps what it hears."""

    events: list[Event] = field(factory=list)

    def note(self, event: Event) -> None:
        self.events.append(event)


@define
class LiteralJudge(AnswerJudge):
    """Takes answers to agree when they have the same words, and doubts those that it was told to."""

    doubtful: set[str] = field(factory=set)
    trouble: Exception | None = None

    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        if self.trouble:
            raise self.trouble
        return None if other in self.doubtful else one.split() == other.split()


@define
class EveryHit(HitSampler):
    """Chooses all hits, or none."""

    choose: bool = True

    def chosen(self) -> bool:
        return self.choose


@define
class RecordingAnswerCache(MemoryAnswerCache):
    """Remembers, and keeps which names it was asked for at once."""

    asked: list[Sequence[Fingerprint]] = field(factory=list)
    trouble: Exception | None = None

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        self.asked.append(fingerprints)
        if self.trouble:
            raise self.trouble
        return await MemoryAnswerCache.get(self, fingerprints)


@define
class RecordingEmbedder(Embedder):
    """Embeds, and keeps which texts it was given at once."""

    embedder: HashingEmbedder = field(factory=HashingEmbedder)
    asked: list[Sequence[str]] = field(factory=list)
    trouble: Exception | None = None

    @property
    def version(self) -> str:
        return self.embedder.version

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        self.asked.append(texts)
        if self.trouble:
            raise self.trouble
        return await self.embedder.embed(texts)


class RecordingVectorIndex(MemoryVectorIndex):
    """Finds, and keeps which searches it was given at once; one that is *stuck* gives no answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Sequence[Search]] = []
        self.stuck = False
        self.given_up = 0

    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:
        self.asked.append(searches)
        try:
            await (asyncio.Event().wait() if self.stuck else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return await super().search(searches, limit)

"""Ask recorded requests again, as if they were new, of a memory that is empty at first; no model is called."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from math import inf

from attrs import define, field, frozen

from application.answer_question import AnswerQuestion
from application.work_aside import Aside, Work
from domain.agreement import AnswerJudge, same_words
from domain.answers import Answer, Asking
from domain.caching import Directives
from domain.clock import Clock, Stopwatch
from domain.errors import Unavailable
from domain.events import Event, EventSink, PartFailed
from domain.generation import Chunk, FinishReason, LanguageModel
from domain.prompts import Prompt
from domain.questions import Question
from domain.recordings import Recorded
from domain.similarity import Embedder, Embedding
from domain.tokens import TokenUsage
from domain.verdicts import HitPolicy

TENANT = "rehearsal"

UNKNOWN = "An answer that nobody recorded: number "
"""How an answer begins that stands for one that is not known."""


@define
class RecordedModel(LanguageModel):
    """Says what was said to the request that is under way, and counts the calls and the tokens that this takes."""

    under_way: Recorded = field(factory=lambda: Recorded("nothing yet"))
    calls: int = 0
    tokens: int = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Give it in one piece."""
        usage = self.under_way.usage or TokenUsage()
        self.calls += 1
        self.tokens += usage.total
        yield Chunk(self._text(), FinishReason.STOP, usage, prompt.model)

    def _text(self) -> str:
        answer = self.under_way.answer
        return f"{UNKNOWN}{self.calls}" if answer is None else answer


@define
class KnownEmbeddings(Embedder):
    """Embeds each text once, however often it is asked for."""

    embedder: Embedder
    _known: dict[str, Embedding] = field(factory=dict, init=False, repr=False)

    @property
    def version(self) -> str:
        """Give the embedder's."""
        return self.embedder.version

    @property
    def dimensions(self) -> int:
        """Give the embedder's."""
        return self.embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        """Ask for what is new."""
        new = [each for each in dict.fromkeys(texts) if each not in self._known]
        self._known |= zip(new, await self.embedder.embed(new), strict=True)
        return [self._known[each] for each in texts]


@frozen
class Labels(AnswerJudge):
    """Knows which answers agree: those of the same name."""

    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        """Compare the names."""
        return same_words(one, other)


@define
class JudgedOnce(AnswerJudge):
    """Asks *judge* about each pair of answers once; unknown answers, and failures, leave it in doubt."""

    judge: AnswerJudge
    _judged: dict[tuple[str, str, str], bool | None] = field(factory=dict, init=False, repr=False)

    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        """Give what was said before, if anything was."""
        if not (_is_known(one) and _is_known(other)):
            return None
        pair = (question, one, other)
        if pair not in self._judged:
            self._judged[pair] = await self._judge(*pair)
        return self._judged[pair]

    async def _judge(self, question: str, one: str, other: str) -> bool | None:
        try:
            return await self.judge.agree(question, one, other)
        except Unavailable:
            return None


@define
class Afterwards(Aside):
    """Does the work when it is told to: what is learnt of one request is known at the next, every time alike."""

    _waiting: deque[tuple[str, Work]] = field(factory=deque, init=False)

    def start(self, part: str, work: Work) -> None:
        """Put it off."""
        self._waiting.append((part, work))

    async def finish(self) -> None:
        """Do it, in order."""
        while self._waiting:
            await self._survive(*self._waiting.popleft())


class FailingAloud(EventSink):
    """Hears of no failure without raising it: a miss for want of a part would be counted as one of judgement."""

    def note(self, event: Event) -> None:
        """Raise what a part failed with."""
        if isinstance(event, PartFailed):
            raise event.error


@frozen
class Parts:
    """What stands in for the parts of a service while it rehearses; *providers* are those that requests name."""

    policy: HitPolicy
    embedder: Embedder
    answer_judge: AnswerJudge
    providers: frozenset[str]
    model: RecordedModel = field(factory=RecordedModel)
    aside: Afterwards = field(factory=lambda: Afterwards(FailingAloud()))
    events: EventSink = field(factory=FailingAloud)


Assemble = Callable[[Parts], AnswerQuestion]
"""Gives what answers questions in the service, on *parts*, and on a memory that is empty and nobody else's."""


@frozen
class Rehearsal:
    """A service that is asked recorded requests, one after the other."""

    parts: Parts
    answer: AnswerQuestion
    clock: Clock

    async def ask(self, request: Recorded) -> Answer:
        """Give the answer that is served, after all that is to be learnt from it was learnt."""
        question = Question(TENANT, request.text, request.provider, request.model)
        self.parts.model.under_way = request
        answer = await self.answer(Asking(question, Directives(ttl=inf), Stopwatch(self.clock)))
        await self.parts.aside.finish()
        return answer


def _is_known(answer: str) -> bool:
    return bool(answer.strip()) and not answer.startswith(UNKNOWN)

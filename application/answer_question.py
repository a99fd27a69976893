"""Answer from memory when we can, from a model when we must: the page everyone reads first."""

from functools import partial

from attrs import evolve, frozen

from application.coalesce import Flights
from application.generate_answer import GenerateAnswer
from application.learn_from_answers import LearnFromAnswers
from application.recall_answers import Recall, Recollection, justified
from application.remember_answers import RememberAnswers
from domain.answers import Answer, Asking, Origin, Reason
from domain.caching import StoredAnswer
from domain.clock import Clock
from domain.errors import NotRemembered, Unavailable
from domain.events import AnswerServed, EventSink, QuestionFailed
from domain.flights import Flight
from domain.generation import Completion


@frozen
class AnswerQuestion:
    """Answer from memory when we can, from a model when we must."""

    recollection: Recollection
    flights: Flights
    generate: GenerateAnswer
    remember: RememberAnswers
    learn: LearnFromAnswers | None
    clock: Clock
    events: EventSink

    async def __call__(self, asking: Asking) -> Answer:
        """
        Give an answer, and state the fact.

        Raises:
            NotRemembered: only memory was allowed to answer.
            ModelFailed, PromptRefused: a model had to answer and did not.
        """
        try:
            answer = await self._answer(asking)
        except Exception as error:
            self._regret(asking, error)
            raise
        self._report(asking, answer)
        return answer

    async def _answer(self, asking: Asking) -> Answer:
        recall = await self.recollection.recall(asking)
        if recall.answer:
            return self._serve(asking, recall, recall.answer)
        if asking.directives.only_if_cached:
            raise NotRemembered(f"only-if-cached: {recall.reason.meaning}")
        return await self._answer_afresh(asking, recall)

    def _serve(self, asking: Asking, recall: Recall, remembered: Answer) -> Answer:
        if remembered.origin is Origin.STALE_HIT and remembered.source and asking.directives.may_refresh:
            self._refresh(asking, remembered.source)
        if self.learn and remembered.origin is Origin.SEMANTIC_HIT:
            self.learn.from_hit(asking, recall)
        return remembered

    async def _answer_afresh(self, asking: Asking, recall: Recall) -> Answer:
        try:
            return await self._generate(asking, recall)
        except Unavailable:
            if recall.rescue is None:
                raise
            return await self.recollection.rescue(recall.rescue)

    async def _generate(self, asking: Asking, recall: Recall) -> Answer:
        if not asking.directives.may_remember:
            return await self._pass_by_memory(asking, recall.reason)
        began = self.clock.monotonic()
        make = partial(self._generate_and_remember, asking, recall)
        landing = await self.flights.join(Flight(asking.question.fingerprint, recall.epoch), make)
        if not landing.led:
            asking.stopwatch.add("model", began)
        origin = Origin.GENERATED if landing.led else Origin.COALESCED
        answer = Answer(landing.completion, origin, recall.reason)
        return justified(answer, recall.likeness.verdict) if recall.likeness else answer

    async def _generate_and_remember(self, asking: Asking, recall: Recall) -> Completion:
        with asking.stopwatch.time("model"):
            completion = await self.generate(asking.question)
        await self.remember(asking, completion, recall)
        if self.learn:
            self.learn.from_miss(asking, recall, completion)
        return completion

    async def _pass_by_memory(self, asking: Asking, reason: Reason) -> Answer:
        with asking.stopwatch.time("model"):
            completion = await self.generate(asking.question)
        return Answer(completion, Origin.PASSED, reason)

    def _refresh(self, asking: Asking, source: StoredAnswer) -> None:
        """Fetch a fresh answer in the background, once however many ask, to the question and with the labels it had."""
        as_before = evolve(asking.directives, ttl=source.lifetime.ttl, tags=source.tags)
        again = evolve(asking, question=evolve(asking.question, text=source.question), directives=as_before)
        recall = self.recollection.start_over(again)
        make = partial(self._generate_and_remember, again, recall)
        self.flights.depart(Flight(again.question.fingerprint, recall.epoch), make)

    def _report(self, asking: Asking, answer: Answer) -> None:
        done, question = answer.completion, asking.question
        seconds = asking.stopwatch.elapsed()
        self.events.note(
            AnswerServed(
                question.tenant, answer.origin, answer.reason, done.provider, done.model,
                seconds, asking.stopwatch.laps, question.text, answer.probability, answer.differences,
            )
        )  # fmt: skip

    def _regret(self, asking: Asking, error: Exception) -> None:
        asked = asking.question
        seconds = asking.stopwatch.elapsed()
        self.events.note(QuestionFailed(asked.tenant, asked.provider, asked.model, error, seconds))

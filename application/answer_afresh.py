"""Answer by a model what memory cannot: one call for all who ask the same just now, remembered for all who come."""

from functools import partial

from attrs import evolve, frozen

from application.coalesce import Flights
from application.generate_answer import GenerateAnswer
from application.learn_from_answers import LearnFromAnswers
from application.pass_on_chunks import Delivery, Hearing
from application.recall_answers import Recall, Recollection, justified
from application.remember_answers import RememberAnswers
from application.share_flights import MakeCompletion
from domain.answers import Answer, Asking, Origin, Reason
from domain.caching import StoredAnswer
from domain.clock import Clock
from domain.errors import Unavailable
from domain.flights import Flight
from domain.generation import Completion


@frozen
class AnswerAfresh:
    """Answers by a model; where none answers, an old answer is better than none, but no sequel to what was heard."""

    recollection: Recollection
    flights: Flights
    generate: GenerateAnswer
    remember: RememberAnswers
    learn: LearnFromAnswers | None
    clock: Clock
    hearing: Hearing | None = None

    async def __call__(self, asking: Asking, recall: Recall) -> Answer:
        """Answer what *recall* did not; raises ``ModelFailed`` and ``PromptRefused``."""
        try:
            return await self._generate(asking, recall)
        except Unavailable:
            if self.hearing and self.hearing.began:
                raise
            rescue = recall.rescue and await self.recollection.rescue(recall.rescue, recall.epoch)
            if not rescue:
                raise
            return rescue

    def refresh(self, asking: Asking, source: StoredAnswer) -> None:
        """Fetch a fresh answer in the background, once however many ask, to the question and with the labels it had."""
        self.flights.depart(*self._flight_again(asking, source))

    async def refreshed(self, asking: Asking, source: StoredAnswer) -> Completion:
        """Fetch it, and wait for it."""
        return (await self.flights.join(*self._flight_again(asking, source))).completion

    async def _generate(self, asking: Asking, recall: Recall) -> Answer:
        if not asking.directives.may_remember:
            return await self._pass_by_memory(asking, recall.reason)
        began = self.clock.monotonic()
        landing = await self.flights.join(*self._flight(asking, recall), self.hearing)
        if not landing.led:
            asking.stopwatch.add("model", began)
        origin = Origin.GENERATED if landing.led else Origin.COALESCED
        answer = Answer(landing.completion, origin, recall.reason)
        return justified(answer, recall.likeness.verdict) if recall.likeness else answer

    async def _pass_by_memory(self, asking: Asking, reason: Reason) -> Answer:
        delivery = Delivery()
        if self.hearing:
            self.hearing.follow(delivery, Origin.PASSED)
        with asking.stopwatch.time("model"):
            completion = await self.generate(asking.question, delivery)
        return Answer(completion, Origin.PASSED, reason)

    def _flight_again(self, asking: Asking, source: StoredAnswer) -> tuple[Flight, MakeCompletion]:
        as_before = evolve(asking.directives, ttl=source.lifetime.ttl, tags=source.tags)
        again = evolve(asking, question=evolve(asking.question, text=source.question), directives=as_before)
        return self._flight(again, self.recollection.start_over(again))

    def _flight(self, asking: Asking, recall: Recall) -> tuple[Flight, MakeCompletion]:
        flight = Flight(asking.question.fingerprint, recall.epoch)
        return flight, partial(self._generate_and_remember, asking, recall)

    async def _generate_and_remember(self, asking: Asking, recall: Recall, delivery: Delivery) -> Completion:
        with asking.stopwatch.time("model"):
            completion = await self.generate(asking.question, delivery)
        await self.remember(asking, completion, recall)
        if self.learn:
            self.learn.from_miss(asking, recall, completion)
        return completion

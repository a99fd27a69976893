"""Ask a language model, and fold what it streams into one completion."""

from contextlib import aclosing

from attrs import evolve, frozen

from application.pass_on_chunks import Delivery
from application.route_models import Routes
from domain.characters import Characters
from domain.clock import Clock
from domain.events import EventSink, ModelCalled, ModelCallFailed
from domain.generation import Chunk, Completion
from domain.questions import Question


@frozen
class GenerateAnswer:
    """Calls the model that the question names, once."""

    routes: Routes
    clock: Clock
    events: EventSink

    async def __call__(self, question: Question, delivery: Delivery | None = None) -> Completion:
        """Give the whole answer, and *delivery* each chunk as it comes; raises ``ModelFailed`` or ``PromptRefused``."""
        began, delivery = self.clock.monotonic(), delivery or Delivery()
        try:
            first = await self._pass_on(question, delivery)
            completion = Completion.fold(question.provider, question.model, delivery.chunks)
        except Exception as error:
            self.events.note(ModelCallFailed(question.provider, question.model, error, self._since(began)))
            raise
        self._report(question, completion, self._since(began), first - began)
        return completion

    async def _pass_on(self, question: Question, delivery: Delivery) -> float:
        """Give the time at which the first chunk came."""
        first = 0.0
        stream, characters = self.routes.model_of(question.provider).stream(question.prompt), Characters()
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                first = first or self.clock.monotonic()
                text = characters.take(chunk.text)
                # Where a character came in two halves, the provider's own event would still tear it.
                delivery.take(chunk if text == chunk.text else evolve(chunk, text=text, wires=()))
        if rest := characters.rest():
            delivery.take(Chunk(rest))
        return first

    def _report(self, question: Question, done: Completion, seconds: float, first_chunk: float) -> None:
        how = done.usage, done.finish_reason, seconds
        self.events.note(ModelCalled(done.provider, done.model, *how, question.tenant, done.cost, first_chunk))

    def _since(self, began: float) -> float:
        return self.clock.monotonic() - began

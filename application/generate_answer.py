"""Ask a language model, and fold what it streams into one completion."""

from contextlib import aclosing

from attrs import frozen

from application.route_models import Routes
from domain.clock import Clock
from domain.events import EventSink, ModelCalled, ModelCallFailed
from domain.generation import Completion
from domain.questions import Question


@frozen
class GenerateAnswer:
    """Calls the model that the question names, once."""

    routes: Routes
    clock: Clock
    events: EventSink

    async def __call__(self, question: Question) -> Completion:
        """Give the model's whole answer; raises ``ModelFailed`` or ``PromptRefused``."""
        began = self.clock.monotonic()
        try:
            completion = await self._complete(question)
        except Exception as error:
            self.events.note(ModelCallFailed(question.provider, question.model, error, self._since(began)))
            raise
        self._report(completion, self._since(began))
        return completion

    async def _complete(self, question: Question) -> Completion:
        stream = self.routes.model_of(question.provider).stream(question.prompt)
        async with aclosing(stream) as chunks:
            pieces = [chunk async for chunk in chunks]
        return Completion.fold(question.provider, question.model, pieces)

    def _report(self, done: Completion, seconds: float) -> None:
        self.events.note(ModelCalled(done.provider, done.model, done.usage, done.finish_reason, seconds))

    def _since(self, began: float) -> float:
        return self.clock.monotonic() - began

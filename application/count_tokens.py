"""Count what a question would cost to ask."""

from attrs import evolve, frozen

from application.fall_back import BETWEEN
from application.route_models import Routes
from domain.generation import PromptRefused
from domain.questions import Question


@frozen
class CountTokens:
    """Has the provider count; nothing is answered, and nothing remembered."""

    routes: Routes

    async def __call__(self, question: Question) -> int:
        """
        Give the tokens of the question's prompt.

        Raises:
            PromptRefused: the provider does not count, or calls the request wrong.
            ModelFailed: it could not count.
        """
        counter = self.routes.counter_of(question.provider)
        if counter is None:
            raise PromptRefused.field("model", f"its provider, {question.provider}, does not count tokens")
        return await counter.count(evolve(question.prompt, model=question.model.partition(BETWEEN)[0]))

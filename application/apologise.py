"""Say something kind where no model answers, if the operator wants that rather than a problem."""

from collections.abc import Sequence

from attrs import frozen

from application.answer_question import AnswerQuestion
from application.answer_questions import AnswerQuestions
from domain.answers import Answer, Asking, Origin, Reason
from domain.exhaustion import NoModelAnswered
from domain.generation import Completion, FinishReason, ModelFailed
from domain.tokens import TokenUsage

NOBODY = "none"
"""The provider and the model of an apology."""


@frozen
class Apology:
    """The *text* that is given instead of an answer. It is marked as what it is, and never remembered."""

    text: str

    def instead_of(self, error: ModelFailed) -> Answer:
        """Give it as an answer that says who was tried."""
        tried = error.tried if isinstance(error, NoModelAnswered) else ()
        said = Completion(self.text, NOBODY, NOBODY, TokenUsage(), FinishReason.OTHER, tried=tried)
        return Answer(said, Origin.APOLOGY, Reason.APOLOGY)


@frozen
class Apologising:
    """Answers a question, or apologises."""

    answer: AnswerQuestion
    apology: Apology

    async def __call__(self, asking: Asking) -> Answer:
        """Give an answer, or the apology where no model gave one; any other trouble is the asker's to hear of."""
        try:
            return await self.answer(asking)
        except ModelFailed as error:
            return self.apology.instead_of(error)


@frozen
class ApologisingToMany:
    """Answers questions, each or with an apology."""

    answer: AnswerQuestions
    apology: Apology

    async def __call__(self, askings: Sequence[Asking]) -> Sequence[Answer | Exception]:
        """Give, in order, each question's answer, the apology, or the error."""
        return [self._kindly(each) for each in await self.answer(askings)]

    def _kindly(self, outcome: Answer | Exception) -> Answer | Exception:
        return self.apology.instead_of(outcome) if isinstance(outcome, ModelFailed) else outcome

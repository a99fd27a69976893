"""Answer from memory when we can, from a model when we must: the page everyone reads first."""

from attrs import frozen

from application.answer_afresh import AnswerAfresh
from application.answer_in_turn import AnswerInTurn
from application.learn_from_answers import LearnFromAnswers
from application.recall_answers import Recall, Recollection
from domain.answers import Answer, Asking, Origin
from domain.errors import NotRemembered
from domain.events import AnswerServed, EventSink, QuestionFailed


@frozen
class AnswerQuestion:
    """Answer from memory when we can, from a model when we must."""

    recollection: Recollection
    afresh: AnswerAfresh | AnswerInTurn
    learn: LearnFromAnswers | None
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
        return await self.afresh(asking, recall)

    def _serve(self, asking: Asking, recall: Recall, remembered: Answer) -> Answer:
        if remembered.origin is Origin.STALE_HIT and remembered.source and asking.directives.may_refresh:
            self.afresh.refresh(asking, remembered.source)
        if self.learn and remembered.origin is Origin.SEMANTIC_HIT:
            self.learn.from_hit(asking, recall)
        return remembered

    def _report(self, asking: Asking, answer: Answer) -> None:
        done, question = answer.completion, asking.question
        seconds = asking.stopwatch.elapsed()
        self.events.note(
            AnswerServed(
                question.tenant, answer.origin, answer.reason, done.provider, done.model,
                seconds, asking.stopwatch.laps, question.text, answer.probability, answer.differences,
                answer.bill,
            )
        )  # fmt: skip

    def _regret(self, asking: Asking, error: Exception) -> None:
        asked = asking.question
        seconds = asking.stopwatch.elapsed()
        self.events.note(QuestionFailed(asked.tenant, asked.provider, asked.model, error, seconds))

"""Answer many questions as one: memory is asked once for all of them, models for so many at a time."""

import asyncio
from collections.abc import Sequence

from attrs import evolve, frozen

from application.answer_afresh import AnswerAfresh
from application.answer_in_turn import AnswerInTurn
from application.answer_question import AnswerQuestion
from application.coalesce import Flights
from application.gather_calls import GatheringAnswerCache, GatheringEmbedder, GatheringVectorIndex
from application.judge_hits import JudgeOneByOne
from application.recall_answers import Recollection
from application.survive_failures import NotingOnce
from application.take_turns import Turns
from domain.answers import Answer, AnswerInterrupted, Asking


@frozen
class AnswerQuestions:
    """
    Answers each question as it would be answered alone.

    They start together, so their calls of a part of the memory meet, and are made as one. *at_once* of them wait for
    models at a time; *errands* are the refreshes that wait for their turn after the answers were given.
    """

    answer: AnswerQuestion
    afresh: AnswerAfresh
    at_once: int
    errands: Flights

    async def __call__(self, askings: Sequence[Asking]) -> Sequence[Answer | Exception]:
        """Give, in order, each question's answer or the error that ``AnswerQuestion`` would raise."""
        answer = self._side_by_side()
        outcomes = await asyncio.gather(*[_timed(answer, each) for each in askings], return_exceptions=True)
        return [_told(each) for each in outcomes]

    def _side_by_side(self) -> AnswerQuestion:
        recollection = _gathering(self.afresh.recollection)
        afresh = evolve(self.afresh, recollection=recollection)
        in_turn = AnswerInTurn(afresh, Turns(self.at_once), self.errands)
        return evolve(self.answer, recollection=recollection, afresh=in_turn)


def _gathering(recollection: Recollection) -> Recollection:
    """Give *recollection* with calls that are gathered; what they say of a part that fails is said once."""
    cache, events = GatheringAnswerCache(recollection.cache), NotingOnce(recollection.events)
    meanings = recollection.meanings
    if meanings:
        embedder, index = GatheringEmbedder(meanings.embedder), GatheringVectorIndex(meanings.index)
        judge = JudgeOneByOne(recollection.judge)
        meanings = evolve(meanings, embedder=embedder, index=index, cache=cache, judge=judge, events=events)
    return evolve(recollection, cache=cache, meanings=meanings, events=events)


async def _timed(answer: AnswerQuestion, asking: Asking) -> Answer:
    try:
        return await answer(asking)
    finally:
        asking.stopwatch.stop()


def _told(outcome: Answer | BaseException) -> Answer | Exception:
    if isinstance(outcome, Answer | Exception):
        return outcome
    return AnswerInterrupted("the question was given up before it was answered; ask it again")

"""Have models answer the questions of a batch, so many at once."""

from collections.abc import Hashable
from functools import partial

from attrs import frozen

from application.answer_afresh import AnswerAfresh
from application.coalesce import Flights
from application.pass_on_chunks import Delivery
from application.recall_answers import Recall
from application.take_turns import Turns
from domain.answers import Answer, Asking
from domain.caching import StoredAnswer
from domain.flights import Flight
from domain.generation import Completion
from domain.purging import Epoch


@frozen
class AnswerInTurn:
    """
    Answers afresh, when it is a question's turn; equal questions share one, as they share a flight.

    *errands* are the refreshes that wait for their turn when the batch has been answered. No flight waits for a turn:
    it would keep those waiting who ask the same alone.
    """

    afresh: AnswerAfresh
    turns: Turns
    errands: Flights

    async def __call__(self, asking: Asking, recall: Recall) -> Answer:
        """Answer what *recall* did not, unless somebody else has meanwhile; raises as ``AnswerAfresh`` does."""
        began = self.afresh.clock.monotonic()
        async with self.turns.take(_sharers(asking)) as late:
            if late:
                asking.stopwatch.add("wait", began)
                recall = await self.afresh.recollection.look_again(asking, recall)
            return recall.answer or await self.afresh(asking, recall)

    def refresh(self, asking: Asking, source: StoredAnswer) -> None:
        """Fetch a fresh answer in the background, once however many ask."""
        self.errands.depart(Flight(source.fingerprint, Epoch()), partial(self._refresh, asking, source))

    async def _refresh(self, asking: Asking, source: StoredAnswer, _: Delivery) -> Completion:
        async with self.turns.take(source.fingerprint):
            return await self.afresh.refreshed(asking, source)


def _sharers(asking: Asking) -> Hashable:
    """Name those who would share a flight; who leaves no trace shares nothing."""
    return asking.question.fingerprint if asking.directives.may_remember else object()

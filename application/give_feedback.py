"""Take a user's word that a remembered answer was right, or wrong."""

from attrs import frozen

from application.inspect_answers import InspectAnswers
from application.judge_hits import JudgeHits
from application.purge_answers import PurgeAnswers
from application.recall_by_meaning import Meanings
from domain.caching import StoredAnswer
from domain.calibration import Traffic, pair_digest, service_digest
from domain.errors import Absent
from domain.events import AnswerReported, EventSink
from domain.labels import Report
from domain.questions import Fingerprint, check_text, normalise


@frozen
class Feedback:
    """What a user says: whether the answer of an entry was *correct* as an answer to *query*; *note* is for the log."""

    entry: Fingerprint
    query: str
    correct: bool
    note: str | None = None


@frozen
class Consequence:
    """What came of it: whether the entry was removed, and whether all this had been said before."""

    removed: bool = False
    known: bool = False


@frozen
class GiveFeedback:
    """
    Removes what was wrong, never serves it for that question again, and learns.

    What was said wrong stays wrong, whoever calls it right later: the other way round nobody is safe.
    """

    inspect: InspectAnswers
    meanings: Meanings | None
    judge: JudgeHits
    purge: PurgeAnswers
    events: EventSink

    async def __call__(self, tenant: str, feedback: Feedback) -> Consequence:
        """
        Take *feedback* in; it has reached the store when this returns, unless that fails: then it waits for it.

        Raises:
            Absent: the tenant has no such entry, and has not just reported it.
            Malformed: the query is no question.
        """
        check_text("query", feedback.query)
        service = service_digest(feedback.entry, feedback.query)
        try:
            stored = await self.inspect.entry(tenant, feedback.entry)
        except Absent:
            if feedback.correct or not await self.judge.was_reported_wrong(tenant, service):
                raise
            return Consequence(known=True)
        self.events.note(AnswerReported(tenant, feedback.entry, feedback.correct, feedback.note))
        return await self._take(stored, feedback, service)

    async def _take(self, stored: StoredAnswer, feedback: Feedback, service: str) -> Consequence:
        traffic = Traffic(stored.tenant, stored.namespace)
        said = (await self.judge.calibrations.of(traffic)).reports.get(service)
        known = said is False or said is feedback.correct
        same = normalise(stored.question) == normalise(feedback.query)
        # A complaint that comes twice finds a new answer there: it is not served for other words, and may be right.
        removed = not feedback.correct and (same or not known)
        if removed:  # before anything else can fail
            await self.purge.entry(stored.tenant, stored.fingerprint)
        if not known:
            await self._learn(stored, feedback, service, same)
        return Consequence(removed, known)

    async def _learn(self, stored: StoredAnswer, feedback: Feedback, service: str, same: bool) -> None:
        # Of an answer to the very same question, the model is to blame and no likeness.
        verdict = await self.meanings.weigh(stored, feedback.query) if self.meanings and not same else None
        # Praise of what would not have been served teaches nothing.
        credible = verdict and (verdict.hit or not feedback.correct)
        features = verdict.features if verdict and credible else None
        traffic, pair = Traffic(stored.tenant, stored.namespace), pair_digest(stored.question, feedback.query)
        await self.judge.learn(traffic, Report(service, feedback.correct, features, not same, pair))
        await self.judge.calibrations.save_one(traffic)

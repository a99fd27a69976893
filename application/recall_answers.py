"""Recall: exact first, then by meaning."""

from attrs import evolve, field, frozen

from application.follow_purges import KnownPurges
from application.judge_hits import JudgeHits
from application.recall_by_meaning import Likeness, Meanings
from application.survive_failures import Surviving
from domain.answers import Answer, Asking, Origin, Reason
from domain.caching import AnswerCache, Freshness, StoredAnswer
from domain.clock import Clock
from domain.events import EventSink
from domain.purging import Epoch
from domain.verdicts import Verdict


@frozen
class Recall:
    """
    What memory had to say: an answer, or the reason why there is none.

    *rescue* is an entry that may be served should no model answer; *likeness* is what the search by meaning
    brought, where there was one; *epoch* is the question's when memory was asked.
    """

    reason: Reason
    answer: Answer | None = None
    rescue: StoredAnswer | None = None
    likeness: Likeness | None = None
    epoch: Epoch = field(factory=Epoch)


@frozen
class Recollection:
    """The memory of answers as a question meets it; *meanings* is absent where only exact hits are wanted."""

    cache: AnswerCache
    meanings: Meanings | None
    judge: JudgeHits
    purges: KnownPurges
    clock: Clock
    events: EventSink

    async def recall(self, asking: Asking) -> Recall:
        """Look for an answer that may be served. A part that fails is passed over, and noted."""
        epoch = self.purges.epoch_of(asking.question)
        recall = await self._recall(asking)
        exact = recall.answer and not recall.likeness
        return recall if exact else evolve(recall, epoch=epoch)

    async def look_again(self, asking: Asking, recall: Recall) -> Recall:
        """Bring *recall* up to date after a wait, in which the same question may have been answered, or purged."""
        recall = evolve(recall, epoch=self.start_over(asking).epoch)
        if not asking.directives.may_recall:
            return recall
        exact = await self._recall_exactly(asking)
        return exact if exact.answer else evolve(recall, rescue=exact.rescue)

    def start_over(self, asking: Asking) -> Recall:
        """Begin as if nothing were remembered, to fetch a fresh answer."""
        return Recall(Reason.NO_CACHE, epoch=self.purges.epoch_of(asking.question))

    async def rescue(self, stored: StoredAnswer, epoch: Epoch) -> Answer | None:
        """Serve an expired answer, because no model gave a fresh one; not if it was purged since *epoch*."""
        await self.purges.begin()  # it took a model to fail: a while in which others may have purged
        if self.purges.overtook(epoch, stored):
            return None
        now = self.clock.now()
        await self._count(stored, now)
        return Answer(stored.completion, Origin.STALE_HIT, Reason.MODEL_FAILED, stored, age=stored.age(now))

    async def _recall(self, asking: Asking) -> Recall:
        if not asking.directives.use_cache:
            return Recall(Reason.BYPASSED)
        if not asking.directives.may_recall:
            return self.start_over(asking)
        exact = await self._recall_exactly(asking)
        if exact.answer:
            self.judge.count(asking.question, exact=True)
            return exact
        meanings = None if asking.question.literal else self.meanings
        recall = await self._recall_by_meaning(asking, exact, meanings) if meanings else exact
        if not (recall.likeness and recall.likeness.was_judged):
            self.judge.count(asking.question, exact=False)
        return recall

    async def _recall_exactly(self, asking: Asking) -> Recall:
        fingerprint = asking.question.fingerprint
        with Surviving("answer_cache", self.events), asking.stopwatch.time("exact"):
            found = await self.cache.get((fingerprint,))
            return await self._consider(asking, found.get(fingerprint))
        return Recall(Reason.MEMORY_FAILED)

    async def _consider(self, asking: Asking, stored: StoredAnswer | None) -> Recall:
        if stored is None:
            return Recall(Reason.NOTHING_REMEMBERED)
        now = self.clock.now()
        if asking.directives.welcome(stored, now):
            return Recall(Reason.SAME_QUESTION, await self._serve(asking, stored, Reason.SAME_QUESTION))
        too_old = stored.age(now) > asking.directives.max_age
        rescue = stored if asking.directives.tolerates(stored, now) else None
        return Recall(Reason.TOO_OLD if too_old else Reason.EXPIRED, rescue=rescue)

    async def _recall_by_meaning(self, asking: Asking, exact: Recall, meanings: Meanings) -> Recall:
        likeness = await meanings.look_up(asking)
        verdict = likeness.verdict
        if not (verdict.hit and likeness.nearest):
            return _missed(exact, likeness)
        answer = await self._serve(asking, likeness.nearest, verdict.reason, verdict)
        return Recall(verdict.reason, answer, likeness=likeness)

    async def _serve(
        self, asking: Asking, stored: StoredAnswer, reason: Reason, verdict: Verdict | None = None
    ) -> Answer:
        now = self.clock.now()
        await self._count(stored, now)
        origin = Origin.SEMANTIC_HIT if verdict else Origin.EXACT_HIT
        if stored.freshness(now) is not Freshness.FRESH:
            origin, reason = Origin.STALE_HIT, _staleness(asking)
        answer = Answer(stored.completion, origin, reason, stored, age=stored.age(now))
        return justified(answer, verdict) if verdict else answer

    async def _count(self, stored: StoredAnswer, now: float) -> None:
        with Surviving("answer_cache", self.events):
            await self.cache.touch(stored.fingerprint, now)


def justified(answer: Answer, verdict: Verdict) -> Answer:
    """Give *answer* with what was found out about the nearest remembered question."""
    return evolve(
        answer, similarity=verdict.similarity, probability=verdict.probability, differences=verdict.differences
    )


def _staleness(asking: Asking) -> Reason:
    return Reason.REFRESHING if asking.directives.may_refresh else Reason.STALE


def _missed(exact: Recall, likeness: Likeness) -> Recall:
    """Keep the more telling reason: what happened to the same question, else what came of the search."""
    unknown = exact.reason is Reason.NOTHING_REMEMBERED
    return evolve(exact, reason=likeness.verdict.reason if unknown else exact.reason, likeness=likeness)

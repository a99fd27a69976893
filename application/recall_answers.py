"""Recall: exact first, then by meaning. Remember: both at once."""

from attrs import evolve, frozen

from application.evict_answers import EvictAnswers
from application.forget_answers import Epoch, PurgeEpochs
from application.recall_by_meaning import Likeness, Meanings
from application.survive_failures import Surviving
from domain.answers import Answer, Asking, Origin, Reason
from domain.caching import AnswerCache, Freshness, Lifetime, StoredAnswer
from domain.clock import Clock
from domain.events import EventSink
from domain.generation import Completion
from domain.similarity import Embedding


@frozen
class Recall:
    """
    What memory had to say: an answer, or the reason why there is none.

    *rescue* is an entry that may be served should no model answer; *similarity* and *embedding*
    are what the search by meaning left behind; *epoch* is the question's when memory was asked.
    """

    reason: Reason
    answer: Answer | None = None
    rescue: StoredAnswer | None = None
    similarity: float | None = None
    embedding: Embedding | None = None
    epoch: Epoch | None = None


@frozen
class Recollection:
    """The memory of answers as a question meets it; *meanings* is absent where only exact hits are wanted."""

    cache: AnswerCache
    meanings: Meanings | None
    evict: EvictAnswers
    epochs: PurgeEpochs
    lifetime: Lifetime
    clock: Clock
    events: EventSink

    async def recall(self, asking: Asking) -> Recall:
        """Look for an answer that may be served. A part that fails is passed over, and noted."""
        epoch = self.epochs.of(asking.question)
        recall = await self._recall(asking)
        return recall if recall.answer else evolve(recall, epoch=epoch)

    def start_over(self, asking: Asking) -> Recall:
        """Begin as if nothing were remembered, to fetch a fresh answer."""
        return Recall(Reason.NO_CACHE, epoch=self.epochs.of(asking.question))

    async def remember(self, asking: Asking, completion: Completion, recall: Recall) -> None:
        """Keep a whole answer, unless it has been purged since *recall*."""
        if not completion.is_whole or self._outdated(asking, recall):
            return
        with asking.stopwatch.time("remember"), Surviving("answer_cache", self.events):
            await self._write(asking, completion, recall)

    async def rescue(self, stored: StoredAnswer) -> Answer:
        """Serve an expired answer, because no model gave a fresh one."""
        now = self.clock.now()
        await self._count(stored, now)
        return Answer(stored.completion, Origin.STALE_HIT, Reason.MODEL_FAILED, stored, age=stored.age(now))

    async def _write(self, asking: Asking, completion: Completion, recall: Recall) -> None:
        # The answer goes first: whoever finds the vector can be served.
        await self.cache.put((_stored(asking, completion, self.lifetime, self.clock.now()),))
        if self.meanings:
            await self.meanings.file(asking.question, recall.embedding)
        if self._outdated(asking, recall):
            await self.evict.forget((asking.question.fingerprint,), cause="purged")
        await self.evict.make_room()

    def _outdated(self, asking: Asking, recall: Recall) -> bool:
        return self.epochs.of(asking.question) != recall.epoch

    async def _recall(self, asking: Asking) -> Recall:
        if not asking.directives.use_cache:
            return Recall(Reason.BYPASSED)
        if not asking.directives.may_recall:
            return self.start_over(asking)
        exact = await self._recall_exactly(asking)
        if exact.answer or self.meanings is None:
            return exact
        return await self._recall_by_meaning(asking, exact, self.meanings)

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
            return await self._serve(asking, stored, Reason.SAME_QUESTION)
        too_old = stored.age(now) > asking.directives.max_age
        rescue = stored if asking.directives.tolerates(stored, now) else None
        return Recall(Reason.TOO_OLD if too_old else Reason.EXPIRED, rescue=rescue)

    async def _recall_by_meaning(self, asking: Asking, exact: Recall, meanings: Meanings) -> Recall:
        found = await meanings.look_up(asking)
        if found.verdict.hit and found.stored:
            return await self._serve(asking, found.stored, found.verdict.reason, found.verdict.similarity)
        return _missed(exact, found)

    async def _serve(
        self, asking: Asking, stored: StoredAnswer, reason: Reason, similarity: float | None = None
    ) -> Recall:
        now = self.clock.now()
        await self._count(stored, now)
        origin = Origin.EXACT_HIT if similarity is None else Origin.SEMANTIC_HIT
        if stored.freshness(now) is not Freshness.FRESH:
            origin, reason = Origin.STALE_HIT, _staleness(asking)
        return Recall(reason, Answer(stored.completion, origin, reason, stored, similarity, stored.age(now)))

    async def _count(self, stored: StoredAnswer, now: float) -> None:
        with Surviving("answer_cache", self.events):
            await self.cache.touch(stored.fingerprint, now)


def _stored(asking: Asking, completion: Completion, lifetime: Lifetime, now: float) -> StoredAnswer:
    question, directives = asking.question, asking.directives
    ttl = lifetime.ttl if directives.ttl is None else directives.ttl
    return StoredAnswer(
        fingerprint=question.fingerprint,
        partition=question.compatibility,
        tenant=question.tenant,
        namespace=question.namespace,
        question=question.text,
        completion=completion,
        stored_at=now,
        lifetime=evolve(lifetime, ttl=ttl),
        tags=directives.tags,
        accessed_at=now,
        requested_model=question.model,
    )


def _staleness(asking: Asking) -> Reason:
    return Reason.REFRESHING if asking.directives.may_refresh else Reason.STALE


def _missed(exact: Recall, found: Likeness) -> Recall:
    """Keep the more telling reason: what happened to the same question, else what came of the search."""
    unknown = exact.reason is Reason.NOTHING_REMEMBERED
    reason = found.verdict.reason if unknown else exact.reason
    return Recall(reason, None, exact.rescue, found.verdict.similarity, found.embedding)

"""Recall: exact first, then by meaning. Remember: both at once."""

from attrs import evolve, frozen

from application.evict_answers import EvictAnswers
from application.forget_answers import PurgeEpochs
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
    are what the search by meaning left behind; *epoch* is the tenant's when memory was asked.
    """

    reason: Reason
    answer: Answer | None = None
    rescue: StoredAnswer | None = None
    similarity: float | None = None
    embedding: Embedding | None = None
    epoch: int = 0


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
        epoch = self.epochs.of(asking.question.tenant)
        recall = await self._recall(asking)
        return recall if recall.answer else evolve(recall, epoch=epoch)

    def start_over(self, asking: Asking) -> Recall:
        """Begin as if nothing were remembered, to fetch a fresh answer."""
        return Recall(Reason.NO_CACHE, epoch=self.epochs.of(asking.question.tenant))

    async def remember(self, asking: Asking, completion: Completion, recall: Recall) -> None:
        """Keep a whole answer, unless the tenant has purged since *recall*."""
        if not completion.is_whole or self._outdated(asking, recall):
            return
        with asking.stopwatch.time("remember"), Surviving("answer_cache", self.events):
            await self._write(asking, completion, recall)

    async def _write(self, asking: Asking, completion: Completion, recall: Recall) -> None:
        # The answer goes first, so that no vector is ever without one.
        await self.cache.put((self._stored(asking, completion),))
        await self._file(asking, recall.embedding)
        if self._outdated(asking, recall):
            await self.evict.forget((asking.question.fingerprint,), cause="purged")
        await self.evict.make_room()

    def _outdated(self, asking: Asking, recall: Recall) -> bool:
        return self.epochs.of(asking.question.tenant) != recall.epoch

    async def _recall(self, asking: Asking) -> Recall:
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
            return await self._serve(stored, now, Reason.SAME_QUESTION)
        too_old = stored.age(now) > asking.directives.max_age
        rescue = stored if asking.directives.tolerates(stored, now) else None
        return Recall(Reason.TOO_OLD if too_old else Reason.EXPIRED, rescue=rescue)

    async def _recall_by_meaning(self, asking: Asking, exact: Recall, meanings: Meanings) -> Recall:
        found = await meanings.look_up(asking)
        if found.verdict.hit and found.stored:
            return await self._serve(found.stored, self.clock.now(), found.verdict.reason, found.verdict.similarity)
        return _missed(exact, found)

    async def _serve(self, stored: StoredAnswer, now: float, reason: Reason, similarity: float | None = None) -> Recall:
        with Surviving("answer_cache", self.events):
            await self.cache.touch(stored.fingerprint, now)
        origin = Origin.EXACT_HIT if similarity is None else Origin.SEMANTIC_HIT
        if stored.freshness(now) is not Freshness.FRESH:
            origin, reason = Origin.STALE_HIT, Reason.REFRESHING
        return Recall(reason, Answer(stored.completion, origin, reason, stored, similarity, stored.age(now)))

    async def _file(self, asking: Asking, embedding: Embedding | None) -> None:
        if self.meanings:
            with Surviving("vector_index", self.events):
                await self.meanings.file(asking.question, embedding)

    def _stored(self, asking: Asking, completion: Completion) -> StoredAnswer:
        question, directives, now = asking.question, asking.directives, self.clock.now()
        ttl = self.lifetime.ttl if directives.ttl is None else directives.ttl
        return StoredAnswer(
            fingerprint=question.fingerprint,
            partition=question.compatibility,
            tenant=question.tenant,
            namespace=question.namespace,
            question=question.text,
            completion=completion,
            stored_at=now,
            lifetime=evolve(self.lifetime, ttl=ttl),
            tags=directives.tags,
            accessed_at=now,
        )


def _missed(exact: Recall, found: Likeness) -> Recall:
    """Keep the more telling reason: what happened to the same question, else what came of the search."""
    unknown = exact.reason is Reason.NOTHING_REMEMBERED
    reason = found.verdict.reason if unknown else exact.reason
    return Recall(reason, None, exact.rescue, found.verdict.similarity, found.embedding)

"""Remember an answer: the text and its meaning, unless it has been purged meanwhile."""

from attrs import evolve, frozen

from application.evict_answers import EvictAnswers
from application.follow_purges import KnownPurges
from application.recall_answers import Recall
from application.recall_by_meaning import Meanings
from application.survive_failures import Surviving
from domain.answers import Asking
from domain.caching import AnswerCache, Lifetime, StoredAnswer
from domain.clock import Clock
from domain.events import EventSink
from domain.generation import Completion, FinishReason


@frozen
class RememberAnswers:
    """Keeps answers in both memories; *meanings* is absent where only exact hits are wanted."""

    cache: AnswerCache
    meanings: Meanings | None
    evict: EvictAnswers
    purges: KnownPurges
    lifetime: Lifetime
    clock: Clock
    events: EventSink

    async def __call__(self, asking: Asking, completion: Completion, recall: Recall) -> None:
        """Keep a whole answer, unless it has been purged since *recall*."""
        # Calls of tools that nobody has at hand are no answer.
        wanted = asking.question.literal or completion.finish_reason is not FinishReason.TOOL_CALLS
        if not (completion.is_whole and wanted):
            return
        stored = self._stored(asking, completion, recall)
        if not self.purges.overtook(recall.epoch, stored):
            with asking.stopwatch.time("remember"), Surviving("answer_cache", self.events):
                await self._write(asking, stored, recall)

    async def join(self, asking: Asking, recall: Recall, completion: Completion, cluster: str) -> None:
        """Keep that *completion*, if it is still what is remembered, agrees with the answers of *cluster*."""
        fingerprint = asking.question.fingerprint
        with Surviving("answer_cache", self.events):
            stored = (await self.cache.get((fingerprint,))).get(fingerprint)
            if stored and stored.completion == completion:
                await self._replace(evolve(stored, cluster=cluster), recall)

    async def _write(self, asking: Asking, stored: StoredAnswer, recall: Recall) -> None:
        # The answer goes first: whoever finds the vector can be served.
        await self.cache.put((stored,))
        if self.meanings and not stored.literal:
            await self.meanings.file(asking.question, recall.likeness.embedding if recall.likeness else None)
        await self._take_back_if_purged(stored, recall)
        await self.evict.make_room()

    async def _replace(self, stored: StoredAnswer, recall: Recall) -> None:
        if not self.purges.overtook(recall.epoch, stored):
            await self.cache.put((stored,))
            await self._take_back_if_purged(stored, recall)

    async def _take_back_if_purged(self, stored: StoredAnswer, recall: Recall) -> None:
        # Whoever purges declares it first and removes then. So either we hear of it now, or it removes what we wrote.
        await self.purges.catch_up()
        if self.purges.overtook(recall.epoch, stored):
            await self.evict.forget((stored.fingerprint,), cause="purged")

    def _stored(self, asking: Asking, completion: Completion, recall: Recall) -> StoredAnswer:
        question, directives = asking.question, asking.directives
        known = recall.likeness.cluster_of(completion) if recall.likeness else ""
        now = self.clock.now()
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
            requested_model=question.model,
            cluster=known or f"{question.fingerprint}@{now}",
            epoch=recall.epoch.seen,
            literal=question.literal,
        )

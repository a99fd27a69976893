"""Find a remembered question that means the same, and file new ones to be found."""

import asyncio
from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from application.survive_failures import Surviving
from domain.answers import Asking, Reason
from domain.caching import AnswerCache, StoredAnswer
from domain.clock import Clock
from domain.events import AnswersRemoved, EventSink, TextTruncated
from domain.questions import Fingerprint, Question
from domain.similarity import Embedder, Embedding, Neighbour, Point, VectorIndex
from domain.verdicts import Candidate, HitPolicy, Verdict


@frozen
class Likeness:
    """
    What the search for the same meaning brought.

    *stored* is the nearest servable entry, to be served if the *verdict* says so;
    *embedding* is the question's own, kept so that remembering need not make it again.
    """

    verdict: Verdict
    stored: StoredAnswer | None = None
    embedding: Embedding | None = None


FAILED = Likeness(Verdict(hit=False, reason=Reason.MEMORY_FAILED))
"""Memory could not be searched."""


@frozen
class Meanings:
    """
    Questions by meaning: an embedder, an index of what it made, and the policy that judges what is near.

    A question waits *patience* seconds for the index: one that hangs is one that fails.
    """

    embedder: Embedder
    index: VectorIndex
    cache: AnswerCache
    policy: HitPolicy
    clock: Clock
    events: EventSink
    neighbours: int = 6
    patience: float = 1.0

    async def look_up(self, asking: Asking) -> Likeness:
        """Find the nearest servable entry and judge it; a part that fails means a miss."""
        embedding = None
        with Surviving("embedder", self.events), asking.stopwatch.time("embed"):
            embedding = await self._embed(asking.question)
        return await self._look_around(asking, embedding) if embedding else FAILED

    async def file(self, question: Question, embedding: Embedding | None) -> None:
        """Make *question* findable by its meaning; *embedding* is its own if it was made already."""
        with Surviving("embedder", self.events):
            embedding = embedding or await self._embed(question)
            with Surviving("vector_index", self.events):
                async with asyncio.timeout(self.patience):
                    await self.index.upsert((Point(question.fingerprint, question.compatibility, embedding),))

    async def _embed(self, question: Question) -> Embedding:
        (embedding,) = await self.embedder.embed((question.normalised,))
        if embedding.truncated:
            self.events.note(TextTruncated(embedding.tokens))
        return embedding

    async def _look_around(self, asking: Asking, embedding: Embedding) -> Likeness:
        with Surviving("vector_index", self.events):
            neighbours = await self._search(asking, embedding)
            with Surviving("answer_cache", self.events):
                stored = await self._fetch(asking, neighbours)
                await self._heal(neighbours, stored)
                return self._judge(asking, self._servable(asking, neighbours, stored), embedding)
        return evolve(FAILED, embedding=embedding)

    async def _search(self, asking: Asking, embedding: Embedding) -> Sequence[Neighbour]:
        with asking.stopwatch.time("search"):
            async with asyncio.timeout(self.patience):
                return await self.index.search(asking.question.compatibility, embedding, self.neighbours)

    async def _fetch(self, asking: Asking, neighbours: Sequence[Neighbour]) -> Mapping[Fingerprint, StoredAnswer]:
        with asking.stopwatch.time("search"):
            return await self.cache.get(tuple(each.fingerprint for each in neighbours))

    def _servable(
        self, asking: Asking, neighbours: Sequence[Neighbour], stored: Mapping[Fingerprint, StoredAnswer]
    ) -> Sequence[tuple[StoredAnswer, float]]:
        near = [(stored[each.fingerprint], each.similarity) for each in neighbours if each.fingerprint in stored]
        return [(answer, similarity) for answer, similarity in near if self._may_serve(asking, answer)]

    def _may_serve(self, asking: Asking, stored: StoredAnswer) -> bool:
        # The index is asked for one partition only; that no answer crosses tenants does not rest on it alone.
        same_partition = stored.partition == asking.question.compatibility
        return same_partition and asking.directives.welcome(stored, self.clock.now())

    def _judge(self, asking: Asking, near: Sequence[tuple[StoredAnswer, float]], embedding: Embedding) -> Likeness:
        with asking.stopwatch.time("judge"):
            candidates = tuple(Candidate(stored.question, similarity) for stored, similarity in near)
            verdict = self.policy.judge(asking.question.text, candidates)
        return Likeness(verdict, near[0][0] if near else None, embedding)

    async def _heal(self, neighbours: Sequence[Neighbour], stored: Mapping[Fingerprint, StoredAnswer]) -> None:
        orphans = tuple(each.fingerprint for each in neighbours if each.fingerprint not in stored)
        if orphans:
            with Surviving("vector_index", self.events):
                async with asyncio.timeout(self.patience):
                    await self.index.remove(orphans)
                self.events.note(AnswersRemoved("orphaned", len(orphans)))

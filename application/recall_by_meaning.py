"""Find a remembered question that means the same, and file new ones to be found."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from attrs import evolve, frozen

from application.judge_hits import JudgeHits, JudgeOneByOne
from application.survive_failures import Surviving
from application.work_aside import Aside
from domain.agreement import same_words
from domain.answers import Asking, Reason
from domain.belief import Vector
from domain.caching import AnswerCache, StoredAnswer
from domain.calibration import Traffic
from domain.candidates import Candidate
from domain.clock import Clock
from domain.events import AnswersRemoved, EventSink, TextTruncated
from domain.generation import Completion
from domain.questions import Fingerprint, Question, normalise
from domain.similarity import Embedder, Embedding, Neighbour, Point, Search, VectorIndex
from domain.verdicts import Verdict


@frozen
class Suspicion:
    """That the answer of *stored* fits, and the *features* that a label on it teaches."""

    stored: StoredAnswer
    features: Vector


@frozen
class Likeness:
    """
    What the search for the same meaning brought.

    *near* are the servable entries, nearest first; the first is to be served if the *verdict* says so.
    *embedding* is the question's own, kept so that remembering need not make it again.
    """

    verdict: Verdict
    near: Sequence[StoredAnswer] = ()
    embedding: Embedding | None = None

    @property
    def nearest(self) -> StoredAnswer | None:
        """Give the entry that the verdict is about."""
        return self.near[0] if self.near else None

    @property
    def was_judged(self) -> bool:
        """Tell whether the search came as far as a verdict."""
        return bool(self.near) or self.verdict.reason is not Reason.MEMORY_FAILED

    @property
    def suspicion(self) -> Suspicion | None:
        """Give what can be learnt about; ``None`` where the policy knows no features, or nothing was near."""
        features = self.verdict.features
        return Suspicion(self.near[0], features) if self.near and features is not None else None

    def cluster_of(self, completion: Completion) -> str:
        """Name the answer that *completion* repeats word for word; empty where it is a new one."""
        known = (each for each in self.near if same_words(each.completion.text, completion.text))
        return next((each.shared_answer for each in known), "")


FAILED = Likeness(Verdict(hit=False, reason=Reason.MEMORY_FAILED))
"""Memory could not be searched."""


@frozen
class Meanings:
    """
    Questions by meaning: an embedder, an index of what it made, and a judge of what is near.

    A question waits *patience* seconds for what the index finds: one that hangs is one that fails. It waits *linger*
    seconds for what is filed or removed there, which goes on *aside* after that.
    """

    embedder: Embedder
    index: VectorIndex
    cache: AnswerCache
    judge: JudgeHits | JudgeOneByOne
    clock: Clock
    aside: Aside
    events: EventSink
    neighbours: int = 6
    patience: float = 1.0
    linger: float = 1.0

    async def look_up(self, asking: Asking) -> Likeness:
        """Find the nearest servable entry and judge it; a part that fails means a miss."""
        embedding = None
        with Surviving("embedder", self.events), asking.stopwatch.time("embed"):
            embedding = await self._embed(asking.question)
        return await self._look_around(asking, embedding) if embedding else FAILED

    async def weigh(self, stored: StoredAnswer, asked: str) -> Verdict | None:
        """Judge whether *stored* fits *asked*, as if it had just been found; ``None`` where a part fails."""
        with Surviving("embedder", self.events):
            embedding, own = await self.embedder.embed((normalise(asked), normalise(stored.question)))
            with Surviving("vector_index", self.events):
                neighbours = await self._nearest(Search(stored.partition, embedding, normalise(asked)))
                others = [each for each in neighbours if each.fingerprint != stored.fingerprint]
                around = await self.cache.get([each.fingerprint for each in others])
                near = [(stored, own.similarity(embedding))]
                near += [(around[each.fingerprint], each.similarity) for each in others if each.fingerprint in around]
                candidates = [_candidate(*each) for each in near[: self.neighbours]]
                return await self.judge.weigh(Traffic(stored.tenant, stored.namespace), asked, candidates)
        return None

    async def file(self, question: Question, embedding: Embedding | None) -> None:
        """Make *question* findable by its meaning; *embedding* is its own if it was made already."""
        with Surviving("embedder", self.events):
            embedding = embedding or await self._embed(question)
            point = Point(question.fingerprint, question.compatibility, embedding)
            await self.aside.attend("vector_index", partial(self.index.upsert, (point,)), self.linger)

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
                return await self._judge(asking, self._servable(asking, neighbours, stored), embedding)
        return evolve(FAILED, embedding=embedding)

    async def _search(self, asking: Asking, embedding: Embedding) -> Sequence[Neighbour]:
        with asking.stopwatch.time("search"):
            return await self._nearest(Search(asking.question.compatibility, embedding, asking.question.normalised))

    async def _nearest(self, search: Search) -> Sequence[Neighbour]:
        async with asyncio.timeout(self.patience):
            (neighbours,) = await self.index.search((search,), self.neighbours)
        return neighbours

    async def _fetch(self, asking: Asking, neighbours: Sequence[Neighbour]) -> Mapping[Fingerprint, StoredAnswer]:
        with asking.stopwatch.time("search"):
            return await self.cache.get(tuple(each.fingerprint for each in neighbours))

    def _servable(
        self, asking: Asking, neighbours: Sequence[Neighbour], stored: Mapping[Fingerprint, StoredAnswer]
    ) -> Sequence[tuple[StoredAnswer, float]]:
        near = [(stored[each.fingerprint], each.similarity) for each in neighbours if each.fingerprint in stored]
        return [(answer, similarity) for answer, similarity in near if self._may_serve(asking, answer)]

    def _may_serve(self, asking: Asking, stored: StoredAnswer) -> bool:
        same_partition = stored.partition == asking.question.compatibility  # it does not rest on the index alone
        return same_partition and asking.directives.welcome(stored, self.clock.now())

    async def _judge(
        self, asking: Asking, near: Sequence[tuple[StoredAnswer, float]], embedding: Embedding
    ) -> Likeness:
        with asking.stopwatch.time("judge"):
            verdict = await self.judge(asking, [_candidate(stored, cosine) for stored, cosine in near])
        return Likeness(verdict, [stored for stored, _ in near], embedding)

    async def _heal(self, neighbours: Sequence[Neighbour], stored: Mapping[Fingerprint, StoredAnswer]) -> None:
        orphans = tuple(each.fingerprint for each in neighbours if each.fingerprint not in stored)
        if orphans:
            await self.aside.attend("vector_index", partial(self._remove, orphans), self.linger)

    async def _remove(self, orphans: Sequence[Fingerprint]) -> None:
        await self.index.remove(orphans)
        self.events.note(AnswersRemoved("orphaned", len(orphans)))


def _candidate(stored: StoredAnswer, similarity: float) -> Candidate:
    return Candidate(stored.question, similarity, stored.fingerprint, stored.shared_answer)

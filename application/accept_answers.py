"""Accept answers that somebody gives: remembered as if a model had given them."""

import asyncio
from collections.abc import Collection, Sequence
from enum import StrEnum
from hashlib import blake2b

from attrs import define, evolve, field, frozen

from application.evict_answers import EvictAnswers
from application.file_answers import FileAnswers
from application.follow_purges import KnownPurges
from application.go_through import slices
from application.survive_failures import Surviving
from domain.caching import AnswerCache, Freshness, Lifetime, StoredAnswer
from domain.clock import Clock
from domain.entries import Entry
from domain.errors import Malformed
from domain.events import AnswersGiven, EventSink
from domain.generation import Completion, FinishReason
from domain.purging import Epoch
from domain.questions import Fingerprint, Question
from domain.tokens import TokenUsage

PATIENCE = 10.0
"""Seconds that the index may take to file what was given at once; what it does not file is filed when memory heals."""


@frozen
class GivenAnswer:
    """
    An answer, and the question it is to be given to; *ttl* is in seconds, by default the configured one.

    Raises:
        Malformed: the answer is blank.
    """

    question: Question
    text: str
    tags: tuple[str, ...] = ()
    ttl: float | None = None

    def __attrs_post_init__(self) -> None:
        if not self.text.strip():
            raise Malformed.field("response", "must not be blank")

    @property
    def completion(self) -> Completion:
        """Give it as the model that the question names would have."""
        asked = self.question
        return Completion(self.text, asked.provider, asked.model, TokenUsage(), FinishReason.STOP)

    @property
    def cluster(self) -> str:
        """Name all that are given the same words in one partition: so many ways to ask speak for one another."""
        words = " ".join([self.question.compatibility, *self.text.split()])
        return f"given:{blake2b(words.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"

    def repeats(self, stored: StoredAnswer) -> bool:
        """Tell whether *stored* is this answer already."""
        same_time = self.ttl in {None, stored.lifetime.ttl}
        return self.text == stored.completion.text and set(self.tags) == set(stored.tags) and same_time


class Fate(StrEnum):
    """What became of an answer that was given: a closed set, part of the API."""

    REMEMBERED = "remembered"
    REPLACED = "replaced"
    KNOWN = "known"
    LEFT = "left"
    PURGED = "purged"


@frozen
class AcceptAnswers:
    """
    Remembers given answers, many at once; *filing* is absent where only exact hits are wanted.

    What is fresh is left as it is, unless it is to be replaced; giving the same answer again changes nothing.
    """

    cache: AnswerCache
    filing: FileAnswers | None
    evict: EvictAnswers
    purges: KnownPurges
    lifetime: Lifetime
    clock: Clock
    events: EventSink

    async def __call__(self, given: Sequence[GivenAnswer], replace: bool = False) -> Sequence[Fate]:
        """
        Take *given* in, all of one tenant, and tell what became of each, in order.

        With *replace*, another answer to the same question goes, and one that has lived half its time begins anew.
        Of two answers to one question the first counts, with *replace* the last. Raises ``AnswerCacheUnavailable``.
        """
        if not given:
            return []
        await self._hear_of_purges()  # one of a moment ago, by another worker, is no reason to refuse these
        shelf = _Shelf(self.lifetime, self.clock.now(), self.purges.epoch_of(given[0].question), replace)
        shelf.remembered.update(await self.cache.get([each.question.fingerprint for each in given]))
        fates = [(each.question.fingerprint, shelf.take(each)) for each in given]
        purged = await self._keep(shelf) if shelf.taken else ()
        return [Fate.PURGED if name in purged else fate for name, fate in fates]

    async def _keep(self, shelf: "_Shelf") -> Collection[Fingerprint]:
        """Write what was taken, and give those that were purged meanwhile."""
        answers = tuple(shelf.taken.values())
        await self._write(answers)
        await self._hear_of_purges()
        purged = [each.fingerprint for each in answers if self.purges.overtook(shelf.epoch, each)]
        await self.evict.forget(purged, cause="purged")
        self.events.note(AnswersGiven(answers[0].tenant, len(answers) - len(purged)))
        return purged

    async def _write(self, answers: Sequence[StoredAnswer]) -> None:
        # The answers go first: whoever finds a vector can be served.
        for some in slices(answers):
            await self.cache.put(some)
        if self.filing:
            await self._file(self.filing, [Entry(each) for each in answers])
        with Surviving("answer_cache", self.events):
            await self.evict.make_room()

    async def _file(self, filing: FileAnswers, entries: Sequence[Entry]) -> None:
        with Surviving("embedder", self.events):
            points = await filing.points(entries)
            with Surviving("vector_index", self.events):
                async with asyncio.timeout(PATIENCE):
                    await filing.index.upsert(points)

    async def _hear_of_purges(self) -> None:
        with Surviving("purge_journal", self.events):
            await self.purges.catch_up()


@define
class _Shelf:
    """What is *remembered* at *now*, and what is *taken* to be remembered, in *epoch*."""

    lifetime: Lifetime
    now: float
    epoch: Epoch
    replace: bool
    remembered: dict[Fingerprint, StoredAnswer] = field(factory=dict)
    taken: dict[Fingerprint, StoredAnswer] = field(factory=dict)

    def take(self, given: GivenAnswer) -> Fate:
        fate = self._fate(given, self.remembered.get(given.question.fingerprint))
        if fate in {Fate.REMEMBERED, Fate.REPLACED}:
            stored = self._stored(given)
            self.remembered[stored.fingerprint] = self.taken[stored.fingerprint] = stored
        return fate

    def _fate(self, given: GivenAnswer, stored: StoredAnswer | None) -> Fate:
        if stored is None or stored.freshness(self.now) is not Freshness.FRESH:
            return Fate.REMEMBERED
        past_half = stored.age(self.now) > stored.lifetime.ttl / 2
        if given.repeats(stored) and not (self.replace and past_half):
            return Fate.KNOWN
        return Fate.REPLACED if self.replace else Fate.LEFT

    def _stored(self, given: GivenAnswer) -> StoredAnswer:
        question = given.question
        return StoredAnswer(
            fingerprint=question.fingerprint,
            partition=question.compatibility,
            tenant=question.tenant,
            namespace=question.namespace,
            question=question.text,
            completion=given.completion,
            stored_at=self.now,
            lifetime=self.lifetime if given.ttl is None else evolve(self.lifetime, ttl=given.ttl),
            tags=given.tags,
            accessed_at=self.now,
            requested_model=question.model,
            cluster=given.cluster,
            epoch=self.epoch.seen,
        )

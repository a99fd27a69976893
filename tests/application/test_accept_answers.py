"""Answers that somebody gives."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.vector_index.memory import MemoryVectorIndex
from application.accept_answers import Fate, GivenAnswer
from domain.answers import Origin
from domain.caching import AnswerCacheUnavailable, Lifetime, StoredAnswer
from domain.catalogue import Selection
from domain.errors import Malformed
from domain.events import AnswersGiven, AnswersRemoved, PartFailed
from domain.generation import FinishReason
from domain.similarity import EmbedderUnavailable, Embedding, Point, VectorIndexUnavailable
from domain.tokens import TokenUsage
from tests.builders import a_question, an_asking
from tests.core import Core

ASKED = "How do I install RAGBoost?"


def given(text: str = "Type make serve.", asked: str = ASKED, **fields: object) -> GivenAnswer:
    known = {name: fields.pop(name) for name in ("tags", "ttl") if name in fields}
    return GivenAnswer(a_question(asked, **fields), text, **known)  # type: ignore[arg-type]


async def remembered(core: Core, asked: str = ASKED) -> StoredAnswer | None:
    fingerprint = a_question(asked).fingerprint
    return (await core.cache.get([fingerprint])).get(fingerprint)


async def accepted(core: Core, *answers: GivenAnswer, replace: bool = False) -> Sequence[Fate]:
    return await core.accept(answers, replace)


class TestAcceptance:
    async def test_it_is_served_to_those_who_ask_just_that(self) -> None:
        core = Core()

        assert await accepted(core, given()) == [Fate.REMEMBERED]

        answer = await core.answer(an_asking(ASKED))
        assert (answer.origin, answer.completion.text) == (Origin.EXACT_HIT, "Type make serve.")
        assert core.model.calls == 0

    async def test_it_is_found_in_other_words(self) -> None:
        core = Core(threshold=0.5)
        await accepted(core, given())

        answer = await core.answer(an_asking("How do I install RAGBoost today?"))

        assert (answer.origin, answer.completion.text) == (Origin.SEMANTIC_HIT, "Type make serve.")

    async def test_it_is_kept_as_if_the_model_had_given_it_for_nothing(self) -> None:
        core = Core(lifetime=Lifetime(ttl=100, grace=20))
        await accepted(core, given(tags=("faq",), ttl=5000), given(asked="What is it?"))

        stored, other = await remembered(core), await remembered(core, "What is it?")
        assert stored
        assert other
        assert (stored.completion.provider, stored.completion.model) == ("scripted", "scripted-1")
        assert (stored.completion.usage, stored.completion.finish_reason) == (TokenUsage(), FinishReason.STOP)
        assert (stored.question, stored.requested_model, stored.tags) == (ASKED, "scripted-1", ("faq",))
        assert (stored.lifetime, other.lifetime) == (Lifetime(5000, grace=20), Lifetime(100, grace=20))
        assert stored.stored_at == stored.accessed_at == core.clock.now()

    async def test_where_only_exact_hits_are_wanted_no_meaning_is_filed(self) -> None:
        core = Core(semantic=False)

        assert await accepted(core, given()) == [Fate.REMEMBERED]
        assert await core.index.page(None, 10) == []

    async def test_many_ways_to_ask_for_the_same_answer_are_one_cluster(self) -> None:
        core = Core()
        await accepted(core, given("Type  make serve."), given(asked="Install it how?"), given("No.", asked="Is it?"))

        answers = [await remembered(core, each) for each in (ASKED, "Install it how?", "Is it?")]
        one, same, other = (each.shared_answer for each in answers if each)
        assert one == same != other

    async def test_the_same_words_of_another_model_are_another_cluster(self) -> None:
        assert given().cluster != given(model="another").cluster

    async def test_it_is_reported_how_many_were_given(self) -> None:
        core = Core()
        await accepted(core, given(), given(asked="What is it?"))
        await accepted(core, given())

        assert core.events.events == [AnswersGiven("acme", 2)]

    async def test_nothing_given_is_nothing_done(self) -> None:
        core = Core()

        assert await accepted(core) == []
        assert core.events.events == []

    async def test_what_does_not_fit_is_evicted_like_anything_else(self) -> None:
        core = Core(limit=4_500)
        for number in range(6):
            await accepted(core, given(asked=f"Question {number}?"))
            core.clock.advance(1)

        assert (await core.cache.measure()).entries == 4

    def test_a_blank_answer_is_refused(self) -> None:
        with pytest.raises(Malformed, match="response: must not be blank"):
            given(" \n")


class TestGivingAgain:
    async def test_the_same_changes_nothing(self) -> None:
        core = Core()
        await accepted(core, given(tags=("a", "b")))
        before = await remembered(core)
        core.clock.advance(60)

        assert await accepted(core, given(tags=("b", "a"))) == [Fate.KNOWN]
        assert await remembered(core) == before

    @pytest.mark.parametrize("other", [given("No."), given(tags=("faq",)), given(ttl=7)], ids=["text", "tags", "ttl"])
    async def test_another_is_left_unless_it_is_to_replace(self, other: GivenAnswer) -> None:
        core = Core()
        await accepted(core, given())
        before = await remembered(core)

        assert await accepted(core, other) == [Fate.LEFT]
        assert await remembered(core) == before
        assert await accepted(core, other, replace=True) == [Fate.REPLACED]
        stored = await remembered(core)
        assert stored
        assert other.repeats(stored)

    async def test_a_models_answer_is_left_too(self) -> None:
        core = Core()
        await core.answer(an_asking(ASKED))

        assert await accepted(core, given(), given("An answer.")) == [Fate.LEFT, Fate.KNOWN]

    async def test_what_has_expired_is_remembered_anew(self) -> None:
        core = Core()
        await accepted(core, given())
        core.clock.advance(101)

        assert await accepted(core, given()) == [Fate.REMEMBERED]
        stored = await remembered(core)
        assert stored
        assert stored.stored_at == core.clock.now()

    async def test_what_is_to_replace_renews_what_has_lived_half_its_time(self) -> None:
        core = Core()
        await accepted(core, given())
        core.clock.advance(50)
        assert await accepted(core, given(), replace=True) == [Fate.KNOWN]
        core.clock.advance(1)

        assert await accepted(core, given(), replace=True) == [Fate.REPLACED]

    async def test_of_two_answers_to_one_question_the_first_counts(self) -> None:
        core = Core()

        assert await accepted(core, given("One."), given("Two."), given("One.")) == [
            Fate.REMEMBERED,
            Fate.LEFT,
            Fate.KNOWN,
        ]
        stored = await remembered(core)
        assert stored
        assert stored.completion.text == "One."

    async def test_where_they_are_to_replace_the_last_does(self) -> None:
        core = Core()

        assert await accepted(core, given("One."), given("Two."), replace=True) == [Fate.REMEMBERED, Fate.REPLACED]
        stored = await remembered(core)
        assert stored
        assert stored.completion.text == "Two."


class Held(MemoryAnswerCache):
    """Waits, before it writes, until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.writing, self.may_write = asyncio.Event(), asyncio.Event()

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        self.writing.set()
        await self.may_write.wait()
        await super().put(answers)


class TestPurges:
    async def test_what_is_purged_while_it_is_written_does_not_come_back(self) -> None:
        core = Core(cache=Held())
        giving = asyncio.create_task(accepted(core, given(), given(asked="What is it?")))
        await core.cache.writing.wait()  # type: ignore[attr-defined]
        await core.purge(Selection("acme"))
        core.cache.may_write.set()  # type: ignore[attr-defined]

        assert await giving == [Fate.PURGED, Fate.PURGED]
        assert await core.cache.page(None, 10) == ()
        assert await core.index.page(None, 10) == []
        assert core.events.events == [AnswersRemoved("purged", 2), AnswersGiven("acme", 0)]

    async def test_only_what_was_purged_goes(self) -> None:
        core = Core(cache=Held())
        giving = asyncio.create_task(accepted(core, given(), given(asked="What is it?")))
        await core.cache.writing.wait()  # type: ignore[attr-defined]
        await core.purge.entry("acme", a_question(ASKED).fingerprint)
        core.cache.may_write.set()  # type: ignore[attr-defined]

        assert await giving == [Fate.PURGED, Fate.REMEMBERED]
        assert await remembered(core) is None
        assert await remembered(core, "What is it?")


class BrokenCache(MemoryAnswerCache):
    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        raise AnswerCacheUnavailable("no space left on device")


class BrokenEmbedder(HashingEmbedder):
    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        raise EmbedderUnavailable("no model")


class BrokenIndex(MemoryVectorIndex):
    async def upsert(self, points: Sequence[Point]) -> None:
        raise VectorIndexUnavailable("the engine has died")


class TestFailures:
    async def test_what_cannot_be_kept_is_not_called_remembered(self) -> None:
        core = Core(cache=BrokenCache())

        with pytest.raises(AnswerCacheUnavailable):
            await accepted(core, given())
        assert core.events.events == []

    @pytest.mark.parametrize(
        ("core", "part"),
        [(Core(embedder=BrokenEmbedder()), "embedder"), (Core(index=BrokenIndex()), "vector_index")],
        ids=["embedder", "vector_index"],
    )
    async def test_what_cannot_be_filed_is_remembered_all_the_same(self, core: Core, part: str) -> None:
        assert await accepted(core, given()) == [Fate.REMEMBERED]

        failures = [each.part for each in core.events.events if isinstance(each, PartFailed)]
        assert failures == [part]
        assert await remembered(core)

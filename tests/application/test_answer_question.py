import asyncio
from collections.abc import Sequence

import pytest
from attrs import evolve

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.vector_index.memory import MemoryVectorIndex
from domain.answers import Origin, Reason
from domain.catalogue import Selection
from domain.errors import NotRemembered
from domain.events import AnswerServed, ModelCallFailed, PartFailed, QuestionFailed, TextTruncated
from domain.generation import Chunk, FinishReason, ModelTimedOut
from domain.questions import Fingerprint
from domain.similarity import Embedding
from domain.tokens import TokenUsage
from tests.builders import a_question, an_asking
from tests.core import Core
from tests.doubles import ScriptedModel, saying

ASKED, REWORDED, UNRELATED = "How do I install the app?", "How do I install the app ?!", "Who was Napoleon?"
END = Chunk(finish_reason=FinishReason.STOP, usage=TokenUsage(1, 1))


async def ask(core: Core, text: str = ASKED, **directives: object) -> tuple[Origin, Reason, str]:
    asking = an_asking(text, **directives)
    answer = await core.answer(evolve(asking, stopwatch=type(asking.stopwatch)(core.clock)))
    return answer.origin, answer.reason, answer.completion.text


class TestAskingAgain:
    async def test_a_new_question_goes_to_the_model(self) -> None:
        core = Core(ScriptedModel(saying("First.")))

        assert await ask(core) == (Origin.GENERATED, Reason.NO_CANDIDATE, "First.")

    async def test_the_same_question_is_answered_from_memory(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")))
        await ask(core)

        assert await ask(core, "  How do I  install the app?") == (Origin.EXACT_HIT, Reason.SAME_QUESTION, "First.")
        assert core.model.calls == 1

    async def test_a_question_in_other_words_is_answered_from_memory(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")))
        await ask(core)

        answer = await core.answer(an_asking(REWORDED))

        assert (answer.origin, answer.reason) == (Origin.SEMANTIC_HIT, Reason.SIMILAR)
        assert answer.source is not None
        assert answer.source.question == ASKED
        assert answer.similarity is not None

    async def test_an_unrelated_question_goes_to_the_model(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")))
        await ask(core)

        assert await ask(core, UNRELATED) == (Origin.GENERATED, Reason.BELOW_THRESHOLD, "Second.")

    async def test_without_meanings_only_the_same_question_hits(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")), semantic=False)
        await ask(core)

        assert await ask(core, REWORDED) == (Origin.GENERATED, Reason.NOTHING_REMEMBERED, "Second.")
        assert (await ask(core))[0] is Origin.EXACT_HIT

    @pytest.mark.parametrize(
        "change", [{"tenant": "other"}, {"namespace": "n"}, {"model": "m"}, {"parameters": {"t": 1}}]
    )
    @pytest.mark.parametrize("text", [ASKED, REWORDED])
    async def test_no_hit_crosses_what_shapes_an_answer(self, change: dict[str, object], text: str) -> None:
        core = Core()
        await ask(core)

        answer = await core.answer(an_asking(question=a_question(text, **change)))

        assert answer.origin is Origin.GENERATED

    async def test_a_hit_counts_as_use(self) -> None:
        core = Core()
        await ask(core)
        core.clock.advance(7)
        await ask(core)

        (stored,) = (await core.cache.get([an_asking(ASKED).question.fingerprint])).values()
        assert (stored.accesses, stored.accessed_at) == (1, core.clock.now())


class TestWhatIsNotRemembered:
    @pytest.mark.parametrize("reason", [FinishReason.LENGTH, FinishReason.FILTERED, FinishReason.NOTHING_KNOWN])
    async def test_an_answer_that_is_not_whole(self, reason: FinishReason) -> None:
        core = Core(ScriptedModel(saying("Half an ans", reason)))
        await ask(core)

        assert (await ask(core))[0] is Origin.GENERATED
        assert (await core.cache.measure()).entries == 0

    async def test_a_failure(self) -> None:
        core = Core(ScriptedModel((Chunk("Half an"), ModelTimedOut("slow")), saying("Whole.")))
        with pytest.raises(ModelTimedOut):
            await ask(core)

        assert await ask(core) == (Origin.GENERATED, Reason.NO_CANDIDATE, "Whole.")


class TestDirectives:
    async def test_a_bypass_neither_reads_nor_writes(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second."), saying("Third.")))

        assert await ask(core, use_cache=False) == (Origin.PASSED, Reason.BYPASSED, "First.")
        assert (await ask(core))[2] == "Second."
        assert await ask(core, use_cache=False) == (Origin.PASSED, Reason.BYPASSED, "Third.")
        assert (await ask(core))[2] == "Second."

    async def test_no_cache_asks_afresh_and_remembers(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")))
        await ask(core)

        assert await ask(core, no_cache=True) == (Origin.GENERATED, Reason.NO_CACHE, "Second.")
        assert await ask(core) == (Origin.EXACT_HIT, Reason.SAME_QUESTION, "Second.")

    async def test_no_store_reads_but_does_not_write(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")))

        assert await ask(core, no_store=True) == (Origin.PASSED, Reason.NO_CANDIDATE, "First.")
        await ask(core)
        assert await ask(core, no_store=True) == (Origin.EXACT_HIT, Reason.SAME_QUESTION, "Second.")

    async def test_only_if_cached_never_asks_a_model(self) -> None:
        core = Core()
        with pytest.raises(NotRemembered):
            await ask(core, only_if_cached=True)
        await ask(core)

        assert (await ask(core, only_if_cached=True))[0] is Origin.EXACT_HIT
        with pytest.raises(NotRemembered):
            await ask(core, only_if_cached=True, use_cache=False)
        assert core.model.calls == 1

    async def test_max_age_refuses_older_answers(self) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")))
        await ask(core)
        core.clock.advance(11)

        assert await ask(core, max_age=10) == (Origin.GENERATED, Reason.TOO_OLD, "Second.")

    async def test_an_answer_may_have_a_lifetime_of_its_own(self) -> None:
        core = Core()
        await ask(core, ttl=1000.0)
        core.clock.advance(999)

        assert (await ask(core))[0] is Origin.EXACT_HIT


class TestFreshness:
    async def test_in_grace_a_stale_answer_is_served_while_one_refresh_runs(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel(saying("Old."), (gate, *saying("New."))))
        await ask(core)
        core.clock.advance(110)

        served = [await ask(core) for _ in range(5)]
        gate.set()
        await _until(lambda: core.model.calls == 2 and not core.flights.under_way)

        assert set(served) == {(Origin.STALE_HIT, Reason.REFRESHING, "Old.")}
        assert await ask(core) == (Origin.EXACT_HIT, Reason.SAME_QUESTION, "New.")

    async def test_a_stale_semantic_hit_refreshes_the_question_it_came_from(self) -> None:
        core = Core(ScriptedModel(saying("Old."), saying("New.")))
        await ask(core)
        core.clock.advance(110)

        assert (await ask(core, REWORDED))[0] is Origin.STALE_HIT
        await _until(lambda: core.model.calls == 2 and not core.flights.under_way)
        assert core.model.prompts[1].messages[-1].content == ASKED
        assert await ask(core) == (Origin.EXACT_HIT, Reason.SAME_QUESTION, "New.")

    async def test_a_refresh_keeps_the_labels_and_the_lifetime_that_the_answer_had(self) -> None:
        core = Core()
        await ask(core, ttl=10.0, tags=("faq",))
        core.clock.advance(15)

        await ask(core, tags=("other",))
        await _until(lambda: core.model.calls == 2 and not core.flights.under_way)
        (stored,) = (await core.cache.get([an_asking(ASKED).question.fingerprint])).values()
        assert (stored.tags, stored.lifetime.ttl, stored.stored_at) == (("faq",), 10.0, core.clock.now())

    @pytest.mark.parametrize("wish", [{"no_store": True}, {"only_if_cached": True}])
    async def test_who_wants_nothing_remembered_or_no_model_asked_refreshes_nothing(
        self, wish: dict[str, bool]
    ) -> None:
        core = Core()
        await ask(core)
        core.clock.advance(110)

        assert await ask(core, **wish) == (Origin.STALE_HIT, Reason.STALE, "An answer.")
        assert (core.model.calls, core.flights.under_way) == (1, 0)

    async def test_who_takes_an_answer_beyond_its_grace_has_it_refreshed_for_the_next(self) -> None:
        core = Core(ScriptedModel(saying("Old."), saying("New.")))
        await ask(core)
        core.clock.advance(1_000)

        assert await ask(core, max_stale=2_000.0) == (Origin.STALE_HIT, Reason.REFRESHING, "Old.")
        await _until(lambda: core.model.calls == 2 and not core.flights.under_way)
        assert await ask(core) == (Origin.EXACT_HIT, Reason.SAME_QUESTION, "New.")

    async def test_a_refresh_that_fails_disturbs_nobody(self) -> None:
        core = Core(ScriptedModel(saying("Old."), (ModelTimedOut("slow"),)))
        await ask(core)
        core.clock.advance(110)

        await ask(core)
        await _until(lambda: core.model.calls == 2 and not core.flights.under_way)
        assert (await ask(core))[2] == "Old."
        assert any(isinstance(event, ModelCallFailed) for event in core.events.events)

    async def test_past_its_grace_it_is_asked_afresh(self) -> None:
        core = Core(ScriptedModel(saying("Old."), saying("New.")))
        await ask(core)
        core.clock.advance(130)

        assert await ask(core) == (Origin.GENERATED, Reason.EXPIRED, "New.")

    async def test_an_expired_answer_is_served_when_no_model_answers(self) -> None:
        core = Core(ScriptedModel(saying("Old."), (ModelTimedOut("slow"),)))
        await ask(core)
        core.clock.advance(130)

        assert await ask(core) == (Origin.STALE_HIT, Reason.MODEL_FAILED, "Old.")
        assert (await core.cache.measure()).accesses == 1

    async def test_a_dead_answer_is_served_to_nobody(self) -> None:
        core = Core(ScriptedModel(saying("Old."), (ModelTimedOut("slow"),)))
        await ask(core)
        core.clock.advance(151)

        with pytest.raises(ModelTimedOut):
            await ask(core)


class TestCoalescing:
    async def test_two_hundred_askers_cost_one_call(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, *saying("Once."))))

        askers = [asyncio.create_task(ask(core)) for _ in range(200)]
        await _until(lambda: core.model.calls == 1)
        gate.set()
        answers = await asyncio.gather(*askers)

        assert core.model.calls == 1
        assert {text for _, _, text in answers} == {"Once."}
        assert sum(origin is Origin.GENERATED for origin, _, _ in answers) == 1
        assert sum(origin is Origin.COALESCED for origin, _, _ in answers) == 199

    async def test_when_the_first_hangs_up_the_others_still_get_their_answer(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, *saying("Once."))))
        first, *others = [asyncio.create_task(ask(core)) for _ in range(10)]
        await _until(lambda: core.model.calls == 1)

        first.cancel()
        gate.set()

        assert {text for _, _, text in await asyncio.gather(*others)} == {"Once."}
        assert core.model.calls == 1

    async def test_when_all_hang_up_the_answer_is_remembered(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, *saying("Once."))))
        asker = asyncio.create_task(ask(core))
        await _until(lambda: core.model.calls == 1)
        asker.cancel()
        gate.set()
        await _until(lambda: not core.flights.under_way)

        assert await ask(core) == (Origin.EXACT_HIT, Reason.SAME_QUESTION, "Once.")

    async def test_when_the_model_fails_all_are_told_the_same_and_nothing_is_remembered(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, ModelTimedOut("slow"))))
        askers = [asyncio.create_task(ask(core)) for _ in range(10)]
        await _until(lambda: core.model.calls == 1)
        gate.set()

        errors = await asyncio.gather(*askers, return_exceptions=True)

        assert {(type(each), str(each)) for each in errors} == {(ModelTimedOut, "slow")}
        assert (await core.cache.measure()).entries == 0

    async def test_flights_that_are_closed_end(self) -> None:
        core = Core(ScriptedModel((asyncio.Event(), END)))
        asker = asyncio.create_task(ask(core))
        await _until(lambda: core.model.calls == 1)

        await core.flights.close()

        with pytest.raises(asyncio.CancelledError):
            await asker
        assert core.model.closed == 1


class TestPurgingMeanwhile:
    async def test_an_answer_under_way_while_its_tenant_purges_is_not_remembered(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, *saying("Before the purge.")), saying("After.")))
        asker = asyncio.create_task(ask(core))
        await _until(lambda: core.model.calls == 1)

        await core.purge(Selection("acme"))
        gate.set()

        assert (await asker)[2] == "Before the purge."
        assert await ask(core) == (Origin.GENERATED, Reason.NO_CANDIDATE, "After.")

    async def test_nobody_who_asks_after_a_purge_joins_a_flight_from_before(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, *saying("Before.")), saying("After.")))
        early = asyncio.create_task(ask(core))
        await _until(lambda: core.model.calls == 1)
        await core.purge(Selection("acme"))

        assert (await ask(core))[2] == "After."
        gate.set()
        await early
        assert (await ask(core))[2] == "After."

    async def test_a_question_whose_entry_is_purged_meanwhile_is_not_remembered(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, *saying("Before.")), saying("After.")))
        asker = asyncio.create_task(ask(core))
        await _until(lambda: core.model.calls == 1)

        await core.purge.entry("acme", an_asking(ASKED).question.fingerprint)
        gate.set()
        await asker

        assert await ask(core) == (Origin.GENERATED, Reason.NO_CANDIDATE, "After.")

    async def test_the_purge_of_another_entry_disturbs_nobody(self) -> None:
        gate = asyncio.Event()
        core = Core(ScriptedModel((gate, *saying("An answer."))))
        askers = [asyncio.create_task(ask(core))]
        await _until(lambda: core.model.calls == 1)

        await core.purge.entry("acme", an_asking(UNRELATED).question.fingerprint)
        askers.append(asyncio.create_task(ask(core)))
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(*askers)

        assert (await ask(core))[0] is Origin.EXACT_HIT
        assert core.model.calls == 1

    async def test_a_purge_between_two_writes_wins(self) -> None:
        core = Core()
        core.cache = PurgingWhileWriting(core)

        await ask(core)

        assert (await core.cache.measure()).entries == 0


class PurgingWhileWriting(MemoryAnswerCache):
    """Somebody purges just when an answer was selected for nothing, and is written."""

    def __init__(self, core: Core) -> None:
        super().__init__()
        self.core = core

    async def put(self, answers) -> None:  # noqa: ANN001
        await self.core.purge(Selection("acme"))
        await super().put(answers)


class TestFailingMemory:
    @pytest.mark.parametrize(
        ("part", "name"), [("cache", "answer_cache"), ("index", "vector_index"), ("embedder", "embedder")]
    )
    async def test_the_question_is_still_answered_and_the_part_is_named(self, part: str, name: str) -> None:
        core = Core(ScriptedModel(saying("First."), saying("Second.")))
        setattr(core, part, Broken())

        assert (await ask(core))[2] == "First."
        assert failed_parts(core) == {name}

    async def test_neighbours_that_cannot_be_read_are_blamed_on_the_cache(self) -> None:
        core = Core()
        await ask(core)
        core.cache = Broken()

        assert (await ask(core, REWORDED))[0] is Origin.GENERATED
        assert failed_parts(core) == {"answer_cache"}

    async def test_without_an_index_the_same_question_still_hits(self) -> None:
        core = Core()
        core.index = Broken()
        await ask(core)

        assert (await ask(core))[0] is Origin.EXACT_HIT

    async def test_without_a_cache_the_reason_says_so(self) -> None:
        core = Core(semantic=False)
        core.cache = Broken()

        assert (await ask(core))[:2] == (Origin.GENERATED, Reason.MEMORY_FAILED)

    async def test_a_vector_without_an_answer_is_removed_and_misses(self) -> None:
        core = Core()
        await ask(core)
        fingerprint = an_asking(ASKED).question.fingerprint
        await core.cache.remove([fingerprint])

        assert (await ask(core, REWORDED))[0] is Origin.GENERATED
        assert fingerprint not in await core.index.page(None, 10)

    async def test_a_vector_that_cannot_be_removed_keeps_nobody_waiting(self) -> None:
        core = Core(patience=0.01, index=StuckRemovals(), limit=1)
        await ask(core, UNRELATED)
        await core.cache.remove(await core.cache.page(None, 10))

        async with asyncio.timeout(5):
            assert (await ask(core))[0] is Origin.GENERATED
            await core.purge(Selection("acme"))
        assert failed_parts(core) == {"vector_index"}

    async def test_a_hit_that_cannot_be_counted_is_a_hit(self) -> None:
        core = Core()
        await ask(core)
        core.cache = Uncountable(core.cache)

        assert (await ask(core))[0] is Origin.EXACT_HIT
        assert (await ask(core, REWORDED))[0] is Origin.SEMANTIC_HIT
        assert any(isinstance(event, PartFailed) for event in core.events.events)

    async def test_an_index_that_hangs_is_one_that_fails(self) -> None:
        core = Core(patience=0.01)
        core.index = Hanging()

        assert (await ask(core))[0] is Origin.GENERATED

    async def test_a_cancelled_question_ends(self) -> None:
        core = Core()
        core.cache = Broken(asyncio.CancelledError())

        with pytest.raises(asyncio.CancelledError):
            await ask(core)


def failed_parts(core: Core) -> set[str]:
    return {event.part for event in core.events.events if isinstance(event, PartFailed)}


class StuckRemovals(MemoryVectorIndex):
    """An index that finds and files, and is never done with a removal."""

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        await asyncio.Event().wait()


class Broken:
    """Whatever is asked of it fails; `version` and `dimensions` too."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error or RuntimeError("the driver broke")

    def __getattr__(self, name: str):  # noqa: ANN204
        async def fail(*_: object) -> None:
            raise self.error

        return fail


class Uncountable:
    """A cache that reads, and cannot count a hit."""

    def __init__(self, cache: MemoryAnswerCache) -> None:
        self.get = cache.get

    async def touch(self, *_: object) -> None:
        raise OSError("no room for the count")


class Hanging:
    """Whatever is asked of it takes for ever."""

    def __getattr__(self, name: str):  # noqa: ANN204
        async def hang(*_: object) -> None:
            await asyncio.Event().wait()

        return hang


class CuttingEmbedder(HashingEmbedder):
    """Reads 256 tokens of 300."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        return [evolve(each, tokens=300, truncated=True) for each in await super().embed(texts)]


class TestFacts:
    async def test_an_answer_is_reported_with_its_stages(self) -> None:
        core = Core()
        await ask(core)
        await ask(core)

        served = [event for event in core.events.events if isinstance(event, AnswerServed)]
        assert [event.origin for event in served] == [Origin.GENERATED, Origin.EXACT_HIT]
        assert list(served[0].stages) == ["exact", "embed", "search", "judge", "model", "remember"]
        assert list(served[1].stages) == ["exact"]

    async def test_a_question_longer_than_the_embedder_reads_is_reported(self) -> None:
        core = Core()
        core.embedder = CuttingEmbedder()
        await ask(core)

        assert TextTruncated(300) in core.events.events

    async def test_a_failure_is_reported(self) -> None:
        core = Core(ScriptedModel((ModelTimedOut("slow"),)))
        with pytest.raises(ModelTimedOut):
            await ask(core)

        assert any(isinstance(event, QuestionFailed) for event in core.events.events)


async def _until(condition) -> None:  # noqa: ANN001
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen")

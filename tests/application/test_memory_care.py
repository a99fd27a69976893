"""Forgetting, purging, evicting and healing."""

from collections.abc import Sequence

import pytest
from attrs import evolve

from adapters.answer_cache.memory import MemoryAnswerCache
from application.heal_memory import HealMemory
from application.inspect_answers import InspectAnswers
from domain.answers import Origin
from domain.catalogue import Holdings, Selection
from domain.entries import Entry
from domain.errors import Absent
from domain.events import AnswersRemoved
from domain.generation import Chunk, FinishReason
from domain.prompts import Message, Role
from domain.questions import Fingerprint
from domain.similarity import Point
from domain.wires import Wire
from tests.builders import a_fingerprint, a_question, a_stored_answer, an_asking
from tests.core import Core
from tests.doubles import ScriptedModel


async def remember(core: Core, *numbers: int, **fields: object) -> None:
    for number in numbers:
        stored = a_stored_answer(number, question=f"question {number}", **fields)
        (embedding,) = await core.embedder.embed([stored.question])
        await core.cache.put([stored])
        await core.index.upsert([Point(stored.fingerprint, stored.partition, embedding)])


async def remembered(core: Core) -> tuple[list[int], list[int]]:
    """Numbers of the entries that have an answer, and of those that have a vector."""
    pages = (await core.cache.page(None, 1000), await core.index.page(None, 1000))
    answers, vectors = ([int(name, 16) for name in page] for page in pages)
    return answers, vectors


class TestPurging:
    async def test_a_dry_run_counts_and_removes_nothing(self) -> None:
        core = Core()
        await remember(core, 1, 2)

        assert await core.purge.count(Selection("acme")) == 2
        assert await remembered(core) == ([1, 2], [1, 2])

    async def test_what_matches_is_removed_from_both_memories(self) -> None:
        core = Core()
        await remember(core, 1, 2, tags=("billing",))
        await remember(core, 3)

        assert await core.purge(Selection("acme", tag="billing")) == 2
        assert await remembered(core) == ([3], [3])
        assert core.events.events == [AnswersRemoved("purged", 2)]

    async def test_nothing_to_purge_is_no_event(self) -> None:
        core = Core()

        assert await core.purge(Selection("acme")) == 0
        assert core.events.events == []

    async def test_one_entry(self) -> None:
        core = Core()
        await remember(core, 1, 2)

        await core.purge.entry("acme", a_fingerprint(1))

        assert await remembered(core) == ([2], [2])

    async def test_very_many_go_in_slices_so_that_others_can_write_meanwhile(self) -> None:
        core = Core(cache=CountingRemovals())
        await remember(core, *range(600))

        assert await core.purge(Selection("acme")) == 600
        assert core.cache.removals == [256, 256, 88]
        assert await remembered(core) == ([], [])


class CountingRemovals(MemoryAnswerCache):
    """Keeps the sizes of what it was told to remove."""

    def __init__(self) -> None:
        super().__init__()
        self.removals: list[int] = []

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        self.removals.append(len(fingerprints))
        await super().remove(fingerprints)


class TestEviction:
    async def test_within_the_limit_nothing_goes(self) -> None:
        core = Core(limit=100_000)
        await remember(core, 1, 2)

        await core.evict.make_room()

        assert await remembered(core) == ([1, 2], [1, 2])

    async def test_what_was_idle_longest_goes_first_from_both_memories(self) -> None:
        core = Core(limit=2_500)
        await remember(core, 1, 2, 3)
        await core.cache.touch(a_fingerprint(1), 1_000_050.0)

        await core.evict.make_room()

        assert await remembered(core) == ([1, 3], [1, 3])

    async def test_the_dead_go_without_need(self) -> None:
        core = Core()
        await remember(core, 1)
        await remember(core, 2, stored_at=1_000_100.0)
        core.clock.advance(151)

        await core.evict.sweep()

        assert await remembered(core) == ([2], [2])


class TestHealing:
    async def test_answers_without_vectors_are_filed_and_vectors_without_answers_removed(self) -> None:
        core = Core()
        await remember(core, 1, 2, 3)
        await core.index.remove([a_fingerprint(1)])
        await core.cache.remove([a_fingerprint(3)])

        healed = await HealMemory(core.cache, core.cache, core.index, core.filing, core.forget)()

        assert healed == 1
        assert await remembered(core) == ([1, 2], [1, 2])

    async def test_a_sound_memory_is_left_alone(self) -> None:
        core = Core()
        await remember(core, 1, 2)

        assert await HealMemory(core.cache, core.cache, core.index, core.filing, core.forget)() == 0
        assert core.events.events == []


class TestInspection:
    async def test_a_tenant_sees_its_own_entry(self) -> None:
        core = Core()
        await remember(core, 1)

        assert (await InspectAnswers(core.cache, core.cache).entry("acme", a_fingerprint(1))).question == "question 1"

    @pytest.mark.parametrize(("tenant", "number"), [("acme", 2), ("other", 1)])
    async def test_what_is_unknown_and_what_is_another_tenants_look_the_same(self, tenant: str, number: int) -> None:
        core = Core()
        await remember(core, 1)

        with pytest.raises(Absent, match="no entry of that id is remembered"):
            await InspectAnswers(core.cache, core.cache).entry(tenant, a_fingerprint(number))

    async def test_holdings_are_the_tenants_own(self) -> None:
        core = Core()
        await remember(core, 1)

        inspect = InspectAnswers(core.cache, core.cache)

        assert (await inspect.holdings("acme")).entries == 1
        assert await inspect.holdings("other") == Holdings()


class TestLiteralQuestions:
    ASKED = a_question("", history=(Message(Role.USER, "question 1"),), literal=True)

    async def test_are_remembered_to_the_letter_and_have_no_meaning(self) -> None:
        core = Core()
        await core.answer(an_asking(question=self.ASKED))
        again = await core.answer(an_asking(question=self.ASKED))

        assert again.origin is Origin.EXACT_HIT
        assert again.source is not None
        assert again.source.literal
        assert await core.index.page(None, 10) == []

    @pytest.mark.parametrize("literal", [True, False])
    async def test_alone_may_be_answered_by_calls_of_tools(self, literal: bool) -> None:
        called = Chunk(finish_reason=FinishReason.TOOL_CALLS, extras=Wire("openai", {"choices": []}))
        core = Core(ScriptedModel([called]))
        asked = evolve(self.ASKED, text="question 1", literal=literal)
        await core.answer(an_asking(question=asked))

        assert (await core.answer(an_asking(question=asked))).origin is (
            Origin.EXACT_HIT if literal else Origin.GENERATED
        )

    async def test_are_left_alone_where_meanings_are_filed(self) -> None:
        core = Core()
        await core.cache.put([a_stored_answer(1, literal=True), a_stored_answer(2)])
        healed = await HealMemory(core.cache, core.cache, core.index, core.filing, core.forget)()

        assert healed == 1
        assert await remembered(core) == ([1, 2], [2])
        assert await core.filing([Entry(a_stored_answer(3, literal=True))]) == 0

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from application.judge_hits import JudgeOneByOne
from domain.answers import Answer, AnswerInterrupted, Asking, Origin, Reason
from domain.calibration import Traffic
from domain.candidates import Candidate
from domain.catalogue import Selection
from domain.clock import Stopwatch
from domain.errors import NotRemembered
from domain.events import AnswerServed, PartFailed, QuestionFailed, TextTruncated
from domain.generation import ModelTimedOut
from domain.similarity import Embedding
from tests.builders import a_question, an_asking
from tests.core import Core
from tests.doubles import (
    RecordingAnswerCache,
    RecordingEmbedder,
    RecordingVectorIndex,
    saying,
)

TOPICS = (
    "apples",
    "taxes",
    "volcanoes",
    "chess",
    "whales",
    "bridges",
    "opera",
    "glass",
    "vikings",
    "comets",
    "cheese",
    "hats",
)
QUESTIONS = [f"What is new about {topic}?" for topic in TOPICS]
REWORDED = [f"what is NEW about {topic} ?!" for topic in TOPICS]


def asked(core: Core, text: str, **directives: Any) -> Asking:
    return evolve(an_asking(text, **directives), stopwatch=Stopwatch(core.clock))


async def ask(core: Core, *texts: str, **directives: Any) -> Sequence[Answer | Exception]:
    return await core.answer_many([asked(core, text, **directives) for text in texts])


def told(outcomes: Sequence[Answer | Exception]) -> list[Any]:
    return [(each.origin, each.completion.text) if isinstance(each, Answer) else type(each) for each in outcomes]


def origins(outcomes: Sequence[Answer | Exception]) -> list[Origin]:
    return [each.origin for each in outcomes if isinstance(each, Answer)]


async def until(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen")


@pytest.fixture
def parts() -> tuple[RecordingAnswerCache, RecordingEmbedder, RecordingVectorIndex]:
    return RecordingAnswerCache(), RecordingEmbedder(), RecordingVectorIndex()


@pytest.fixture
def core(parts: tuple[RecordingAnswerCache, RecordingEmbedder, RecordingVectorIndex]) -> Core:
    cache, embedder, index = parts
    return Core(cache=cache, embedder=embedder, index=index, learns=False)


def start_counting(core: Core) -> None:
    for part in (core.cache, core.embedder, core.index):
        part.asked.clear()


def calls(core: Core) -> tuple[list[int], list[int], list[int]]:
    """Tell for how many each call of each part was made."""
    cache, embedder, index = ([len(each) for each in part.asked] for part in (core.cache, core.embedder, core.index))
    return cache, embedder, index


class TestOneCallForAll:
    async def test_256_exact_hits_are_one_call_of_the_cache(self, core: Core) -> None:
        texts = [f"{number}: {text}" for number in range(22) for text in QUESTIONS][:256]
        await ask(core, *texts)
        start_counting(core)

        outcomes = await ask(core, *texts)

        assert set(origins(outcomes)) == {Origin.EXACT_HIT}
        assert [each.source.question for each in outcomes if isinstance(each, Answer) and each.source] == texts
        assert calls(core) == ([256], [], [])

    async def test_semantic_hits_are_one_call_of_embedder_and_index_and_two_of_the_cache(self, core: Core) -> None:
        await ask(core, *QUESTIONS)
        start_counting(core)

        outcomes = await ask(core, *REWORDED)

        assert set(origins(outcomes)) == {Origin.SEMANTIC_HIT}
        assert [each.source.question for each in outcomes if isinstance(each, Answer) and each.source] == QUESTIONS
        assert calls(core) == ([len(QUESTIONS)] * 2, [len(QUESTIONS)], [len(QUESTIONS)])

    async def test_what_is_asked_twice_is_looked_up_once(self, core: Core) -> None:
        outcomes = await ask(core, *QUESTIONS[:2] * 4)

        assert origins(outcomes) == [Origin.GENERATED] * 2 + [Origin.COALESCED] * 6
        assert calls(core) == ([2], [2], [8])

    async def test_each_question_gets_what_is_its_own(self, core: Core) -> None:
        core.model.turns = (saying("First."), saying("Second."), saying("Third."))
        await ask(core, QUESTIONS[0], QUESTIONS[1])

        new, other_words, the_same, no_memory = await core.answer_many(
            [
                asked(core, QUESTIONS[2]),
                asked(core, REWORDED[1]),
                asked(core, QUESTIONS[0]),
                asked(core, QUESTIONS[0], use_cache=False),
            ]
        )

        assert told([new, other_words, the_same]) == [
            (Origin.GENERATED, "Third."), (Origin.SEMANTIC_HIT, "Second."), (Origin.EXACT_HIT, "First."),
        ]  # fmt: skip
        assert origins([no_memory]) == [Origin.PASSED]

    async def test_answers_that_come_are_remembered_for_all(self, core: Core) -> None:
        await ask(core, *QUESTIONS)

        assert (await core.cache.measure()).entries == len(QUESTIONS)
        assert (await core.answer(asked(core, QUESTIONS[3]))).origin is Origin.EXACT_HIT
        assert (await core.answer(asked(core, REWORDED[4]))).origin is Origin.SEMANTIC_HIT

    async def test_without_meanings_the_cache_is_asked_and_nobody_else(self, core: Core) -> None:
        core.semantic = False

        assert set(origins(await ask(core, *QUESTIONS))) == {Origin.GENERATED}
        assert core.cache.asked[0] == tuple(a_question(each).fingerprint for each in QUESTIONS)
        assert calls(core)[1:] == ([], [])

    async def test_nothing_is_asked_for_nothing(self, core: Core) -> None:
        assert list(await ask(core)) == []
        assert calls(core) == ([], [], [])


class TestTroubleOfOne:
    async def test_a_model_that_fails_one_fails_no_other(self, core: Core) -> None:
        core.model.turns = (saying("First."), (ModelTimedOut("slow"),), saying("Third."))

        assert told(await ask(core, *QUESTIONS[:3])) == [
            (Origin.GENERATED, "First."), ModelTimedOut, (Origin.GENERATED, "Third."),
        ]  # fmt: skip

    async def test_a_surprise_is_one_questions_own(self, core: Core) -> None:
        core.model.turns = ((ZeroDivisionError(),), saying("Second."))

        assert told(await ask(core, *QUESTIONS[:2])) == [ZeroDivisionError, (Origin.GENERATED, "Second.")]

    async def test_what_memory_alone_cannot_answer_is_said_of_each(self, core: Core) -> None:
        await ask(core, QUESTIONS[0])

        outcomes = await ask(core, *QUESTIONS[:2], only_if_cached=True)

        assert told(outcomes) == [(Origin.EXACT_HIT, "An answer."), NotRemembered]
        assert core.model.calls == 1

    async def test_an_old_answer_is_better_than_none(self, core: Core) -> None:
        core.model.turns = (saying("Old."), (ModelTimedOut("slow"),))
        await ask(core, QUESTIONS[0])
        core.clock.advance(130)

        assert told(await ask(core, *QUESTIONS[:2])) == [(Origin.STALE_HIT, "Old."), ModelTimedOut]

    async def test_those_whose_flight_is_ended_are_told_so(self, core: Core) -> None:
        await ask(core, QUESTIONS[0])
        core.model.turns = ((asyncio.Event(),),)
        batch = asyncio.create_task(ask(core, *QUESTIONS[:3]))
        await until(lambda: core.model.calls == 3)

        await core.flights.close()

        assert told(await batch) == [(Origin.EXACT_HIT, "An answer."), AnswerInterrupted, AnswerInterrupted]

    async def test_when_the_asker_leaves_what_is_under_way_is_remembered(self, core: Core) -> None:
        core.at_once, gate = 2, asyncio.Event()
        core.model.turns = ((gate, *saying("Late.")),)
        batch = asyncio.create_task(ask(core, *QUESTIONS[:5]))
        await until(lambda: core.model.calls == 2)

        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch
        gate.set()
        await until(lambda: not core.flights.under_way)

        assert core.model.calls == 2
        assert told(await ask(core, *QUESTIONS[:3], only_if_cached=True)) == [
            *[(Origin.EXACT_HIT, "Late.")] * 2, NotRemembered,
        ]  # fmt: skip


class TestFailingMemory:
    @pytest.mark.parametrize(
        ("part", "name"), [("cache", "answer_cache"), ("index", "vector_index"), ("embedder", "embedder")]
    )
    async def test_a_part_that_fails_fails_no_question_and_is_told_of_once(
        self, core: Core, part: str, name: str
    ) -> None:
        core.learns = True
        setattr(core, part, Broken())

        outcomes = await ask(core, *QUESTIONS)

        assert set(origins(outcomes)) == {Origin.GENERATED}
        # Remembering is each answer's own affair.
        failed = [each.part for each in core.events.events if isinstance(each, PartFailed)]
        assert failed == [name] * (1 + len(QUESTIONS))

    async def test_a_read_that_fails_is_one_failure(self, core: Core) -> None:
        core.cache.trouble = OSError("the disk is gone")

        outcomes = await ask(core, *QUESTIONS)

        assert {each.reason for each in outcomes if isinstance(each, Answer)} == {Reason.MEMORY_FAILED}
        assert [each for each in core.events.events if isinstance(each, PartFailed)] == [
            PartFailed("answer_cache", core.cache.trouble)
        ]

    async def test_an_index_that_hangs_keeps_nobody_waiting(self, core: Core) -> None:
        core.patience, core.index.stuck = 0.01, True

        outcomes = await ask(core, *QUESTIONS)

        assert set(origins(outcomes)) == {Origin.GENERATED}
        assert core.index.given_up == 1
        assert [each.part for each in core.events.events if isinstance(each, PartFailed)] == ["vector_index"]

    async def test_two_ways_to_fail_are_two_failures(self, core: Core) -> None:
        core.embedder.trouble = ValueError("no such token")
        core.cache.trouble = OSError("the disk is gone")

        await ask(core, *QUESTIONS)

        assert [each.part for each in core.events.events if isinstance(each, PartFailed)] == [
            "answer_cache", "embedder",
            # Remembering is each answer's own affair.
            *["embedder"] * len(QUESTIONS),
        ]  # fmt: skip


class Broken:
    """Whatever is asked of it fails."""

    def __getattr__(self, name: str):  # noqa: ANN204
        async def fail(*_: object) -> None:
            raise RuntimeError("the driver broke")

        return fail


class TestTurns:
    async def test_only_so_many_are_put_to_models_at_once(self, core: Core) -> None:
        core.at_once, gate = 3, asyncio.Event()
        core.model.turns = ((gate, *saying("Late.")),)
        batch = asyncio.create_task(ask(core, *QUESTIONS))
        await until(lambda: core.model.calls == 3)
        await asyncio.sleep(0.01)
        assert core.model.calls == 3

        gate.set()

        assert told(await batch) == [(Origin.GENERATED, "Late.")] * len(QUESTIONS)
        said = [each.messages[-1].content for each in core.model.prompts]
        assert said == QUESTIONS

    async def test_hits_wait_for_no_turn(self, core: Core) -> None:
        core.at_once = 1
        await ask(core, QUESTIONS[0])
        core.model.turns = ((asyncio.Event(),),)
        batch = asyncio.create_task(ask(core, *QUESTIONS))
        await until(lambda: len(served(core)) == 2)

        assert [each.origin for each in served(core)] == [Origin.GENERATED, Origin.EXACT_HIT]
        await core.flights.close()
        await core.errands.close()
        batch.cancel()
        await asyncio.gather(batch, return_exceptions=True)

    async def test_equal_questions_cost_one_call_however_few_turns_there_are(self, core: Core) -> None:
        core.at_once = 1

        outcomes = await ask(core, *[QUESTIONS[0], *[QUESTIONS[1]] * 5, QUESTIONS[0]])

        assert core.model.calls == 2
        assert sorted(origins(outcomes)) == [Origin.COALESCED] * 5 + [Origin.GENERATED] * 2

    async def test_those_who_leave_no_trace_share_neither_call_nor_turn(self, core: Core) -> None:
        core.at_once, gate = 2, asyncio.Event()
        core.model.turns = ((gate, *saying("Late.")),)
        batch = asyncio.create_task(ask(core, *[QUESTIONS[0]] * 5, use_cache=False))
        await until(lambda: core.model.calls == 2)
        await asyncio.sleep(0.01)
        assert core.model.calls == 2

        gate.set()

        assert told(await batch) == [(Origin.PASSED, "Late.")] * 5
        assert core.model.calls == 5

    async def test_an_equal_question_asked_alone_meanwhile_costs_no_second_call(self, core: Core) -> None:
        core.at_once, gate = 1, asyncio.Event()
        core.model.turns = ((gate, *saying("Slow.")), saying("Alone."))
        batch = asyncio.create_task(ask(core, *QUESTIONS[:2]))
        await until(lambda: core.model.calls == 1)

        alone = await core.answer(asked(core, QUESTIONS[1]))
        gate.set()

        assert told([alone]) == [(Origin.GENERATED, "Alone.")]
        assert told(await batch) == [(Origin.GENERATED, "Slow."), (Origin.EXACT_HIT, "Alone.")]
        assert core.model.calls == 2

    async def test_who_asks_the_same_alone_shares_the_flight_of_a_batch(self, core: Core) -> None:
        gate = asyncio.Event()
        core.model.turns = ((gate, *saying("Once.")),)
        batch = asyncio.create_task(ask(core, QUESTIONS[0]))
        await until(lambda: core.model.calls == 1)
        alone = asyncio.create_task(core.answer(asked(core, QUESTIONS[0])))
        await asyncio.sleep(0.01)
        gate.set()

        assert told([*await batch, await alone]) == [(Origin.GENERATED, "Once."), (Origin.COALESCED, "Once.")]

    async def test_a_purge_while_one_waits_lets_the_answer_that_comes_later_be_remembered(self, core: Core) -> None:
        core.at_once, gate = 1, asyncio.Event()
        core.model.turns = ((gate, *saying("Before.")), saying("After."))
        batch = asyncio.create_task(ask(core, *QUESTIONS[:2]))
        await until(lambda: core.model.calls == 1)

        await core.purge(Selection("acme"))
        gate.set()
        await batch

        outcomes = await ask(core, *QUESTIONS[:2], only_if_cached=True)
        assert told(outcomes) == [NotRemembered, (Origin.EXACT_HIT, "After.")]

    async def test_what_was_purged_while_one_waited_is_not_served_when_the_model_fails(self, core: Core) -> None:
        core.model.turns = (saying("Old."),)
        await ask(core, QUESTIONS[1])
        core.clock.advance(130)
        core.at_once, gate = 1, asyncio.Event()
        core.model.turns = (saying("Old."), (gate, *saying("Before.")), (ModelTimedOut("slow"),))
        batch = asyncio.create_task(ask(core, *QUESTIONS[:2]))
        await until(lambda: core.model.calls == 2)

        await core.purge(Selection("acme"))
        gate.set()

        assert told(await batch) == [(Origin.GENERATED, "Before."), ModelTimedOut]

    async def test_who_wants_a_fresh_answer_gets_one_after_waiting_too(self, core: Core) -> None:
        core.at_once = 1
        core.model.turns = (saying("Old."), saying("New."))
        await ask(core, *QUESTIONS[:2])

        outcomes = await ask(core, *QUESTIONS[:2], no_cache=True)

        assert told(outcomes) == [(Origin.GENERATED, "New.")] * 2
        assert told(await ask(core, QUESTIONS[1])) == [(Origin.EXACT_HIT, "New.")]

    async def test_expired_answers_are_served_at_once_and_refreshed_in_turn(self, core: Core) -> None:
        await ask(core, *QUESTIONS)
        core.clock.advance(110)
        core.at_once, gate = 2, asyncio.Event()
        core.model.prompts.clear()
        core.model.turns = ((gate, *saying("New.")),)

        outcomes = await ask(core, *QUESTIONS)
        await until(lambda: core.model.calls == 2)
        await asyncio.sleep(0.01)

        assert told(outcomes) == [(Origin.STALE_HIT, "An answer.")] * len(QUESTIONS)
        assert core.model.calls == 2
        gate.set()
        await until(lambda: not (core.errands.under_way or core.flights.under_way))
        assert told(await ask(core, *QUESTIONS)) == [(Origin.EXACT_HIT, "New.")] * len(QUESTIONS)
        assert core.model.calls == len(QUESTIONS)

    async def test_a_refresh_that_waits_for_its_turn_holds_up_nobody_who_asks_the_same(self, core: Core) -> None:
        await ask(core, *QUESTIONS[:2])
        core.clock.advance(110)
        core.at_once = 1
        core.model.prompts.clear()
        core.model.turns = ((asyncio.Event(),), saying("Fresh."))
        await ask(core, *QUESTIONS[:2])
        await until(lambda: core.model.calls == 1)

        async with asyncio.timeout(5):
            alone = await core.answer(asked(core, QUESTIONS[1], no_cache=True))

        assert told([alone]) == [(Origin.GENERATED, "Fresh.")]
        await core.errands.close()
        await core.flights.close()


class TestTenants:
    async def test_no_hit_and_no_flight_crosses_tenants(self, core: Core) -> None:
        core.model.turns = (saying("First."), saying("Second."))
        acme, globex = (
            evolve(asked(core, QUESTIONS[0]), question=a_question(QUESTIONS[0], tenant=tenant))
            for tenant in ("acme", "globex")
        )

        first = await core.answer_many([acme, globex])
        again = await core.answer_many([globex, acme])

        assert told(first) == [(Origin.GENERATED, "First."), (Origin.GENERATED, "Second.")]
        assert told(again) == [(Origin.EXACT_HIT, "Second."), (Origin.EXACT_HIT, "First.")]


class TestFacts:
    async def test_every_answer_and_every_failure_is_reported(self, core: Core) -> None:
        core.model.turns = (saying("First."), (ModelTimedOut("slow"),))
        await ask(core, *QUESTIONS[:2])

        facts = [type(each) for each in core.events.events if isinstance(each, AnswerServed | QuestionFailed)]
        assert sorted(facts, key=str) == [AnswerServed, QuestionFailed]

    async def test_a_text_that_the_embedder_cuts_is_reported_each_time(self, core: Core) -> None:
        core.embedder = Cutting()
        await ask(core, *QUESTIONS[:2])

        assert [each for each in core.events.events if isinstance(each, TextTruncated)] == [TextTruncated(300)] * 2

    async def test_every_request_counts_once_towards_the_budget(self, core: Core) -> None:
        core.at_once = 1
        await ask(core, *QUESTIONS)
        await ask(core, *QUESTIONS)

        (report,) = await core.report("acme", "")
        assert (report.tally.requests, report.tally.exact_hits) == (2 * len(QUESTIONS), len(QUESTIONS))

    async def test_each_answer_has_its_own_stages_and_its_own_time(self, core: Core) -> None:
        await ask(core, QUESTIONS[0])
        core.at_once, gates = 1, [asyncio.Event(), asyncio.Event()]
        core.model.prompts.clear()
        core.model.turns = tuple((gate, *saying("Slow.")) for gate in gates)
        askings = [asked(core, text) for text in QUESTIONS[:3]]

        batch = asyncio.create_task(core.answer_many(askings))
        for calls, (gate, seconds) in enumerate(zip(gates, (3.0, 4.0), strict=True), 1):
            await until(lambda calls=calls: core.model.calls == calls)
            await asyncio.sleep(0.01)
            core.clock.advance(seconds)
            gate.set()
        await batch

        hit, first, second = (each.stopwatch for each in askings)
        assert list(hit.laps) == ["exact"]
        assert list(first.laps) == ["exact", "embed", "search", "judge", "model", "remember"]
        assert list(second.laps) == ["exact", "embed", "search", "judge", "wait", "model", "remember"]
        assert (first.laps["model"], second.laps["wait"], second.laps["model"]) == (3.0, 3.0, 4.0)
        assert [each.elapsed() for each in (hit, first, second)] == [0.0, 3.0, 7.0]


class Cutting(RecordingEmbedder):
    """Reads 256 tokens of 300."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        return [evolve(each, tokens=300, truncated=True) for each in await super().embed(texts)]


async def test_judging_one_by_one_weighs_as_ever(core: Core) -> None:
    candidates = [Candidate(REWORDED[0], 0.97)]
    verdicts = [
        await judge.weigh(Traffic("acme"), QUESTIONS[0], candidates)
        for judge in (core.judge, JudgeOneByOne(core.judge))
    ]
    assert verdicts[0] == verdicts[1]


def served(core: Core) -> list[AnswerServed]:
    return [each for each in core.events.events if isinstance(each, AnswerServed)]

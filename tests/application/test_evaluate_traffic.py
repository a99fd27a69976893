"""Recorded requests, asked again of memories that are empty at first."""

from collections.abc import Sequence

import pytest
from attrs import define, field

from adapters.embedder.hashing import HashingEmbedder
from application.answer_question import AnswerQuestion
from application.evaluate_traffic import EvaluateTraffic, Trial
from application.rehearse_requests import TENANT, UNKNOWN, Afterwards, FailingAloud, JudgedOnce, KnownEmbeddings, Parts
from domain.agreement import AnswerJudge, AnswerJudgeUnavailable
from domain.answers import Reason
from domain.budgets import ErrorBudget
from domain.calibration import Calibration, Traffic
from domain.candidates import Candidate
from domain.events import AnswersRemoved
from domain.recordings import Recorded, Recording
from domain.similarity import Embedding
from domain.tokens import TokenUsage
from domain.verdicts import HitPolicy, ThresholdPolicy, Verdict, VerifiedPolicy
from tests.core import Core
from tests.doubles import EveryHit, LiteralJudge, StoppedClock

TRAFFIC = Traffic(TENANT)
PAY, PAY_TOO, PAY_AGAIN = "How do I pay my bill?", "How can I pay my bill?", "How do I pay my bills?"
BREAD = "Who bakes the bread of this town?"


def asked(text: str, answer: str | None = None, tokens: int | None = None) -> Recorded:
    return Recorded(text, answer, "scripted", "scripted-1", None if tokens is None else TokenUsage(tokens))


@define
class Progress:
    steps: list[tuple[str, float]] = field(factory=list)

    def __call__(self, step: str, done: float) -> None:
        self.steps.append((step, done))


@define
class CountingEmbedder(HashingEmbedder):
    asked: list[str] = field(factory=list)

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        self.asked.extend(texts)
        return await super().embed(texts)


@define
class CountingJudge(LiteralJudge):
    calls: int = 0

    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        self.calls += 1
        return await super().agree(question, one, other)


@define
class Evaluation:
    """An evaluation over parts in memory; *cores* are the services that rehearsed, in the order of their trials."""

    embedder: HashingEmbedder = field(factory=HashingEmbedder)
    judge: AnswerJudge = field(factory=LiteralJudge)
    policy: HitPolicy = field(factory=VerifiedPolicy)
    checks: bool = False
    progress: Progress = field(factory=Progress)
    cores: list[Core] = field(factory=list)

    def assemble(self, parts: Parts) -> AnswerQuestion:
        core = Core(
            model=parts.model,  # type: ignore[arg-type] # another double of the same port
            embedder=parts.embedder,
            events=parts.events,  # type: ignore[arg-type] # as above
            policy=parts.policy,
            answer_judge=parts.answer_judge,  # type: ignore[arg-type] # as above
            sampler=EveryHit(self.checks),
            aside=parts.aside,
        )
        self.cores.append(core)
        return core.answer

    async def of(self, *requests: Recorded, labelled: bool = False) -> dict[str, Trial]:
        evaluate = EvaluateTraffic(self.embedder, self.judge, self.policy, ErrorBudget(), self.assemble, StoppedClock())
        trials = await evaluate(Recording(requests, labelled), self.progress)
        return {each.name: each for each in trials}


class TestPolicies:
    async def test_the_configured_budget_is_tried_among_others_and_beside_thresholds(self) -> None:
        trials = await Evaluation().of(asked(PAY, "1"))

        names = ["budget 0.25 %", "budget 0.5 %", "budget 1 %", "budget 2 %", "budget 5 %"]
        assert list(trials) == [*names, "cosine 0.85", "cosine 0.95"]
        assert [name for name, each in trials.items() if each.chosen] == ["budget 1 %"]

    async def test_another_threshold_is_tried_too_if_it_is_configured(self) -> None:
        trials = await Evaluation(policy=ThresholdPolicy(0.9)).of(asked(PAY, "1"))

        assert [name for name, each in trials.items() if each.chosen] == ["cosine 0.9"]
        assert len(trials) == 8

    async def test_a_policy_of_another_kind_is_named_by_its_being_configured(self) -> None:
        trials = await Evaluation(policy=Refusing()).of(asked(PAY, "1"), asked(PAY_TOO, "1"))

        assert trials["configured"].outcome.hits == 0

    async def test_no_memory_knows_what_another_has_learnt(self) -> None:
        trials = await Evaluation().of(asked(PAY, "1"), asked(PAY, "1"))

        assert {each.outcome.calls for each in trials.values()} == {1}


class TestLabels:
    async def test_a_hit_on_a_question_with_another_label_is_wrong(self) -> None:
        requests = asked(PAY, "1"), asked(PAY_TOO, "2")
        outcome = (await Evaluation(policy=ThresholdPolicy(0.3)).of(*requests, labelled=True))["cosine 0.3"].outcome

        assert (outcome.semantic_hits, outcome.wrong, outcome.undecided) == (1, 1, 0)

    async def test_a_hit_on_one_with_the_same_label_is_right(self) -> None:
        requests = asked(PAY, "1"), asked(PAY_TOO, "1")
        outcome = (await Evaluation(policy=ThresholdPolicy(0.3)).of(*requests, labelled=True))["cosine 0.3"].outcome

        assert (outcome.semantic_hits, outcome.wrong) == (1, 0)

    async def test_the_same_question_with_another_label_is_a_wrong_exact_hit(self) -> None:
        trials = await Evaluation().of(asked(PAY, "1"), asked(PAY, "2"), labelled=True)

        outcome = trials["budget 1 %"].outcome
        assert (outcome.exact_hits, outcome.wrong) == (1, 1)

    async def test_what_misses_teach_is_learnt_before_the_next_request(self) -> None:
        evaluation = Evaluation()
        await evaluation.of(asked(PAY, "1"), asked(BREAD, "2"), asked(PAY_AGAIN, "1"), labelled=True)

        tally = (await evaluation.cores[0].calibrations.of(TRAFFIC)).tally
        assert (tally.requests, tally.misses_agreed + tally.misses_differed + tally.semantic_hits) == (3, 2)


class TestResponses:
    REQUESTS = asked(PAY, "By card."), asked(PAY_TOO, "In cash.")

    async def outcome(self, judge: AnswerJudge, *requests: Recorded) -> Trial:
        return (await Evaluation(judge=judge, policy=ThresholdPolicy(0.3)).of(*requests))["cosine 0.3"]

    async def test_whether_two_agree_is_what_the_judge_says(self) -> None:
        outcome = (await self.outcome(LiteralJudge(), *self.REQUESTS)).outcome

        assert (outcome.semantic_hits, outcome.wrong, outcome.undecided) == (1, 1, 0)

    async def test_what_the_judge_doubts_is_undecided(self) -> None:
        outcome = (await self.outcome(LiteralJudge(doubtful={"In cash."}), *self.REQUESTS)).outcome

        assert (outcome.semantic_hits, outcome.wrong, outcome.undecided) == (1, 0, 1)

    async def test_a_judge_that_fails_leaves_it_undecided(self) -> None:
        judge = LiteralJudge(trouble=AnswerJudgeUnavailable("no model"))
        outcome = (await self.outcome(judge, *self.REQUESTS)).outcome

        assert (outcome.wrong, outcome.undecided) == (0, 1)

    @pytest.mark.parametrize("answers", [(None, "By card."), ("By card.", None), (None, None), ("By card.", " ")])
    async def test_where_either_response_is_missing_it_is_undecided(self, answers: tuple[str | None, ...]) -> None:
        requests = (asked(text, answer) for text, answer in zip((PAY, PAY_TOO), answers, strict=True))
        outcome = (await self.outcome(LiteralJudge(), *requests)).outcome

        assert (outcome.semantic_hits, outcome.wrong, outcome.undecided) == (1, 0, 1)

    async def test_the_same_question_is_taken_to_have_the_same_answer(self) -> None:
        outcome = (await self.outcome(LiteralJudge(), asked(PAY, "By card."), asked(PAY, "In cash."))).outcome

        assert (outcome.exact_hits, outcome.wrong, outcome.undecided) == (1, 0, 0)

    async def test_a_blank_response_is_not_remembered(self) -> None:
        outcome = (await self.outcome(LiteralJudge(), asked(PAY, " "), asked(PAY, "By card."))).outcome

        assert outcome.hits == 0

    async def test_two_answers_are_compared_once_for_all_policies(self) -> None:
        judge = CountingJudge()
        await Evaluation(judge=judge).of(*self.REQUESTS)

        assert judge.calls == 1


class TestSavings:
    async def test_hits_save_calls_and_the_tokens_that_were_counted(self) -> None:
        requests = asked(PAY, "1", tokens=30), asked(PAY, "1", tokens=10), asked(BREAD, "2")
        outcome = (await Evaluation().of(*requests))["budget 1 %"].outcome

        assert (outcome.calls, outcome.tokens) == (2, 30)
        assert outcome.net_hit_rate == pytest.approx(1 / 3)

    async def test_hits_that_are_checked_save_nothing(self) -> None:
        requests = asked(PAY, "1", tokens=30), asked(PAY_AGAIN, "1", tokens=10)
        trials = await Evaluation(checks=True, policy=VerifiedPolicy(ErrorBudget(0.4))).of(*requests, labelled=True)

        outcome = trials["budget 40 %"].outcome
        assert (outcome.semantic_hits, outcome.checks, outcome.calls, outcome.tokens) == (1, 1, 2, 40)


class TestProgress:
    async def test_every_policy_tells_its_own(self) -> None:
        evaluation = Evaluation()
        await evaluation.of(*(asked(f"{number} {PAY}", "1") for number in range(65)))

        steps = evaluation.progress.steps
        assert steps[0] == ("embedding", 0.0)
        assert ("budget 1 %", 0.0) in steps
        assert ("cosine 0.95", pytest.approx(64 / 65)) in steps

    async def test_each_text_is_embedded_once(self) -> None:
        evaluation = Evaluation(embedder=CountingEmbedder())
        await evaluation.of(asked(PAY, "1"), asked(f" {PAY} ", "1"), asked(BREAD, "1"))

        assert sorted(evaluation.embedder.asked) == sorted([PAY, BREAD])


class TestStandIns:
    async def test_known_embeddings_are_those_of_the_embedder(self) -> None:
        known = KnownEmbeddings(HashingEmbedder())

        assert (known.version, known.dimensions) == (known.embedder.version, known.embedder.dimensions)
        assert await known.embed([PAY, BREAD, PAY]) == await HashingEmbedder().embed([PAY, BREAD, PAY])

    async def test_unknown_answers_agree_with_nothing(self) -> None:
        judge = JudgedOnce(LiteralJudge())

        assert await judge.agree(PAY, f"{UNKNOWN}1", f"{UNKNOWN}1") is None

    async def test_a_part_that_fails_is_no_miss_but_an_error(self) -> None:
        aside = Afterwards(FailingAloud())

        async def fail() -> None:
            raise OSError("no disk")

        aside.start("vector_index", fail)
        with pytest.raises(OSError, match="no disk"):
            await aside.finish()

    def test_other_events_are_passed_over(self) -> None:
        FailingAloud().note(AnswersRemoved("evicted", 1))


class Refusing(HitPolicy):
    def judge(self, asked: str, candidates: Sequence[Candidate], calibration: Calibration) -> Verdict:
        return Verdict(hit=False, reason=Reason.UNCERTAIN)

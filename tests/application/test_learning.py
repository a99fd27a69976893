"""What is learnt from misses, checks and users, and how it is reported."""

import asyncio
from functools import partial

import pytest
from attrs import define, field

from adapters.calibration_store.memory import MemoryCalibrationStore
from application.give_feedback import Consequence, Feedback
from application.keep_verdicts import LONGEST, TRAFFICS, Judged, RecentVerdicts
from application.work_aside import MOST, Aside
from domain.answers import Answer, Origin, Reason
from domain.calibration import Calibration, Prior, Saved, Traffic
from domain.errors import Absent, Malformed
from domain.events import AnswerReported, BudgetBreached, LabelWon, PartFailed
from domain.generation import FinishReason
from domain.labels import Source
from domain.questions import Fingerprint
from domain.verdicts import Verdict, VerifiedPolicy
from tests.builders import a_completion, a_question, an_asking
from tests.core import Core
from tests.doubles import EveryHit, LiteralJudge, RecordingEvents, ScriptedModel, saying

INSTALL = "How do I install RAGBoost?"
INSTALL_TOO = "How can I install RAGBoost?"
SECOND, THIRD = "How do I install RAGBoost 2?", "How do I install RAGBoost 3?"
ACME = Traffic("acme")


def a_core(*answers: str, **parts: object) -> Core:
    model = ScriptedModel(*(saying(each) for each in answers or ("An answer.",)))
    return Core(model=model, policy=VerifiedPolicy(), **parts)  # type: ignore[arg-type]


async def ask(core: Core, text: str, **wishes: object) -> Answer:
    answer = await core.answer(an_asking(text, **wishes))
    await settle(core.aside)
    return answer


async def settle(aside: Aside) -> None:
    """Let everything that can happen happen: nothing here waits for a clock."""
    for _ in range(50 + 10 * aside.under_way):
        await asyncio.sleep(0)
    assert not aside.under_way


async def known(core: Core) -> Calibration:
    core.judge.settle()
    return await core.calibrations.of(ACME)


async def test_a_miss_teaches_whether_the_nearest_answer_would_have_fitted() -> None:
    core = a_core("One.", "One.", "Another.")
    await ask(core, "How do I install RAGBoost on a ship?")
    await ask(core, "How do I install the roof of a house?")
    await ask(core, "What is the roof of a house made of?")

    tally = (await known(core)).tally
    assert (tally.requests, tally.misses_agreed, tally.misses_differed) == (3, 1, 1)
    assert [each for each in core.events.events if isinstance(each, LabelWon)] == [
        LabelWon("acme", Source.MISS, fits=True),
        LabelWon("acme", Source.MISS, fits=False),
    ]


async def test_answers_that_agree_are_one_cluster() -> None:
    core = a_core("One.", "One.")
    first = await ask(core, "How do I install RAGBoost on a ship?")
    second = await ask(core, "What is the roof of a house made of?")
    stored = await core.cache.get((first_entry(core, 0), first_entry(core, 1)))

    assert first.origin is second.origin is Origin.GENERATED
    assert stored[first_entry(core, 1)].shared_answer == stored[first_entry(core, 0)].shared_answer


def first_entry(core: Core, number: int) -> Fingerprint:
    text = core.model.prompts[number].messages[-1].content
    return an_asking(text).question.fingerprint


@define
class BookedJudge(LiteralJudge):
    tenants: list[str] = field(factory=list)

    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        self.tenants.append(tenant)
        return await super().agree(question, one, other)


async def test_a_comparison_is_made_for_the_tenant_whose_question_it_is() -> None:
    core = a_core("Type make.", "You type make.")
    core.answer_judge = judge = BookedJudge()
    await ask(core, "How do I install RAGBoost on a ship?")
    await ask(core, "What is the roof of a house made of?")

    assert judge.tenants == ["acme"]


@define
class AgreeingJudge:
    async def agree(self, question: str, one: str, other: str, tenant: str = "") -> bool | None:
        return True


async def test_answers_in_other_words_join_the_cluster_once_they_are_judged() -> None:
    core = a_core("Type make.", "You type make.")
    core.answer_judge = AgreeingJudge()  # type: ignore[assignment]
    await ask(core, "How do I install RAGBoost on a ship?")
    await ask(core, "What is the roof of a house made of?")
    stored = await core.cache.get((first_entry(core, 0), first_entry(core, 1)))

    assert stored[first_entry(core, 1)].shared_answer == stored[first_entry(core, 0)].shared_answer


async def test_an_answer_that_was_purged_meanwhile_joins_nothing() -> None:
    core = a_core("Type make.")
    asking = an_asking(INSTALL)
    recall = await core.recollection.recall(asking)

    await core.remember.join(asking, recall, a_completion(), "cluster")

    assert not await core.cache.get((asking.question.fingerprint,))


async def test_doubt_teaches_nothing() -> None:
    core = a_core("One.", "Another.")
    core.answer_judge.doubtful.add("Another.")
    await ask(core, "How do I install RAGBoost on a ship?")
    await ask(core, "How do I install the roof of a house?")

    assert (await known(core)).tally.misses_differed == 0


async def test_an_answer_that_is_not_whole_teaches_nothing() -> None:
    model = ScriptedModel(saying("One."), saying("Ano", FinishReason.LENGTH))
    core = Core(model=model, policy=VerifiedPolicy())
    await ask(core, "How do I install RAGBoost on a ship?")
    await ask(core, "How do I install the roof of a house?")

    assert (await known(core)).tally.misses_differed == 0


async def test_hearsay_teaches_nothing() -> None:
    core = a_core("One.", "Another.", hearsay=frozenset({"scripted"}))
    core.sampler = EveryHit()
    await ask(core, "How do I install RAGBoost on a ship?")
    await ask(core, "How do I install the roof of a house?")
    await ask(core, "How do I install the roof of a house ?")

    tally = (await known(core)).tally
    assert (tally.misses_differed, tally.checks) == (0, 0)


async def test_a_judge_that_fails_is_noted_and_teaches_nothing() -> None:
    core = a_core("One.", "Another.")
    core.answer_judge.trouble = OSError("no such file")
    await ask(core, "How do I install RAGBoost on a ship?")
    answer = await ask(core, "How do I install the roof of a house?")

    assert answer.completion.text == "Another."
    assert [each.part for each in core.events.events if isinstance(each, PartFailed)] == ["answer_judge"]


async def test_a_hit_that_is_checked_is_served_first_and_its_fresh_answer_is_kept() -> None:
    core = a_core("One.", "One.")
    core.sampler = EveryHit()
    await ask(core, INSTALL)
    hit = await ask(core, INSTALL_TOO)
    again = await ask(core, INSTALL_TOO)

    assert (hit.origin, hit.completion.text) == (Origin.SEMANTIC_HIT, "One.")
    assert again.origin is Origin.EXACT_HIT
    assert len(core.model.prompts) == 2
    tally = (await known(core)).tally
    assert (tally.checks, tally.checks_wrong, tally.semantic_hits, tally.exact_hits) == (1, 0, 1, 1)


async def test_a_check_that_finds_an_error_is_charged() -> None:
    core = a_core("One.", "Another.")
    core.sampler = EveryHit()
    await ask(core, INSTALL)
    await ask(core, INSTALL_TOO)

    calibration = await known(core)
    assert calibration.tally.checks_wrong == 1
    assert calibration.spending.wrong / calibration.spending.unit >= 1


async def test_a_check_whose_answer_is_cut_short_tells_nothing() -> None:
    model = ScriptedModel(saying("One."), saying("On", FinishReason.LENGTH))
    core = Core(model=model, policy=VerifiedPolicy(), sampler=EveryHit())
    await ask(core, INSTALL)
    await ask(core, INSTALL_TOO)

    assert (await known(core)).tally.checks == 0


@pytest.mark.parametrize("wish", [{"no_store": True}, {"only_if_cached": True}])
async def test_who_wants_no_model_or_no_trace_is_not_checked(wish: dict[str, bool]) -> None:
    core = a_core("One.")
    core.sampler = EveryHit()
    await ask(core, INSTALL)
    await ask(core, INSTALL_TOO, **wish)

    assert len(core.model.prompts) == 1


async def test_too_much_work_aside_is_left_undone() -> None:
    events = RecordingEvents()
    aside, gate = Aside(events), asyncio.Event()
    done: list[int] = []

    async def work(number: int) -> None:
        await gate.wait()
        done.append(number)

    for number in range(MOST + 5):
        aside.start("part", partial(work, number))
    gate.set()
    await settle(aside)

    assert done == list(range(MOST))


async def test_work_that_is_attended_goes_on_when_nobody_waits_any_more() -> None:
    aside, gate, done = Aside(RecordingEvents(), most=1), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.set()

    await aside.attend("part", work, 0.01)
    assert not done.is_set()
    await aside.attend("part", done.wait, 5)  # type: ignore[arg-type] # too much, so nobody waits for it
    gate.set()
    await settle(aside)

    assert done.is_set()


async def test_work_that_takes_too_long_has_failed() -> None:
    events = RecordingEvents()
    aside = Aside(events, within=0.01)

    await aside.attend("part", asyncio.Event().wait, 5)  # type: ignore[arg-type]

    assert [each.part for each in events.events if isinstance(each, PartFailed)] == ["part"]


async def test_work_aside_ends_with_the_service() -> None:
    aside = Aside(RecordingEvents())
    aside.start("part", asyncio.Event().wait)  # type: ignore[arg-type]

    await aside.close()

    assert not aside.under_way


async def test_a_wrong_answer_is_removed_and_its_pair_never_served_again() -> None:
    core = a_core("One.", "Another.", "One again.")
    await ask(core, INSTALL)
    hit = await ask(core, INSTALL_TOO)
    assert hit.source
    feedback = Feedback(hit.source.fingerprint, INSTALL_TOO, correct=False, note="nonsense")

    assert await core.feedback("acme", feedback) == Consequence(removed=True)
    assert await core.feedback("acme", feedback) == Consequence(known=True)
    assert AnswerReported("acme", hit.source.fingerprint, False, "nonsense") in core.events.events
    assert (await ask(core, INSTALL)).origin is Origin.GENERATED
    again = await ask(core, INSTALL_TOO)
    assert (again.origin, again.reason) == (Origin.GENERATED, Reason.REPORTED_WRONG)
    assert (await known(core)).tally.reports_wrong == 1


async def test_what_was_reported_has_reached_the_store() -> None:
    core = a_core("One.")
    await ask(core, INSTALL)
    entry = first_entry(core, 0)
    await core.feedback("acme", Feedback(entry, INSTALL_TOO, correct=True))

    saved = await core.store.load(ACME, core.calibrations.prior)

    assert saved
    assert saved.calibration.tally.reports_right == 1


async def test_whoever_praises_after_a_complaint_changes_nothing() -> None:
    core = a_core("One.")
    await ask(core, INSTALL)
    entry = first_entry(core, 0)
    await core.feedback("acme", Feedback(entry, INSTALL_TOO, correct=False))
    await ask(core, INSTALL)

    assert await core.feedback("acme", Feedback(entry, INSTALL_TOO, correct=True)) == Consequence(known=True)
    assert (await known(core)).tally.reports_right == 0


async def test_a_complaint_that_comes_twice_leaves_the_answer_that_was_given_since() -> None:
    core = a_core("One.", "One again.")
    await ask(core, INSTALL)
    complaint = Feedback(first_entry(core, 0), INSTALL_TOO, correct=False)
    await core.feedback("acme", complaint)
    await ask(core, INSTALL)

    assert await core.feedback("acme", complaint) == Consequence(removed=False, known=True)
    assert (await ask(core, INSTALL)).origin is Origin.EXACT_HIT


async def test_an_answer_to_the_very_question_goes_as_often_as_it_is_called_wrong() -> None:
    core = a_core("One.", "One again.")
    await ask(core, INSTALL)
    complaint = Feedback(first_entry(core, 0), INSTALL, correct=False)
    await core.feedback("acme", complaint)
    await ask(core, INSTALL)

    assert await core.feedback("acme", complaint) == Consequence(removed=True, known=True)


async def test_a_complaint_is_known_after_a_restart() -> None:
    core = a_core("One.")
    await ask(core, INSTALL)
    complaint = Feedback(first_entry(core, 0), INSTALL_TOO, correct=False)
    await core.feedback("acme", complaint)
    await core.judge.save()
    core.judge.calibrations = type(core.calibrations)(core.store, core.calibrations.prior, core.clock, core.events)

    assert await core.feedback("acme", complaint) == Consequence(known=True)
    with pytest.raises(Absent):
        await core.feedback("globex", complaint)


async def test_two_questions_that_were_told_apart_stay_so_the_other_way_round() -> None:
    core = a_core("One.", "Another.")
    await ask(core, INSTALL)
    await core.feedback("acme", Feedback(first_entry(core, 0), INSTALL_TOO, correct=False))
    await ask(core, INSTALL_TOO)

    assert (await ask(core, INSTALL)).reason is Reason.REPORTED_WRONG


async def test_praise_may_be_followed_by_a_complaint() -> None:
    core = a_core("One.")
    await ask(core, INSTALL)
    entry = first_entry(core, 0)

    assert await core.feedback("acme", Feedback(entry, INSTALL_TOO, correct=True)) == Consequence()
    assert await core.feedback("acme", Feedback(entry, INSTALL_TOO, correct=False)) == Consequence(removed=True)


async def test_an_entry_of_another_tenant_is_as_unknown_as_one_that_never_was() -> None:
    core = a_core("One.")
    await ask(core, INSTALL)
    said = []
    for tenant, entry in (("globex", first_entry(core, 0)), ("acme", Fingerprint("0" * 64))):
        with pytest.raises(Absent) as refused:
            await core.feedback(tenant, Feedback(entry, INSTALL_TOO, correct=False))
        said.append(str(refused.value))

    assert said[0] == said[1]


async def test_feedback_on_no_question_is_malformed() -> None:
    with pytest.raises(Malformed, match="query: must not be blank"):
        await a_core().feedback("acme", Feedback(Fingerprint("0" * 64), " ", correct=True))


@pytest.mark.parametrize("semantic", [True, False])
async def test_feedback_counts_where_nothing_can_be_learnt_from_it(semantic: bool) -> None:
    core = a_core("One.", semantic=semantic)
    await ask(core, INSTALL)
    if semantic:
        core.embedder = BrokenEmbedder()  # type: ignore[assignment]

    await core.feedback("acme", Feedback(first_entry(core, 0), INSTALL_TOO, correct=False))

    assert (await known(core)).tally.reports_wrong == 1


class BrokenEmbedder:
    async def embed(self, texts: object) -> object:
        raise OSError("no model")


TOPICS = ("the printer", "a mirror", "some curtains")


async def complain(core: Core) -> None:
    """Have answers served by likeness, and call all of them wrong."""
    for topic in TOPICS:
        await ask(core, f"How do I install {topic} at home?")
        hit = await ask(core, f"How can I install {topic} at home?")
        assert hit.origin is Origin.SEMANTIC_HIT
    for topic in TOPICS:
        entry = an_asking(f"How do I install {topic} at home?").question.fingerprint
        await core.feedback("acme", Feedback(entry, f"How can I install {topic} at home?", correct=False))


def breaches(core: Core) -> list[BudgetBreached]:
    return [each for each in core.events.events if isinstance(each, BudgetBreached)]


async def test_a_breach_is_told_once() -> None:
    core = a_core()
    await complain(core)

    assert breaches(core) == [BudgetBreached("acme", "", 0.01)]
    (quality,) = await core.report("acme")
    assert quality.breached


async def test_a_breach_that_others_brought_about_is_told_too() -> None:
    core = a_core()
    await complain(core)
    await core.judge.save()
    other = a_core(store=core.store)
    await ask(other, INSTALL)
    await ask(other, INSTALL_TOO)

    assert [each for each in other.events.events if isinstance(each, BudgetBreached)] == [
        BudgetBreached("acme", "", 0.01)
    ]


async def test_a_breach_by_many_namespaces_together_is_told_and_shown() -> None:
    core = a_core()
    complaints = []
    for number, topic in enumerate(TOPICS):
        asked = [f"How {verb} I install {topic} at home?" for verb in ("do", "can")]
        first, second = [an_asking(question=a_question(each, namespace=f"n{number}")) for each in asked]
        for _ in range(41):
            await core.answer(first)
        assert (await core.answer(second)).origin is Origin.SEMANTIC_HIT
        complaints.append(Feedback(first.question.fingerprint, asked[1], correct=False))
    for each in complaints:
        await core.feedback("acme", each)

    (breach,) = breaches(core)
    overall = await core.report.overall("acme")
    assert breach.tenant == "acme"
    assert overall
    assert (overall.breached, overall.tally.requests) == (True, 42 * len(TOPICS))
    assert not any(each.breached for each in await core.report("acme"))
    assert await core.report.overall("globex") is None


async def test_nobody_can_complain_of_more_than_was_served() -> None:
    core = a_core()
    await ask(core, INSTALL)
    for number in range(5):
        await core.feedback("acme", Feedback(first_entry(core, 0), f"Question {number}?", correct=False))
        await ask(core, INSTALL)

    calibration = await known(core)
    assert (calibration.tally.reports_wrong, calibration.spending.wrong) == (5, 0)


async def test_praise_of_what_would_not_have_been_served_teaches_nothing() -> None:
    core = a_core()
    await ask(core, INSTALL)
    await ask(core, "How do I bake a cake?")
    before = (await known(core)).belief
    await core.feedback("acme", Feedback(first_entry(core, 0), "What is the weather like?", correct=True))

    assert (await known(core)).belief == before


async def test_the_report_tells_rates_labels_and_what_was_refused() -> None:
    core = a_core("One.", "Another.", "A third.")
    await ask(core, SECOND)
    await ask(core, SECOND)
    await ask(core, "How can I install RAGBoost 2?")
    await ask(core, THIRD)
    (quality,) = await core.report("acme")

    assert (quality.hit_rate, quality.tally.requests) == (0.5, 4)
    assert (quality.measured.low, quality.measured.high, quality.measured.of) == (0.0, 0.25, 0)
    assert 0 < quality.expected < 0.1
    assert [each.budget for each in quality.prospects] == sorted(each.budget for each in quality.prospects)
    (refusal,) = quality.refused
    assert (refusal.stored, refusal.asked) == (SECOND, THIRD)
    assert refusal.verdict.reason is Reason.DIFFERENT


async def test_the_report_knows_namespaces_and_no_other_tenants() -> None:
    core = a_core()
    await ask(core, INSTALL)
    handbook = an_asking(INSTALL).question
    core.judge.count(handbook, exact=True)

    assert [each.traffic.namespace for each in await core.report("acme")] == [""]
    assert await core.report("acme", "handbook") == []
    assert await core.report("globex") == []


async def test_a_report_on_traffic_of_which_only_reports_are_known_has_no_rates() -> None:
    core = a_core()
    await ask(core, INSTALL)
    core.calibrations = type(core.calibrations)(core.store, core.calibrations.prior, core.clock, core.events)
    core.judge.calibrations = core.calibrations
    await core.feedback("acme", Feedback(first_entry(core, 0), INSTALL, correct=True))
    (quality,) = await core.report("acme")

    assert (quality.hit_rate, quality.expected, quality.measured.high) == (0.0, None, 0.0)
    assert quality.prospects == []


async def test_a_purge_forgets_the_words_of_refusals_too() -> None:
    core = a_core("One.", "Another.")
    await ask(core, SECOND)
    await ask(core, THIRD)
    assert core.judge.recent.refused(ACME)

    core.judge.recent.forget("globex")
    assert core.judge.recent.refused(ACME)
    core.judge.recent.forget("acme")
    assert not core.judge.recent.refused(ACME)


async def test_who_wants_nothing_learnt_has_nothing_learnt() -> None:
    core = a_core("One.", "Another.", learns=False)
    core.sampler = EveryHit()
    await ask(core, SECOND)
    await ask(core, THIRD)
    await ask(core, "How can I install RAGBoost 2?")

    tally = (await known(core)).tally
    assert (tally.requests, tally.semantic_hits) == (3, 1)
    assert (tally.misses_differed, tally.checks) == (0, 0)


async def test_the_report_shows_on_what_the_budget_is_spent() -> None:
    core = a_core("One.")
    await ask(core, INSTALL)
    await ask(core, INSTALL_TOO)
    await ask(core, INSTALL)
    (quality,) = await core.report("acme")

    assert [(each.stored, each.asked) for each in quality.risked] == [(INSTALL, INSTALL_TOO)]


def a_verdict(probability: float, hit: bool = True) -> Verdict:
    reason = Reason.SIMILAR if hit else Reason.UNCERTAIN
    return Verdict(hit, reason, probability, 0.9, features=(1.0,))


def test_the_riskiest_hits_come_first_and_the_newest_misses() -> None:
    recent = RecentVerdicts(0.01)
    for number, probability in enumerate((0.98, 0.9, 0.999)):
        recent.keep(ACME, Judged("entry", "stored", f"hit {number}", a_verdict(probability), 0.0))
        recent.keep(ACME, Judged("entry", "stored", f"miss {number}", a_verdict(probability, hit=False), 0.0))

    assert [each.asked for each in recent.risked(ACME)] == ["hit 1", "hit 0"]
    assert [each.asked for each in recent.refused(ACME)] == ["miss 2", "miss 1", "miss 0"]


def test_of_long_questions_and_many_traffics_only_so_much_is_kept() -> None:
    recent = RecentVerdicts(0.01)
    for number in range(TRAFFICS + 1):
        judged = Judged("entry", "s" * 10_000, "a" * 10_000, a_verdict(0.5, hit=False), 0.0)
        recent.keep(Traffic("acme", str(number)), judged)

    assert recent.refused(Traffic("acme", "0")) == []
    (kept,) = recent.refused(Traffic("acme", "1"))
    assert (len(kept.stored), len(kept.asked)) == (LONGEST, LONGEST)


def test_the_words_of_an_entry_that_is_gone_are_gone() -> None:
    recent = RecentVerdicts(0.01)
    for entry in ("one", "other"):
        recent.keep(ACME, Judged(entry, entry, "a hit", a_verdict(0.9), 0.0))
        recent.keep(ACME, Judged(entry, entry, "a miss", a_verdict(0.9, hit=False), 0.0))
    recent.forget_entry("one")

    assert {each.entry for each in (*recent.risked(ACME), *recent.refused(ACME))} == {"other"}


async def test_the_words_of_those_who_want_nothing_kept_are_not_shown() -> None:
    core = a_core("One.", "Another.")
    await ask(core, SECOND)
    await ask(core, THIRD, no_store=True)

    assert not core.judge.recent.refused(ACME)


async def test_an_answer_is_remembered_apart_from_what_was_answered_before() -> None:
    core = a_core("One.", "Two.")
    await ask(core, INSTALL)
    before = (await core.cache.get((first_entry(core, 0),)))[first_entry(core, 0)]
    core.clock.advance(1)
    await ask(core, INSTALL, no_cache=True)
    after = (await core.cache.get((first_entry(core, 0),)))[first_entry(core, 0)]

    assert before.shared_answer != after.shared_answer


async def test_what_was_answered_anew_meanwhile_joins_nothing() -> None:
    core = a_core("One.")
    asking = an_asking(INSTALL)
    recall = await core.recollection.recall(asking)
    await ask(core, INSTALL)

    await core.remember.join(asking, recall, a_completion("What it was before."), "cluster")

    assert (await core.cache.get((first_entry(core, 0),)))[first_entry(core, 0)].cluster != "cluster"


async def test_an_answer_that_has_expired_teaches_nothing() -> None:
    core = a_core("One.", "Another.")
    await ask(core, "How do I install RAGBoost on a ship?")
    core.clock.advance(110)
    await ask(core, "How do I install the roof of a house?")

    assert (await known(core)).tally.misses_differed == 0


async def test_a_stale_hit_is_not_checked() -> None:
    core = a_core("One.", "Another.")
    core.sampler = EveryHit()
    await ask(core, INSTALL)
    core.clock.advance(110)
    hit = await ask(core, INSTALL_TOO)

    assert hit.origin is Origin.STALE_HIT
    assert (await known(core)).tally.checks == 0


async def test_a_bad_answer_to_the_very_question_teaches_nothing_about_likeness() -> None:
    core = a_core("One.")
    await ask(core, INSTALL)
    await core.feedback("acme", Feedback(first_entry(core, 0), f" {INSTALL} ", correct=False))

    calibration = await known(core)
    assert calibration.belief == calibration.prior.belief
    assert calibration.tally.reports_wrong == 1


@define
class HangingStore(MemoryCalibrationStore):
    """Saves nothing, and does not say so."""

    async def save(self, traffic: Traffic, calibration: Calibration, revision: int) -> bool:
        await asyncio.Event().wait()
        return False


async def test_what_is_wrong_is_gone_before_anything_else_can_fail() -> None:
    core = a_core("One.", store=HangingStore())
    await ask(core, INSTALL)
    report = asyncio.create_task(core.feedback("acme", Feedback(first_entry(core, 0), INSTALL_TOO, correct=False)))
    await asyncio.sleep(0.05)
    report.cancel()

    assert not await core.cache.get((first_entry(core, 0),))


@define
class FailingStore(MemoryCalibrationStore):
    """Fails at everything."""

    async def load(self, traffic: Traffic, prior: Prior) -> Saved | None:
        raise OSError("disk full")

    async def save(self, traffic: Traffic, calibration: Calibration, revision: int) -> bool:
        raise OSError("disk full")


async def test_while_it_is_not_known_what_users_reported_nothing_is_served_by_likeness() -> None:
    core = a_core("One.", "Two.", store=FailingStore())
    await ask(core, INSTALL)
    answer = await ask(core, INSTALL_TOO)

    assert (answer.origin, answer.reason) == (Origin.GENERATED, Reason.MEMORY_FAILED)


async def test_the_budget_of_a_tenant_is_one_for_all_its_namespaces() -> None:
    core = a_core()
    await complain(core)
    for each in (INSTALL, INSTALL_TOO):
        answer = await core.answer(an_asking(question=a_question(each, namespace="fresh")))
    await settle(core.aside)

    assert (answer.origin, answer.reason) == (Origin.GENERATED, Reason.UNCERTAIN)


async def test_a_request_that_is_not_judged_is_a_request_all_the_same() -> None:
    core = a_core("One.", semantic=False)
    await ask(core, INSTALL)
    await ask(core, INSTALL)

    tally = (await known(core)).tally
    assert (tally.requests, tally.exact_hits) == (2, 1)


async def test_what_was_counted_reaches_the_store() -> None:
    core = a_core()
    await ask(core, INSTALL)
    await ask(core, INSTALL)
    await core.judge.save()
    saved = await core.store.load(ACME, core.calibrations.prior)

    assert saved
    assert (saved.calibration.tally.requests, saved.calibration.tally.exact_hits) == (2, 1)

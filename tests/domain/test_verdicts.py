import pytest
from attrs import evolve

from domain.answers import Reason
from domain.budgets import ErrorBudget
from domain.calibration import Calibration, pair_digest
from domain.candidates import FEATURES, Candidate, neighbourhood
from domain.evidence import Difference
from domain.labels import Asked, Label, Report, Source
from domain.verdicts import VETOES, ThresholdPolicy, Verdict, VerifiedPolicy
from tests.builders import a_prior
from tests.domain.test_evidence import DIFFERENT

NOTHING_KNOWN = Calibration.fresh(a_prior())
POLICY = VerifiedPolicy(ErrorBudget())


@pytest.mark.parametrize(("similarity", "hit"), [(1.0, True), (0.9, True), (0.899, False), (-0.2, False)])
def test_the_nearest_candidate_is_served_from_the_threshold_on(similarity: float, hit: bool) -> None:
    candidates = (Candidate("near", similarity), Candidate("far", 0.1))

    assert ThresholdPolicy(0.9).judge("asked", candidates, NOTHING_KNOWN).hit is hit


def test_a_verdict_says_why() -> None:
    policy = ThresholdPolicy(0.9)

    assert policy.judge("asked", (), NOTHING_KNOWN) == Verdict(hit=False, reason=Reason.NO_CANDIDATE)
    assert policy.judge("asked", (Candidate("near", 0.5),), NOTHING_KNOWN) == Verdict(
        False, Reason.BELOW_THRESHOLD, 0.5, 0.5
    )
    assert policy.judge("asked", (Candidate("near", 0.95),), NOTHING_KNOWN) == Verdict(True, Reason.SIMILAR, 0.95, 0.95)


@pytest.mark.parametrize(("similarity", "probability"), [(1.0000001, 1.0), (-0.3, 0.0)])
def test_a_probability_stays_between_nought_and_one(similarity: float, probability: float) -> None:
    assert (
        ThresholdPolicy(0.9).judge("asked", (Candidate("near", similarity),), NOTHING_KNOWN).probability == probability
    )


@pytest.mark.parametrize("wrong", [-0.1, 1.1])
def test_a_threshold_lies_between_nought_and_one(wrong: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        ThresholdPolicy(wrong)


def test_every_reason_has_its_sentence() -> None:
    assert all(reason.meaning.endswith(".") for reason in Reason)


def a_candidate(
    question: str = "How do I reset my password?", similarity: float = 0.98, answer: str = "A"
) -> Candidate:
    return Candidate(question, similarity, entry="e1", answer=answer)


def test_a_verified_hit_says_how_sure_it_is() -> None:
    near = (a_candidate(), a_candidate("How do I reset my phone?", 0.7, answer="B"))
    verdict = POLICY.judge("How can I reset my password?", near, Calibration.fresh(a_prior()))

    assert (verdict.hit, verdict.reason, verdict.similarity) == (True, Reason.SIMILAR, 0.98)
    assert 0.9 < (verdict.probability or 0) < 1
    assert verdict.at_stake == verdict.probability
    assert len(verdict.features or ()) == len(FEATURES)


@pytest.mark.parametrize(("stored", "asked"), [pair for each in sorted(VETOES) for pair in DIFFERENT[each]])
def test_no_likeness_outvotes_a_veto(stored: str, asked: str) -> None:
    sure, other = Calibration.fresh(a_prior(one=20.0)), Candidate("Something else", 0.1, "e2", "B")

    verdict = POLICY.judge(asked, (Candidate(stored, 0.999, "e1", "A"), other), sure)

    assert (verdict.hit, verdict.reason) == (False, Reason.DIFFERENT)
    assert (verdict.probability or 0) > 0.99


def test_of_a_candidate_that_no_other_surrounds_nothing_is_learnt() -> None:
    prior = evolve(a_prior(), alone=(2.0,) + (0.0,) * (len(FEATURES) - 1))
    verdict = POLICY.judge("How can I reset my password?", (a_candidate(),), Calibration.fresh(prior))

    assert (verdict.hit, verdict.features) == (True, ())
    assert verdict.probability == pytest.approx(0.881, abs=0.001)


def test_the_nearer_a_lonely_candidate_is_the_more_it_matters_how_near() -> None:
    bend = (0.0,) * len(FEATURES) + (0.5, 0.0)
    fresh = Calibration.fresh(evolve(a_prior(), alone=bend))
    asked, near = "How can I reset my password?", [a_candidate(similarity=each) for each in (0.8, 0.9, 1.0)]
    even, likely, likeliest = [POLICY.judge(asked, (each,), fresh).probability or 0 for each in near]

    assert even == pytest.approx(0.5)
    assert likeliest - likely > likely - even


def test_polarity_is_a_veto_unless_a_neighbour_of_the_same_answer_speaks_for_it() -> None:
    asked, calibration = "How do I turn off the alarm?", Calibration.fresh(a_prior())
    stored, other = a_candidate("How do I turn on the alarm?"), a_candidate("How is the alarm used?", 0.7)

    assert POLICY.judge(asked, (stored, evolve(other, answer="B")), calibration).reason is Reason.DIFFERENT
    assert POLICY.judge(asked, (stored, other), calibration).reason is Reason.SIMILAR


def test_what_is_hardly_alike_is_not_called_different() -> None:
    stored = a_candidate("How do I cancel within 14 days?", 0.5)

    assert POLICY.judge("Is there a bus in 30 minutes?", (stored,), NOTHING_KNOWN).reason is Reason.UNCERTAIN


def test_where_nothing_is_near_there_is_nothing_to_verify() -> None:
    assert POLICY.judge("asked", (), NOTHING_KNOWN) == Verdict(hit=False, reason=Reason.NO_CANDIDATE)


def test_what_is_not_certain_enough_is_refused() -> None:
    verdict = POLICY.judge("How can I reset my phone?", (a_candidate(similarity=0.8),), NOTHING_KNOWN)

    assert (verdict.hit, verdict.reason) == (False, Reason.UNCERTAIN)
    assert verdict.at_stake == verdict.probability


def test_a_veto_is_outvoted_by_no_similarity() -> None:
    stored = a_candidate("How do I cancel within 14 days?", 0.999)

    verdict = POLICY.judge("How do I cancel within 30 days?", (stored,), NOTHING_KNOWN)

    assert (verdict.hit, verdict.reason, verdict.at_stake) == (False, Reason.DIFFERENT, None)
    assert Difference.NUMBERS in verdict.differences


@pytest.mark.parametrize("policy", [POLICY, ThresholdPolicy(0.9)])
def test_what_a_user_reported_wrong_is_not_served_again(policy: VerifiedPolicy | ThresholdPolicy) -> None:
    calibration, asked = Calibration.fresh(a_prior()), "How can I reset my password?"
    for _ in range(1000):
        Asked(exact=True).tell(calibration)
    Report("service", fits=False, pair=pair_digest("How do I reset my password?", asked)).tell(calibration)

    verdict = policy.judge(asked, (a_candidate(),), calibration)

    assert (verdict.hit, verdict.reason) == (False, Reason.REPORTED_WRONG)
    assert policy.judge("How may I reset my password?", (a_candidate(),), calibration).hit


def test_labels_move_the_verdict() -> None:
    calibration, asked = Calibration.fresh(a_prior(variance=1.0)), "How can I reset my password?"
    near = (a_candidate(similarity=0.9), a_candidate(similarity=0.8))
    features = POLICY.judge(asked, near, calibration).features or ()
    before = calibration.belief.probability(features)
    for _ in range(20):
        Label(Source.MISS, features, fits=False).tell(calibration)

    assert calibration.belief.probability(features) < before / 2


def test_a_budget_that_is_spent_serves_nobody() -> None:
    calibration = Calibration.fresh(a_prior())
    for number in range(5):
        Asked(probability=0.99, served=True).tell(calibration)
        Report(f"{number}", fits=False).tell(calibration)

    assert POLICY.judge("How can I reset my password?", (a_candidate(),), calibration).reason is Reason.UNCERTAIN


def test_requests_that_ask_no_memory_earn_budget() -> None:
    calibration = Calibration.fresh(a_prior())
    for number in range(2):
        Asked(probability=0.99, served=True).tell(calibration)
        Report(f"{number}", fits=False).tell(calibration)
    assert not POLICY.judge("How can I reset my password?", (a_candidate(),), calibration).hit

    for _ in range(1000):
        Asked(exact=True).tell(calibration)

    assert POLICY.judge("How can I reset my password?", (a_candidate(),), calibration).hit


def test_a_neighbourhood_that_agrees_speaks_for_its_nearest() -> None:
    alone = neighbourhood((a_candidate(similarity=0.9),))
    agreeing = neighbourhood([a_candidate(similarity=0.9 - step / 100) for step in range(6)])
    differing = neighbourhood([a_candidate(similarity=0.9 - step / 100, answer=str(step)) for step in range(6)])
    named = [dict(zip(FEATURES, each, strict=False)) for each in (alone, agreeing, differing)]

    assert [each["alone"] for each in named] == [1, 0, 0]
    assert [each["few"] for each in named] == [1, 0, 0]
    assert [each["agreeing"] for each in named] == [0, 2, 0]
    assert [round(each["best_agreeing"], 2) for each in named] == [-2, 0.72, -2]
    assert round(named[2]["margin"], 2) == 0.08
    assert named[1]["margin"] > named[2]["margin"]


def test_a_veto_stands_however_little_alike_the_questions_are() -> None:
    near = [a_candidate("What is the fee of 5 dollars?", 0.59), a_candidate("What is the fee?", 0.58)]
    generous = evolve(a_prior(one=12.0))

    verdict = POLICY.judge("What is the fee of 30 dollars?", near, Calibration.fresh(generous))

    assert (verdict.hit, verdict.reason) == (False, Reason.DIFFERENT)


def test_what_is_hardly_likely_is_not_served_however_much_of_the_budget_is_left() -> None:
    calibration = Calibration.fresh(a_prior())
    for _ in range(100_000):
        calibration.spending.begin()

    unlikely = POLICY.judge("How can I reset my phone?", (a_candidate(similarity=0.8),), calibration)

    assert calibration.spending.allows(0.5, POLICY.budget)
    assert (unlikely.hit, unlikely.probability) == (False, 0.5)

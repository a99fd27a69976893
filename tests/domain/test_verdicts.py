import pytest

from domain.answers import Reason
from domain.verdicts import Candidate, ThresholdPolicy, Verdict


@pytest.mark.parametrize(("similarity", "hit"), [(1.0, True), (0.9, True), (0.899, False), (-0.2, False)])
def test_the_nearest_candidate_is_served_from_the_threshold_on(similarity: float, hit: bool) -> None:
    candidates = (Candidate("near", similarity), Candidate("far", 0.1))

    assert ThresholdPolicy(0.9).judge("asked", candidates).hit is hit


def test_a_verdict_says_why() -> None:
    policy = ThresholdPolicy(0.9)

    assert policy.judge("asked", ()) == Verdict(hit=False, reason=Reason.NO_CANDIDATE)
    assert policy.judge("asked", (Candidate("near", 0.5),)) == Verdict(False, Reason.BELOW_THRESHOLD, 0.5, 0.5)
    assert policy.judge("asked", (Candidate("near", 0.95),)) == Verdict(True, Reason.SIMILAR, 0.95, 0.95)


@pytest.mark.parametrize(("similarity", "probability"), [(1.0000001, 1.0), (-0.3, 0.0)])
def test_a_probability_stays_between_nought_and_one(similarity: float, probability: float) -> None:
    assert ThresholdPolicy(0.9).judge("asked", (Candidate("near", similarity),)).probability == probability


@pytest.mark.parametrize("wrong", [-0.1, 1.1])
def test_a_threshold_lies_between_nought_and_one(wrong: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        ThresholdPolicy(wrong)


def test_every_reason_has_its_sentence() -> None:
    assert all(reason.meaning.endswith(".") for reason in Reason)

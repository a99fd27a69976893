"""What recorded requests are, and what comes of asking them again."""

import pytest

from domain.answers import Answer, Origin, Reason
from domain.recordings import Outcome, Recorded, Recording
from domain.tokens import TokenUsage
from tests.builders import a_completion


def an_answer(origin: Origin, probability: float | None = None) -> Answer:
    return Answer(a_completion(), origin, Reason.SIMILAR, probability=probability)


def an_outcome(*counted: tuple[Origin, float | None, bool | None], calls: int = 0) -> Outcome:
    outcome = Outcome(calls=calls)
    for origin, probability, fits in counted:
        outcome.count(an_answer(origin, probability), fits)
    return outcome


A_MISS = (Origin.GENERATED, None, True)
AN_EXACT_HIT = (Origin.EXACT_HIT, None, True)
A_RIGHT_HIT = (Origin.SEMANTIC_HIT, 0.9, True)
A_WRONG_HIT = (Origin.SEMANTIC_HIT, 0.9, False)
AN_UNDECIDED_HIT = (Origin.SEMANTIC_HIT, 0.9, None)


def test_hits_are_counted_by_kind() -> None:
    outcome = an_outcome(A_MISS, AN_EXACT_HIT, A_RIGHT_HIT, A_WRONG_HIT)

    assert (outcome.requests, outcome.exact_hits, outcome.semantic_hits, outcome.wrong) == (4, 1, 2, 1)
    assert outcome.hit_rate == 0.75
    assert outcome.precision == pytest.approx(2 / 3)


def test_a_check_costs_the_call_that_its_hit_had_saved() -> None:
    outcome = an_outcome(A_MISS, AN_EXACT_HIT, A_RIGHT_HIT, A_RIGHT_HIT, calls=2)

    assert outcome.checks == 1
    assert outcome.hit_rate == 0.75
    assert outcome.net_hit_rate == 0.5


def test_decided_hits_have_a_wilson_interval() -> None:
    wrong = an_outcome(*[A_MISS] * 98, A_RIGHT_HIT, A_WRONG_HIT).wrong_rate

    assert wrong.share == 0.01
    assert (wrong.low, wrong.high) == (pytest.approx(0.0018, abs=1e-4), pytest.approx(0.0545, abs=1e-4))


def test_undecided_hits_count_as_expected_and_widen_the_interval_to_all_right_and_all_wrong() -> None:
    decided = an_outcome(*[A_MISS] * 98, A_RIGHT_HIT, A_WRONG_HIT).wrong_rate
    all_wrong = an_outcome(*[A_MISS] * 98, A_WRONG_HIT, A_WRONG_HIT).wrong_rate
    outcome = an_outcome(*[A_MISS] * 98, AN_UNDECIDED_HIT, A_WRONG_HIT)

    assert outcome.undecided == 1
    assert outcome.wrong_rate.share == pytest.approx(0.011)
    assert outcome.wrong_rate.low == decided.low
    assert outcome.wrong_rate.high == all_wrong.high


def test_a_hit_of_which_nothing_is_known_is_expected_to_be_wrong() -> None:
    assert an_outcome((Origin.EXACT_HIT, None, None)).risk == 1.0


def test_a_miss_is_never_undecided() -> None:
    assert an_outcome((Origin.GENERATED, None, None)).undecided == 0


def test_without_hits_there_is_no_precision() -> None:
    assert an_outcome(A_MISS).precision is None


def test_tokens_are_added_up_where_somebody_counted_them() -> None:
    recording = Recording([Recorded("a", usage=TokenUsage(30, 10)), Recorded("b"), Recorded("c", usage=TokenUsage(60))])

    assert recording.tokens == 100
    assert recording.saved(Outcome(tokens=25)) == 0.75


def test_a_memory_that_knew_the_labels_would_answer_all_but_the_first_of_each() -> None:
    requests = [Recorded("a", "1"), Recorded("b", "2"), Recorded("c", "1"), Recorded("d", "1")]

    assert Recording(requests, labelled=True).possible_hit_rate == 0.5
    assert Recording(requests).possible_hit_rate is None


def test_requests_with_known_answers_are_counted() -> None:
    assert Recording([Recorded("a", "1"), Recorded("b"), Recorded("c", "")]).answered == 2

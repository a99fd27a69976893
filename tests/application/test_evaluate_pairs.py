"""Labelled pairs, judged as a new tenant's first candidates."""

import pytest

from adapters.embedder.hashing import HashingEmbedder
from application.evaluate_pairs import Discrimination, EvaluatePairs, LabelledPair
from application.judge_pairs import JudgePairs, Pair
from domain.verdicts import HitPolicy, ThresholdPolicy, VerifiedPolicy
from tests.builders import a_prior

ALIKE = Pair("How do I pay my bill?", "How do I pay my bill")
SIMILAR = Pair("How do I pay my bill?", "How can I pay the bill?")
UNLIKE = Pair("How do I pay my bill?", "Who bakes bread?")


async def evaluated(*pairs: tuple[Pair, bool], policy: HitPolicy | None = None) -> Discrimination:
    evaluate = EvaluatePairs(JudgePairs(HashingEmbedder(), policy or ThresholdPolicy(0.8), a_prior()))
    return await evaluate([LabelledPair(*each) for each in pairs], lambda _step, _done: None)


async def test_the_shares_accepted_of_same_and_of_different_pairs_are_told_apart() -> None:
    found = await evaluated((ALIKE, True), (UNLIKE, True), (ALIKE, False), (UNLIKE, False))

    assert (found.shipped.same.share, found.shipped.same.of) == (0.5, 2)
    assert (found.shipped.different.share, found.shipped.different.of) == (0.5, 2)
    assert found.shipped.precision == 0.5


async def test_where_nothing_is_accepted_there_is_no_precision() -> None:
    assert (await evaluated((UNLIKE, True))).shipped.precision is None


async def test_similarity_alone_is_told_beside_it() -> None:
    found = await evaluated((ALIKE, True), (UNLIKE, False), policy=VerifiedPolicy())

    assert [(each.name, each.at, each.same.share) for each in found.anchors] == [
        ("cosine 0.85", 0.85, 1.0),
        ("cosine 0.95", 0.95, 0.0),
    ]


async def test_the_curve_accepts_ever_more_and_those_of_equal_score_together() -> None:
    found = await evaluated((ALIKE, True), (SIMILAR, False), (UNLIKE, True), (UNLIKE, False))

    assert [(each.same.share, each.different.share) for each in found.curve] == [(0.5, 0), (0.5, 0.5), (1, 1)]
    assert found.curve[0].at > found.curve[1].at > found.curve[2].at


async def test_what_no_probability_outvotes_comes_last_on_the_curve() -> None:
    vetoed = Pair("How do I pay 7 bills?", "How do I pay 9 bills?")
    found = await evaluated((vetoed, False), (SIMILAR, True), policy=VerifiedPolicy())

    assert [each.same.share for each in found.curve] == [1, 1]
    assert found.curve[-1].at == 0.0
    assert found.same_at(0.0) == 1.0


async def test_the_curve_tells_what_is_accepted_at_a_given_price() -> None:
    found = await evaluated((ALIKE, True), (SIMILAR, False), (UNLIKE, True))

    assert found.same_at(0.0) == 0.5
    assert found.same_at(1.0) == 1.0
    assert (await evaluated((ALIKE, False), (UNLIKE, True))).same_at(0.0) == 0.0


@pytest.mark.parametrize(
    ("pairs", "area"),
    [
        ([(ALIKE, True), (SIMILAR, True), (UNLIKE, False)], 1.0),
        ([(ALIKE, False), (UNLIKE, True)], 0.0),
        ([(ALIKE, True), (ALIKE, False)], 0.5),
        ([(ALIKE, True), (SIMILAR, False), (UNLIKE, True)], 0.5),
        ([(ALIKE, True), (UNLIKE, True)], 0.5),
        ([(ALIKE, False)], 0.5),
    ],
)
async def test_the_area_is_the_chance_that_a_same_one_scores_higher(
    pairs: list[tuple[Pair, bool]], area: float
) -> None:
    assert (await evaluated(*pairs)).auc == area


async def test_progress_is_told_along_the_way() -> None:
    steps: list[tuple[str, float]] = []
    evaluate = EvaluatePairs(JudgePairs(HashingEmbedder(), ThresholdPolicy(), a_prior()))
    await evaluate([LabelledPair(ALIKE, same=True)] * 65, lambda step, done: steps.append((step, done)))

    assert steps == [("judging", 0.0), ("judging", pytest.approx(64 / 65))]

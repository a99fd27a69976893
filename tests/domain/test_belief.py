import random
from math import exp, isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.belief import Belief, Vector, logistic

scaled = st.floats(-3, 3)
features = st.tuples(st.just(1.0), scaled, scaled)
labels = st.lists(st.tuples(features, st.booleans(), st.sampled_from([0.2, 1.0])), max_size=40)


def a_belief(*mean: float, variance: float = 1.0) -> Belief:
    weights = mean or (0.0, 1.0, -0.5)
    size = range(len(weights))
    return Belief(weights, tuple(tuple(variance * (row == column) for column in size) for row in size))


def taught(belief: Belief, lessons: list[tuple[Vector, bool, float]]) -> Belief:
    for each, fits, weight in lessons:
        belief = belief.learn(each, fits, weight)
    return belief


def lessons(weights: Vector, count: int) -> list[tuple[Vector, bool, float]]:
    """Give labels as these weights make them."""
    chance = random.Random(7)  # noqa: S311 - an example, no secret
    asked = [(1.0, chance.gauss(0, 1), chance.gauss(0, 1)) for _ in range(count)]
    odds = [sum(a * b for a, b in zip(weights, each, strict=True)) for each in asked]
    return [(each, chance.random() < logistic(odd), 1.0) for each, odd in zip(asked, odds, strict=True)]


class TestProbability:
    def test_it_follows_the_weights(self) -> None:
        belief = a_belief(0.0, 2.0)

        assert belief.probability((1.0, -1.0)) < belief.probability((1.0, 0.0)) == 0.5 < belief.probability((1.0, 1.0))

    def test_sure_weights_say_what_logistic_regression_says(self) -> None:
        belief = a_belief(0.5, 2.0, variance=0.0)

        assert belief.probability((1.0, 0.75)) == pytest.approx(1 / (1 + exp(-2.0)))

    def test_the_less_is_known_the_nearer_it_is_to_one_half(self) -> None:
        said = [a_belief(1.0, 2.0, variance=variance).probability((1.0, 1.0)) for variance in (0.0, 0.5, 2.0, 100.0)]

        assert said == sorted(said, reverse=True)
        assert 0.5 < said[-1] < 0.6

    @given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3))
    def test_it_is_one_whatever_the_features(self, wild: list[float]) -> None:
        assert 0 <= a_belief().probability(wild) <= 1

    @pytest.mark.parametrize(("log_odds", "probability"), [(0, 0.5), (1e9, 1.0), (-1e9, 0.0), (2, 0.8808)])
    def test_log_odds_of_any_size_are_a_probability(self, log_odds: float, probability: float) -> None:
        assert logistic(log_odds) == pytest.approx(probability, abs=1e-4)


class TestLearning:
    @given(labels, features, st.booleans())
    def test_a_label_moves_the_probability_its_way(
        self, before: list[tuple[Vector, bool, float]], asked: Vector, fits: bool
    ) -> None:
        belief = taught(a_belief(), before)
        mean = belief.learn(asked, fits).mean
        moved = sum((new - old) * each for new, old, each in zip(mean, belief.mean, asked, strict=True))

        assert moved > 0 if fits else moved < 0

    @given(labels)
    def test_its_uncertainty_stays_a_covariance(self, before: list[tuple[Vector, bool, float]]) -> None:
        covariance = np.array(taught(a_belief(variance=2.0), before).covariance)

        assert covariance == pytest.approx(covariance.T, abs=1e-9)
        assert np.linalg.eigvalsh(covariance).min() > 0

    def test_it_stays_one_over_many_thousand_labels(self) -> None:
        belief = prior = a_belief(variance=4.0)
        for each, fits, _ in lessons((0.0, 3.0, 0.0), 5_000):
            belief = belief.loosened(prior, 0.002).learn(each, fits)
        covariance = np.array(belief.covariance)

        assert covariance == pytest.approx(covariance.T, abs=1e-9)
        assert np.linalg.eigvalsh(covariance).min() > 0

    @given(labels, features, st.booleans())
    def test_a_label_never_makes_less_certain(
        self, before: list[tuple[Vector, bool, float]], asked: Vector, fits: bool
    ) -> None:
        belief = taught(a_belief(), before)
        shrunk = np.array(belief.covariance) - np.array(belief.learn(asked, fits).covariance)

        assert np.linalg.eigvalsh(shrunk).min() > -1e-9

    def test_label_by_label_it_comes_to_what_all_labels_at_once_would_say(self) -> None:
        told = lessons((0.5, 2.0, -1.0), 1_000)

        one_by_one = taught(a_belief(variance=4.0), told)

        mean, covariance = at_once(a_belief(variance=4.0), told)
        assert one_by_one.mean == pytest.approx(mean, abs=0.15)
        assert np.array(one_by_one.covariance) == pytest.approx(covariance, rel=0.3, abs=0.002)

    def test_it_finds_what_made_the_labels(self) -> None:
        assert taught(a_belief(), lessons((0.5, 2.0, -1.0), 5_000)).mean == pytest.approx((0.5, 2.0, -1.0), abs=0.15)

    def test_a_label_that_weighs_less_moves_less(self) -> None:
        steps = [a_belief(0.0, 0.0).learn((1.0, 1.0), fits=True, weight=each).mean[1] for each in (0.0, 0.2, 1.0)]

        assert 0 == steps[0] < steps[1] < steps[2]

    def test_a_surprise_moves_more_than_what_was_expected(self) -> None:
        belief = a_belief(0.0, 2.0)
        asked = (1.0, 1.0)
        before = belief.probability(asked)

        assert before - belief.learn(asked, fits=False).probability(asked) > (
            belief.learn(asked, fits=True).probability(asked) - before
        )

    @pytest.mark.parametrize("fits", [True, False])
    def test_even_what_is_quite_certain_can_be_unlearnt(self, fits: bool) -> None:
        belief, asked = a_belief(*((40.0, 0.0) if fits else (-40.0, 0.0))), (1.0, 0.0)
        for _ in range(100):
            belief = belief.learn(asked, fits=not fits)

        assert (belief.probability(asked) < 0.2) is fits
        assert all(map(isfinite, belief.mean))

    def test_what_was_believed_before_stays_as_it_was(self) -> None:
        belief = a_belief()
        belief.learn((1.0, 1.0, 1.0), fits=True)

        assert belief == a_belief()


class TestForgetting:
    def test_uncertainty_comes_back_and_weights_stay(self) -> None:
        prior = a_belief(variance=2.0)
        belief = taught(prior, lessons((0.0, 1.0, 0.0), 200))

        loosened = belief.loosened(prior, 0.1)

        assert loosened.mean == belief.mean
        assert loosened.probability((1.0, 2.0, 0.0)) < belief.probability((1.0, 2.0, 0.0))

    def test_it_follows_traffic_that_changes(self) -> None:
        def after(share: float) -> Belief:
            belief = prior = a_belief()
            for weights, count in (((0.0, 2.0, 0.0), 2_000), ((-1.0, 1.0, 0.0), 400)):
                for each, fits, _ in lessons(weights, count):
                    belief = belief.loosened(prior, share).learn(each, fits)
            return belief

        wanted = logistic(0.0)
        assert abs(after(0.002).probability((1.0, 1.0, 0.0)) - wanted) < 0.1
        assert abs(after(0.0).probability((1.0, 1.0, 0.0)) - wanted) > 0.15


@pytest.mark.parametrize("covariance", [(), ((1.0,),), ((1.0, 0.0), (0.0,)), ((1.0, 0.0),) * 3])
def test_as_many_weights_need_as_many_uncertainties(covariance: tuple[Vector, ...]) -> None:
    with pytest.raises(ValueError, match="2 weights need a covariance of 2 x 2"):
        Belief((1.0, 2.0), covariance)


def at_once(prior: Belief, told: list[tuple[Vector, bool, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Fit all labels by Newton's method; give the mean and the covariance of Laplace's approximation."""
    asked, fits = np.array([each for each, _, _ in told]), np.array([fits for _, fits, _ in told])
    before = np.linalg.inv(np.array(prior.covariance))
    mean = start = np.array(prior.mean)
    covariance = np.array(prior.covariance)
    for _ in range(20):
        said = 1 / (1 + np.exp(-asked @ mean))
        covariance = np.linalg.inv(before + (asked.T * (said * (1 - said))) @ asked)
        mean = mean + covariance @ (asked.T @ (fits - said) - before @ (mean - start))
    return mean, covariance

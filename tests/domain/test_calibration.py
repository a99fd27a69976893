import pytest
from attrs import evolve

from domain.belief import Belief
from domain.budgets import BINS, Spending
from domain.calibration import LOOSENING, Calibration, Prior, Tally, pair_digest, revived, service_digest

PRIOR = Prior("p1", ("one", "near"), Belief((0.0, 1.0), ((1.0, 0.0), (0.0, 1.0))))
NEAR = (1.0, 0.5)


def a_calibration() -> Calibration:
    calibration = Calibration(PRIOR, PRIOR.belief, Spending(), Tally(requests=3), {"wrong": False})
    calibration.learn(NEAR, fits=True)
    calibration.spending.begin()
    return calibration


class TestCalibration:
    def test_it_begins_with_what_the_prior_believes(self) -> None:
        fresh = Calibration.fresh(PRIOR)

        assert (fresh.belief, fresh.tally, fresh.reports) == (PRIOR.belief, Tally(), {})
        assert fresh.spending == Spending()

    def test_no_two_share_what_they_learn(self) -> None:
        one, other = Calibration.fresh(PRIOR), Calibration.fresh(PRIOR)
        one.learn(NEAR, fits=True)
        one.reports["x"] = False
        one.tally.requests += 1
        one.spending.begin()

        assert other == Calibration.fresh(PRIOR) != one

    @pytest.mark.parametrize("fits", [True, False])
    def test_a_label_counts_for_cases_like_it(self, fits: bool) -> None:
        calibration = Calibration.fresh(PRIOR)
        calibration.learn(NEAR, fits)

        learnt, before = calibration.belief.probability(NEAR), PRIOR.belief.probability(NEAR)
        assert learnt > before if fits else learnt < before

    def test_with_every_label_a_little_uncertainty_comes_back(self) -> None:
        calibration = Calibration.fresh(PRIOR)
        calibration.learn(NEAR, fits=True, weight=0.5)

        assert calibration.belief == PRIOR.belief.loosened(PRIOR.belief, LOOSENING / 2).learn(NEAR, True, 0.5)

    def test_what_it_shows_of_itself_is_short(self) -> None:
        assert len(repr(a_calibration())) < 300


class TestReportedWrong:
    def test_it_is_two_questions_whichever_was_asked_first(self) -> None:
        calibration = Calibration.fresh(PRIOR)
        calibration.reports[pair_digest("Turn it on", "Turn it off")] = False

        assert calibration.reported_wrong("Turn it on", "Turn it off")
        assert calibration.reported_wrong("Turn it off", "Turn it on")
        assert not calibration.reported_wrong("Turn it on", "Turn it up")

    def test_what_was_found_right_is_not_wrong(self) -> None:
        calibration = Calibration.fresh(PRIOR)
        assert not calibration.reported_wrong("Turn it on", "Turn it off")

        calibration.reports[pair_digest("Turn it on", "Turn it off")] = True
        assert not calibration.reported_wrong("Turn it on", "Turn it off")

    def test_blanks_make_no_other_question(self) -> None:
        assert service_digest("entry", "  Turn it off\r\n") == service_digest("entry", "Turn it off")

    @pytest.mark.parametrize("text", ["", "Größe ☃", "\ud800", "x" * 10_000])
    def test_a_digest_is_short_whatever_the_words(self, text: str) -> None:
        assert len(service_digest("entry", text)) == 32


class TestRevival:
    def test_of_the_same_prior_all_is_kept(self) -> None:
        kept, loaded = a_calibration(), evolve(PRIOR)

        assert revived(kept, loaded) == kept
        assert revived(kept, loaded).prior is loaded

    def test_what_was_learnt_on_another_prior_is_gone_and_the_rest_stays(self) -> None:
        newer, kept = evolve(PRIOR, version="p2"), a_calibration()

        spent = evolve(kept.spending, seen=[0.0] * BINS)

        assert revived(kept, newer) == Calibration(newer, PRIOR.belief, spent, Tally(requests=3), {"wrong": False})

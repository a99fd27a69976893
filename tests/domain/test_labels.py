from collections.abc import Iterable

import pytest

from domain.belief import Belief
from domain.calibration import Calibration, Prior, Tally
from domain.labels import MOST_PRAISE, MOST_REPORTS, TRUST_IN_PRAISE, Asked, Label, Note, Report, Source

PRIOR = Prior("p1", ("one", "near"), Belief((0.0, 1.0), ((1.0, 0.0), (0.0, 1.0))))
NEAR = (1.0, 0.5)


def after(*notes: Note) -> Calibration:
    return told(Calibration.fresh(PRIOR), notes)


def told(calibration: Calibration, notes: Iterable[Note]) -> Calibration:
    for note in notes:
        note.tell(calibration)
    return calibration


def spent(calibration: Calibration) -> float:
    return calibration.spending.wrong / calibration.spending.unit


def sureness(calibration: Calibration) -> float:
    return calibration.belief.probability(NEAR)


class TestRequests:
    def test_an_exact_hit_counts_and_costs_nothing(self) -> None:
        calibration = after(Asked(exact=True))

        assert calibration.tally == Tally(requests=1, exact_hits=1)
        assert (spent(calibration), sum(calibration.spending.seen)) == (0.0, 0.0)

    def test_so_does_a_request_without_a_candidate(self) -> None:
        assert after(Asked()).tally == Tally(requests=1)
        assert sum(after(Asked()).spending.seen) == 0

    def test_a_semantic_hit_costs_its_chance_of_being_wrong(self) -> None:
        calibration = after(Asked(probability=0.9, served=True))

        assert calibration.tally == Tally(requests=1, semantic_hits=1)
        assert spent(calibration) == pytest.approx(0.1)

    def test_a_candidate_that_was_refused_is_seen_and_costs_nothing(self) -> None:
        calibration = after(Asked(probability=0.9))

        assert calibration.tally == Tally(requests=1)
        assert (spent(calibration), sum(calibration.spending.seen)) == (0.0, calibration.spending.unit)

    def test_a_hit_of_which_no_probability_is_known_is_counted(self) -> None:
        assert after(Asked(served=True)).tally == Tally(requests=1, semantic_hits=1)


class TestLabels:
    @pytest.mark.parametrize(
        ("source", "fits", "tally"),
        [
            (Source.MISS, True, Tally(misses_agreed=1)),
            (Source.MISS, False, Tally(misses_differed=1)),
            (Source.CHECK, True, Tally(checks=1)),
            (Source.CHECK, False, Tally(checks=1, checks_wrong=1)),
        ],
    )
    def test_they_are_counted_by_where_they_come_from(self, source: Source, fits: bool, tally: Tally) -> None:
        assert after(Label(source, NEAR, fits)).tally == tally

    @pytest.mark.parametrize("source", [Source.MISS, Source.CHECK])
    def test_they_teach(self, source: Source) -> None:
        said = [sureness(after(Label(source, NEAR, fits))) for fits in (False, True)]

        assert said[0] < sureness(after()) < said[1]

    def test_only_a_hit_that_was_wrong_is_charged(self) -> None:
        charged = [spent(after(Label(each, NEAR, fits))) for each in (Source.MISS, Source.CHECK) for fits in (0, 1)]

        assert charged == [0, 0, 1, 0]


SERVED = Asked(probability=1.0, served=True)


class TestReports:
    def test_they_come_from_users(self) -> None:
        assert Report("service", fits=True).source is Source.REPORT

    def test_wrong_is_kept_counted_charged_and_learnt_from(self) -> None:
        calibration = after(SERVED, Report("service", fits=False, features=NEAR))

        assert calibration.reports == {"service": False}
        assert calibration.tally == Tally(requests=1, semantic_hits=1, reports_wrong=1)
        assert spent(calibration) == pytest.approx(1.0)
        assert sureness(calibration) < sureness(after())

    def test_two_questions_that_are_different_stay_so_whoever_calls_another_entry_right(self) -> None:
        wrong = Report("service", fits=False, pair="pair")
        calibration = after(wrong, Report("other way round", fits=True, pair="pair"))

        assert calibration.reports == {"service": False, "pair": False}
        assert after(wrong, Report("other way round", fits=False, pair="pair")).tally.reports_wrong == 2

    def test_more_complaints_than_hits_are_kept_and_not_charged(self) -> None:
        calibration = after(SERVED, *(Report(f"service {number}", fits=False) for number in range(5)))

        assert calibration.tally.reports_wrong == 5
        assert spent(calibration) == pytest.approx(1.0)

    def test_what_no_likeness_served_is_not_charged(self) -> None:
        assert spent(after(SERVED, Report("service", fits=False, by_likeness=False))) == 0

    def test_right_is_kept_and_counted(self) -> None:
        calibration = after(Report("service", fits=True, features=NEAR))

        assert calibration.reports == {"service": True}
        assert calibration.tally == Tally(reports_right=1)
        assert spent(calibration) == 0

    @pytest.mark.parametrize("fits", [True, False])
    def test_a_report_on_what_nobody_judged_teaches_nothing(self, fits: bool) -> None:
        assert after(Report("service", fits)).belief == PRIOR.belief

    @pytest.mark.parametrize("fits", [True, False])
    def test_said_twice_it_counts_once(self, fits: bool) -> None:
        report = Report("service", fits, NEAR)

        assert after(report, report) == after(report)

    def test_right_may_turn_out_wrong(self) -> None:
        calibration = after(SERVED, Report("service", fits=True), Report("service", fits=False, features=NEAR))

        assert calibration.reports == {"service": False}
        assert calibration.tally == Tally(requests=1, semantic_hits=1, reports_right=1, reports_wrong=1)
        assert spent(calibration) == pytest.approx(1.0)

    def test_wrong_stays_wrong_whatever_is_said_later(self) -> None:
        wrong = Report("service", fits=False, features=NEAR)

        assert after(wrong, Report("service", fits=True, features=NEAR)) == after(wrong)

    def test_the_oldest_are_forgotten_first(self) -> None:
        calibration = after(*(Report(str(number), fits=False) for number in range(MOST_REPORTS + 2)))

        assert list(calibration.reports) == [str(number) for number in range(2, MOST_REPORTS + 2)]

    def test_no_amount_of_praise_makes_a_wrong_answer_forgotten(self) -> None:
        wrong = [Report(f"wrong {number}", fits=False) for number in range(3)]
        praise = [Report(str(number), fits=True) for number in range(MOST_REPORTS + 10)]
        calibration = after(*wrong, *praise)

        assert len(calibration.reports) == MOST_REPORTS
        assert [each for each, fits in calibration.reports.items() if not fits] == [each.service for each in wrong]

    def test_among_nothing_but_wrong_answers_praise_is_not_kept(self) -> None:
        wrong = [Report(str(number), fits=False) for number in range(MOST_REPORTS)]

        assert after(*wrong, Report("right", fits=True)).reports == after(*wrong).reports


class TestPraise:
    OURS = tuple(Label(Source.MISS, NEAR, fits=number % 2 == 0) for number in range(100))

    def test_it_teaches_less_than_a_check(self) -> None:
        praised = sureness(after(*self.OURS, Report("service", fits=True, features=NEAR)))
        checked = sureness(after(*self.OURS, Label(Source.CHECK, NEAR, fits=True)))

        assert sureness(after(*self.OURS)) < praised < checked

    def test_before_there_are_labels_of_our_own_it_teaches_nothing(self) -> None:
        assert after(Report("service", fits=True, features=NEAR)).belief == PRIOR.belief

    def test_it_is_never_more_than_its_part_of_our_labels(self) -> None:
        praise = [Report(str(number), fits=True, features=NEAR) for number in range(500)]
        calibration = after(*self.OURS, *praise)

        assert calibration.tally.reports_right == 500
        assert calibration.tally.praise == pytest.approx(MOST_PRAISE * len(self.OURS))
        assert calibration.tally.praise / TRUST_IN_PRAISE == pytest.approx(100)

    def test_who_praises_everything_cannot_talk_a_memory_into_believing(self) -> None:
        """Half of what is near does not fit; a poisoner says of every hit that it was right."""
        honest, poisoned = after(), after()
        for number, label in enumerate(self.OURS * 5):
            told(honest, [label])
            told(poisoned, [label, *(Report(f"{number} {again}", fits=True, features=NEAR) for again in range(20))])

        assert sureness(honest) == pytest.approx(0.5, abs=0.05)
        assert sureness(poisoned) < 0.62

    def test_a_complaint_teaches_more_than_praise_and_less_than_a_check(self) -> None:
        truths = (
            Label(Source.CHECK, NEAR, fits=False),
            Report("wrong", fits=False, features=NEAR),
            Report("right", fits=True, features=NEAR),
        )
        before = after(*self.OURS).belief.probability(NEAR)
        check, complaint, praise = (after(*self.OURS, each).belief.probability(NEAR) - before for each in truths)

        assert check < complaint < 0 < praise
        assert -complaint > praise


def test_the_same_facts_in_the_same_order_make_the_same_calibration() -> None:
    facts = [Asked(probability=0.9, served=True), *TestPraise.OURS, Report("wrong", fits=False, features=NEAR)]

    assert after(*facts) == after(*facts)

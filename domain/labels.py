"""Facts about a traffic: what was asked, and whether remembered answers fit. Told in order, they make a calibration."""

from abc import abstractmethod
from enum import StrEnum
from typing import Protocol, Self

from attrs import evolve, frozen

from domain.belief import Vector
from domain.calibration import Calibration, Tally

MOST_REPORTS = 1000
"""So many digests of reports are kept of a traffic, two of each; praise is forgotten first, then the oldest."""

TRUST_IN_COMPLAINT = 0.5
"""What a user's "this was wrong" teaches, where a check of our own counts 1; the budget is charged whole."""

TRUST_IN_PRAISE = 0.2
"""What a user's "this was right" counts, where a check of our own counts 1."""

MOST_PRAISE = 0.2
"""How large a part of all labels, by weight, such praise may be: nobody can talk a tenant's memory into believing."""


class Source(StrEnum):
    """How it came to light whether a remembered answer fits."""

    MISS = "miss"
    CHECK = "check"
    REPORT = "report"


class Note(Protocol):
    """A fact about a traffic; told in the same order, facts make the same calibration."""

    @abstractmethod
    def tell(self, calibration: Calibration) -> None:
        """Let *calibration* know."""

    def without_lesson(self) -> Self:
        """Give the fact as one that counts, but teaches nothing."""
        return self


@frozen
class Asked(Note):
    """
    A request: *exact* if the same question was remembered, else how sure its best candidate was, and its fate.

    *times* is how many such requests there were in a row.
    """

    exact: bool = False
    probability: float | None = None
    served: bool = False
    times: int = 1

    def tell(self, calibration: Calibration) -> None:
        """Count it, and charge what it may have cost."""
        tally, spending = calibration.tally, calibration.spending
        tally.requests += self.times
        tally.exact_hits += self.times * self.exact
        tally.semantic_hits += self.served
        spending.begin(self.times)
        if self.probability is not None:
            spending.see(self.probability)
            if self.served:
                spending.serve(1 - self.probability)


@frozen
class Label(Note):
    """Whether the best candidate's answer fits, found out at a miss or in a check of a hit; *features* as judged."""

    source: Source
    features: Vector
    fits: bool

    def without_lesson(self) -> Self:
        """Leave out the features."""
        return evolve(self, features=())

    def tell(self, calibration: Calibration) -> None:
        """Learn from it; a hit that was wrong is charged whole."""
        tally = calibration.tally
        checked = self.source is Source.CHECK
        tally.checks += checked
        tally.checks_wrong += checked and not self.fits
        tally.misses_agreed += self.fits and not checked
        tally.misses_differed += not (self.fits or checked)
        if checked:
            calibration.spending.check(self.fits)
        if self.features:
            calibration.learn(self.features, self.fits)


@frozen
class Report(Note):
    """
    What a user said of an answer that was served; once said wrong, it stays wrong.

    *service* is the digest of the entry with the question asked, *pair* that of the two questions;
    *features* are those of the candidate, if it was likeness that served it. An answer to the very same question was
    the model's, and is no matter of the budget.
    """

    service: str
    fits: bool
    features: Vector | None = None
    by_likeness: bool = True
    pair: str = ""

    @property
    def source(self) -> Source:
        """Tell that it came from a user."""
        return Source.REPORT

    def without_lesson(self) -> Self:
        """Leave out the features."""
        return evolve(self, features=None)

    def tell(self, calibration: Calibration) -> None:
        """Keep it, unless it is known; what was wrong is charged at once, and counts more than praise."""
        said = calibration.reports.get(self.service)
        if said is False or said is self.fits or (self.fits and calibration.reports.get(self.pair) is False):
            return
        self._keep(calibration)
        calibration.tally.reports_right += self.fits
        calibration.tally.reports_wrong += not self.fits
        self._charge(calibration)
        self._teach(calibration)

    def _keep(self, calibration: Calibration) -> None:
        reports = calibration.reports
        reports |= dict.fromkeys(filter(None, (self.service, self.pair)), self.fits)
        while len(reports) > MOST_REPORTS:
            praise = (service for service, fits in reports.items() if fits)
            del reports[next(praise, next(iter(reports)))]

    def _charge(self, calibration: Calibration) -> None:
        # Nobody can have got more wrong answers by likeness than were served so.
        plausible = calibration.tally.reports_wrong <= calibration.tally.semantic_hits
        if self.by_likeness and plausible and not self.fits:
            calibration.spending.charge(1.0)

    def _teach(self, calibration: Calibration) -> None:
        if not self.features:
            return
        if not self.fits:
            calibration.learn(self.features, fits=False, weight=TRUST_IN_COMPLAINT)
        elif _praise_is_welcome(calibration.tally):
            calibration.tally.praise += TRUST_IN_PRAISE
            calibration.learn(self.features, fits=True, weight=TRUST_IN_PRAISE)


def _praise_is_welcome(tally: Tally) -> bool:
    ours = tally.misses_agreed + tally.misses_differed + tally.checks
    return tally.praise + TRUST_IN_PRAISE <= MOST_PRAISE * ours

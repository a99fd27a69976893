"""How many wrong answers may be served, how many were, and what the next one may cost."""

from itertools import accumulate
from math import exp, log, sqrt
from operator import mul

from attrs import define, evolve, field, frozen
from attrs.validators import and_, ge, gt, lt

BINS = 120
SUREST = 12.0
"""Bins of equal width over -log(1 - p), from 0 up to here: a chance of being wrong of 6 in a million."""

HALF_LIFE = 2000.0
"""Requests after which what was seen counts half."""

GROWTH = 2 ** (1 / HALF_LIFE)

STEADY = 4.0
"""The weight, in errors found, of the belief that hits are wrong as often as they were thought to be."""

OVERDRAFT = 1.2
"""How far what was spent may go over what the plan for the next requests allows."""


@frozen
class ErrorBudget:
    """
    The share of a tenant's requests that may get a wrong remembered answer.

    *caution* is how many standard deviations must lie between what is expected and the budget;
    *credit* is a number of requests that a new tenant is taken to have made already, or it could never begin.
    """

    share: float = field(default=0.01, validator=and_(gt(0.0), lt(1.0)))
    caution: float = field(default=2.0, validator=ge(0.0))
    credit: float = field(default=100.0, validator=ge(0.0))

    def of(self, share: float) -> "ErrorBudget":
        """Give the same budget with another share."""
        return evolve(self, share=share)

    def covers(self, wrong: float, requests: float, overdraft: float = 1.0) -> bool:
        """Tell whether *wrong* hits, which are expected, stay within the budget of *requests* with caution."""
        return wrong + self.caution * sqrt(wrong) <= overdraft * self.share * (requests + self.credit)


@define
class Spending:
    """
    What a tenant's requests looked like of late, and what they cost.

    *requests* counts them, *seen* those by the bin of their best candidate's probability, *wrong* the wrong hits
    that are expected of what was served, those known to be wrong counted whole. *served* and *risked* are the hits and
    what was thought likely to be wrong of them, *checked* and *refuted* the checks and those that found an error.
    All fade with ``HALF_LIFE``: a new request counts *unit* times as much as the first one did, which saves fading
    the old.
    """

    requests: float = 0.0
    wrong: float = 0.0
    served: float = 0.0
    risked: float = 0.0
    checked: float = 0.0
    refuted: float = 0.0
    unit: float = 1.0
    seen: list[float] = field(factory=lambda: [0.0] * BINS, repr=False)

    @property
    def rate(self) -> float:
        """Give the share of the requests of late that is expected to have got a wrong answer."""
        return self.severity * self.wrong / self.requests if self.requests else 0.0

    @property
    def severity(self) -> float:
        """
        Say how many times likelier the hits are to be wrong than they were believed to be, by what checks found.

        It is the mean of a gamma distribution that began at 1: a single check that finds an error moves it little.
        """
        expected = self.checked * self.risked / self.served if self.served else 0.0
        steady = STEADY * self.unit
        return max(1.0, (steady + self.refuted) / (steady + expected))

    def begin(self, times: int = 1) -> None:
        """Count a request, or several in a row."""
        grown = GROWTH**times
        self.requests += self.unit * GROWTH * (grown - 1) / (GROWTH - 1)  # the sum of a geometric series
        self.unit *= grown
        if self.unit > 1e100:  # noqa: PLR2004 - far from where floats end
            self._rescale()

    def see(self, probability: float) -> None:
        """Take note of a best candidate, served or not."""
        self.seen[bin_of(probability)] += self.unit

    def serve(self, risk: float) -> None:
        """Take note of a hit that is wrong with this probability."""
        self.served += self.unit
        self.risked += risk * self.unit
        self.wrong += risk * self.unit

    def check(self, fits: bool) -> None:
        """Take note of what a check of a hit found."""
        self.checked += self.unit
        self.refuted += self.unit * (not fits)
        self.charge(not fits)

    def charge(self, wrong: float) -> None:
        """Take note of hits that are known to be wrong."""
        self.wrong += wrong * self.unit

    def allows(self, probability: float, budget: ErrorBudget) -> bool:
        """
        Tell whether a candidate may be served.

        It may when the budget covers serving all that were seen of late and were at least as sure, and when
        it also covers this one on top of what was in fact served.
        """
        first = bin_of(probability)
        planned = self.severity * sum(map(mul, self.seen[first:], RISKS[first:])) / self.unit
        return budget.covers(planned, self.requests / self.unit) and self.affords(1 - probability, budget)

    def affords(self, risk: float, budget: ErrorBudget) -> bool:
        """Tell whether the budget covers a hit that is wrong with this probability on top of what was served."""
        spent = self.severity * (self.wrong / self.unit + risk)
        return budget.covers(spent, self.requests / self.unit, OVERDRAFT)

    def exceeds(self, budget: ErrorBudget) -> bool:
        """Tell whether more was spent than the budget has."""
        return self.severity * self.wrong / self.unit > budget.share * (self.requests / self.unit + budget.credit)

    def share_within(self, budget: ErrorBudget, least: float = 0.0) -> float:
        """Give the share of requests that *budget* would let be served, were they as of late, if *least* sure."""
        requests = self.requests / self.unit
        sure = self.seen[bin_of(least) :]
        severity, served = self.severity / self.unit, accumulate(reversed(sure))
        wrong = accumulate(map(mul, reversed(sure), reversed(RISKS)))
        within = (hits for hits, risk in zip(served, wrong, strict=True) if budget.covers(risk * severity, requests))
        return max(within, default=0.0) / self.requests if self.requests else 0.0

    def _rescale(self) -> None:
        self.requests, self.wrong = self.requests / self.unit, self.wrong / self.unit
        self.served, self.risked = self.served / self.unit, self.risked / self.unit
        self.checked, self.refuted = self.checked / self.unit, self.refuted / self.unit
        self.seen = [each / self.unit for each in self.seen]
        self.unit = 1.0


RISKS = tuple(exp(-(number + 0.5) * SUREST / BINS) for number in range(BINS))
"""The chance of being wrong in the middle of each bin."""


def bin_of(probability: float) -> int:
    """Give the bin of a probability: the surer, the higher."""
    return min(BINS - 1, int(-log(max(1e-9, 1 - probability)) * BINS / SUREST))


@frozen
class Interval:
    """A share with its 95 % interval, after Wilson; *of* is the number of trials it rests on."""

    share: float
    low: float
    high: float
    of: float

    def times(self, part: float) -> "Interval":
        """Scale it, where the trials were drawn from that part of the whole."""
        return Interval(part * self.share, part * self.low, part * self.high, self.of)


def wilson(wrong: float, of: float) -> Interval:
    """Give the share of *wrong* with its interval; without any trial it is 0 to 1."""
    if not of:
        return Interval(0.0, 0.0, 1.0, 0)
    share, z = wrong / of, 1.959964
    centre = share + z * z / (2 * of)
    spread = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return Interval(share, max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale), of)

"""Say how well a tenant's promise was kept, and what was refused for its sake."""

from collections.abc import Sequence

from attrs import frozen

from application.judge_hits import WHOLE, JudgeHits
from application.keep_verdicts import Judged
from domain.budgets import ErrorBudget, Interval, wilson
from domain.calibration import Calibration, Tally, Traffic
from domain.verdicts import LEAST

OTHER_BUDGETS = (0.0025, 0.005, 0.01, 0.02, 0.05)
"""Budgets for which a report tells what could be served."""


@frozen
class Prospect:
    """What share of requests memory would answer if the budget were *budget*: in all, and by semantic hits."""

    budget: float
    hit_rate: float
    semantic_hit_rate: float


@frozen
class Quality:
    """
    How one traffic fares. All rates are shares of its requests.

    *measured* is the rate of wrong hits that the checks found, with its interval; *expected* is what was thought
    likely when the hits of late were served, wrong ones that came to light counted whole. *risked* are the hits on
    which the budget is spent, *refused* the near misses.
    """

    traffic: Traffic
    tally: Tally
    budget: ErrorBudget
    measured: Interval
    expected: float | None
    breached: bool
    prospects: Sequence[Prospect]
    refused: Sequence[Judged]
    risked: Sequence[Judged]

    @property
    def hit_rate(self) -> float:
        """Give the share of requests that memory answered."""
        hits = self.tally.exact_hits + self.tally.semantic_hits
        return hits / self.tally.requests if self.tally.requests else 0.0


@frozen
class ReportQuality:
    """Reports to a tenant about itself."""

    judge: JudgeHits

    async def __call__(self, tenant: str, namespace: str | None = None) -> Sequence[Quality]:
        """Report on each namespace, or on one; raises ``CalibrationStoreUnavailable``."""
        self.judge.settle()
        known = await self.judge.calibrations.traffics(tenant)
        wanted = [each for each in known if each.namespace != WHOLE and namespace in (None, each.namespace)]
        return [self._quality(each, await self.judge.calibrations.of(each)) for each in wanted]

    async def overall(self, tenant: str) -> Quality | None:
        """Report on all namespaces together, which share one budget; ``None`` where nothing was asked."""
        self.judge.settle()
        calibration = await self.judge.calibrations.of(Traffic(tenant, WHOLE))
        return self._quality(Traffic(tenant, WHOLE), calibration) if calibration.tally.requests else None

    def _quality(self, traffic: Traffic, calibration: Calibration) -> Quality:
        spending, budget = calibration.spending, self.judge.budget
        weighed = any(spending.seen)  # no probabilities are weighed by a threshold
        return Quality(
            traffic=traffic,
            tally=calibration.tally,
            budget=budget,
            measured=_measured(calibration.tally),
            expected=spending.rate if weighed else None,
            breached=spending.exceeds(budget),
            prospects=[_prospect(calibration, budget.of(share)) for share in OTHER_BUDGETS if weighed],
            refused=self.judge.recent.refused(traffic),
            risked=self.judge.recent.risked(traffic),
        )


def _prospect(calibration: Calibration, budget: ErrorBudget) -> Prospect:
    served = calibration.spending.share_within(budget, LEAST)
    exact = calibration.tally.exact_hits / calibration.tally.requests
    return Prospect(budget.share, min(1.0, exact + served), served)


def _measured(tally: Tally) -> Interval:
    """Scale what was found among the hits that were checked to all requests."""
    hits = tally.semantic_hits / tally.requests if tally.requests else 0.0
    return wilson(tally.checks_wrong, tally.checks).times(hits)

"""Judge candidates by what is known of the asker's traffic, and count what came of it."""

from collections import deque
from collections.abc import Iterable, Sequence

from attrs import define, field, frozen

from application.keep_calibrations import Calibrations
from domain.budgets import ErrorBudget
from domain.calibration import Traffic
from domain.candidates import Candidate
from domain.clock import Clock
from domain.events import AnswerChecked, BudgetBreached, EventSink
from domain.labels import Asked, Label, Report
from domain.questions import Question
from domain.verdicts import HitPolicy, Verdict

KEPT = 1000
"""Refusals that are kept, of all tenants together."""

NEAR = 0.75
"""The least similarity of a refusal that is worth looking at."""

EXACT = Asked(exact=True)


@frozen
class Refusal:
    """A remembered question that was near, but not near enough; *at* is in seconds since 1970."""

    traffic: Traffic
    stored: str
    asked: str
    verdict: Verdict
    at: float


@define
class JudgeHits:
    """
    Judges by a policy and by what is known of the traffic.

    *budget* is what the tenants were promised. The last refusals are kept in memory, to be shown to their tenant.
    """

    policy: HitPolicy
    calibrations: Calibrations
    budget: ErrorBudget
    clock: Clock
    events: EventSink
    _refusals: deque[Refusal] = field(factory=lambda: deque(maxlen=KEPT), init=False)

    async def __call__(self, question: Question, candidates: Sequence[Candidate]) -> Verdict:
        """Give the verdict on *candidates*, nearest first, and remember that it was given."""
        traffic = traffic_of(question)
        calibration = await self.calibrations.of(traffic)
        verdict = self.policy.judge(question.text, candidates, calibration)
        self.calibrations.note(traffic, Asked(False, verdict.at_stake, verdict.hit))
        if not verdict.hit and (verdict.similarity or 0) >= NEAR:
            self._refusals.append(Refusal(traffic, candidates[0].question, question.text, verdict, self.clock.now()))
        return verdict

    async def weigh(self, traffic: Traffic, asked: str, candidates: Sequence[Candidate]) -> Verdict:
        """Give the verdict on *candidates* without a trace."""
        return self.policy.judge(asked, candidates, await self.calibrations.of(traffic))

    def count_exact_hit(self, question: Question) -> None:
        """Count a request that was no matter of judgement."""
        self.calibrations.note(traffic_of(question), EXACT)

    async def learn(self, traffic: Traffic, truth: Label | Report) -> None:
        """Take in whether a candidate's answer fits; tells when that is how the budget was breached."""
        calibration = await self.calibrations.of(traffic)
        before = calibration.spending.exceeds(self.budget)
        self.calibrations.note(traffic, truth)
        self.events.note(AnswerChecked(traffic.tenant, truth.source, truth.fits))
        if calibration.spending.exceeds(self.budget) and not before:
            self.events.note(BudgetBreached(traffic.tenant, traffic.namespace, self.budget.share))

    def refusals(self, traffic: Traffic) -> Iterable[Refusal]:
        """Give the last refusals of one traffic, the newest first."""
        return (each for each in reversed(self._refusals) if each.traffic == traffic)

    def forget_words(self, tenant: str) -> None:
        """Forget the texts of a tenant that are kept here."""
        kept = [each for each in self._refusals if each.traffic.tenant != tenant]
        self._refusals.clear()
        self._refusals.extend(kept)


def traffic_of(question: Question) -> Traffic:
    """Name the traffic that a question belongs to."""
    return Traffic(question.tenant, question.namespace)

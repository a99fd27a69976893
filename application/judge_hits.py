"""Judge candidates by what is known of the asker's traffic, and count what came of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from attrs import define, evolve, field, frozen

from application.keep_calibrations import Calibrations
from application.keep_verdicts import Judged, RecentVerdicts
from application.take_turns import Turns
from domain.answers import Asking, Reason
from domain.budgets import ErrorBudget
from domain.calibration import Traffic
from domain.candidates import Candidate
from domain.clock import Clock
from domain.events import BudgetBreached, EventSink, LabelWon
from domain.labels import Asked, Label, Report
from domain.questions import Question
from domain.verdicts import HitPolicy, Verdict

WHOLE = "*"
"""No namespace is called so."""


@define
class JudgeHits:
    """
    Judges by a policy and by what is known of the traffic.

    *budget* is what the tenants were promised, *recent* what can be shown to them.
    """

    policy: HitPolicy
    calibrations: Calibrations
    budget: ErrorBudget
    clock: Clock
    events: EventSink
    recent: RecentVerdicts
    _unsettled: Counter[tuple[str, str, bool]] = field(factory=Counter, init=False)
    _breached: set[Traffic] = field(factory=set, init=False)

    async def __call__(self, asking: Asking, candidates: Sequence[Candidate]) -> Verdict:
        """Give the verdict on *candidates*, nearest first, and remember that it was given."""
        self.settle()
        traffic = traffic_of(asking.question)
        verdict = await self._judge(traffic, asking.question.text, candidates)
        self._note(traffic, Asked(False, verdict.at_stake, verdict.hit))
        await self._watch(traffic)
        if candidates and asking.directives.may_remember:
            nearest, now = candidates[0], self.clock.now()
            self.recent.keep(traffic, Judged(nearest.entry, nearest.question, asking.question.text, verdict, now))
        return verdict

    async def weigh(self, traffic: Traffic, asked: str, candidates: Sequence[Candidate]) -> Verdict:
        """Give the verdict on *candidates* without a trace."""
        return self.policy.judge(asked, candidates, await self.calibrations.of(traffic))

    def count(self, question: Question, *, exact: bool) -> None:
        """Count a request that was no matter of judgement: an *exact* hit, or a miss without a look at meanings."""
        # There are thousands of exact hits a second: they are told together when somebody wants to know.
        self._unsettled[question.tenant, question.namespace, exact] += 1

    def settle(self) -> None:
        """Let what was counted be known."""
        for (tenant, namespace, exact), times in self._unsettled.items():
            self._note(Traffic(tenant, namespace), Asked(exact, times=times))
        self._unsettled.clear()

    async def save(self) -> None:
        """Let the store know what it does not."""
        self.settle()
        await self.calibrations.save()

    async def learn(self, traffic: Traffic, truth: Label | Report) -> None:
        """Take in whether a candidate's answer fits."""
        await self.calibrations.of(traffic)
        self._note(traffic, truth)
        self.events.note(LabelWon(traffic.tenant, truth.source, truth.fits))
        await self._watch(traffic)

    async def was_reported_wrong(self, tenant: str, service: str) -> bool:
        """Tell whether *tenant* has said so of this entry and this question."""
        return (await self.calibrations.of(Traffic(tenant, WHOLE))).reports.get(service) is False

    async def _judge(self, traffic: Traffic, asked: str, candidates: Sequence[Candidate]) -> Verdict:
        whole = await self.calibrations.of(whole_of(traffic))
        verdict = self.policy.judge(asked, candidates, await self.calibrations.of(traffic))
        if verdict.hit and not self.calibrations.has_loaded(traffic):
            return evolve(verdict, hit=False, reason=Reason.MEMORY_FAILED)  # what users reported is not known
        risk = None if verdict.at_stake is None else 1 - verdict.at_stake
        if verdict.hit and risk is not None and not whole.spending.affords(risk, self.budget):
            return evolve(verdict, hit=False, reason=Reason.UNCERTAIN)
        return verdict

    async def _watch(self, traffic: Traffic) -> None:
        """Tell of a breach once, whether it came to light here or was loaded; again after it was made good."""
        news = False
        for each in (traffic, whole_of(traffic)):
            breached = (await self.calibrations.of(each)).spending.exceeds(self.budget)
            news |= breached and each not in self._breached
            (self._breached.add if breached else self._breached.discard)(each)
        if news:
            self.events.note(BudgetBreached(traffic.tenant, traffic.namespace, self.budget.share))

    def _note(self, traffic: Traffic, note: Asked | Label | Report) -> None:
        """Let a fact count for the namespace, and for what the tenant has to spend in all of them."""
        self.calibrations.note(traffic, note)
        self.calibrations.note(whole_of(traffic), note.without_lesson())


@frozen
class JudgeOneByOne:
    """
    Judges as *judge* does, but lets everybody else have their turn between two questions.

    A verdict is arithmetic: those of a batch, one right after the other, would stop the event loop. Equal questions go
    on together, so that they find one another again when they need a model.
    """

    judge: JudgeHits
    _turns: Turns = field(factory=lambda: Turns(1), init=False)

    async def __call__(self, asking: Asking, candidates: Sequence[Candidate]) -> Verdict:
        """Give the verdict on *candidates*, and remember that it was given."""
        async with self._turns.take(asking.question.fingerprint):
            await asyncio.sleep(0)
        return await self.judge(asking, candidates)

    async def weigh(self, traffic: Traffic, asked: str, candidates: Sequence[Candidate]) -> Verdict:
        """Give the verdict on *candidates* without a trace."""
        return await self.judge.weigh(traffic, asked, candidates)


def whole_of(traffic: Traffic) -> Traffic:
    """Name all traffic of a tenant: the budget is one, however many namespaces the tenant divides it among."""
    return Traffic(traffic.tenant, WHOLE)


def traffic_of(question: Question) -> Traffic:
    """Name the traffic that a question belongs to."""
    return Traffic(question.tenant, question.namespace)

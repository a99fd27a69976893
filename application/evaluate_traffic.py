"""Say what recorded requests would have got from memory, and what that would have saved, at several budgets."""

from collections.abc import Callable, Sequence

from attrs import field, frozen

from application.rehearse_requests import Assemble, JudgedOnce, KnownEmbeddings, Labels, Parts, Rehearsal
from application.report_quality import OTHER_BUDGETS
from domain.agreement import AnswerJudge
from domain.answers import Answer, Origin
from domain.budgets import ErrorBudget
from domain.clock import Clock
from domain.questions import normalise
from domain.recordings import Outcome, Recorded, Recording
from domain.similarity import Embedder
from domain.verdicts import HitPolicy, ThresholdPolicy, VerifiedPolicy

THRESHOLDS = (0.85, 0.95)
"""Cosines that others use, to compare with."""

BATCH = 64
"""So many texts are embedded, requests asked or pairs judged from one report of the progress to the next."""

Progress = Callable[[str, float], None]
"""Told what is being done, and which share of it is done."""


@frozen
class Trial:
    """A policy, and what came of it; *chosen* is the one that is configured."""

    policy: HitPolicy
    chosen: bool
    outcome: Outcome = field(factory=Outcome)

    @property
    def name(self) -> str:
        """Name the policy."""
        if isinstance(self.policy, VerifiedPolicy):
            return f"budget {100 * self.policy.budget.share:g} %"
        return f"cosine {self.policy.threshold:g}" if isinstance(self.policy, ThresholdPolicy) else "configured"


@frozen
class EvaluateTraffic:
    """Asks recorded requests again, of a new memory for each policy: the configured one, and others to compare."""

    embedder: Embedder
    answer_judge: AnswerJudge
    policy: HitPolicy
    budget: ErrorBudget
    assemble: Assemble
    clock: Clock

    async def __call__(self, recording: Recording, progress: Progress) -> Sequence[Trial]:
        """Try every policy on *recording*, which is not empty; raises ``EmbedderUnavailable``."""
        embedder = KnownEmbeddings(self.embedder)
        await _embed(embedder, recording, progress)
        judge: AnswerJudge = Labels() if recording.labelled else JudgedOnce(self.answer_judge)
        providers = frozenset(each.provider for each in recording.requests)
        trials = [Trial(policy, policy == self.policy) for policy in self._policies()]
        for trial in trials:
            rehearsal = self._rehearsal(Parts(trial.policy, embedder, judge, providers))
            await _try(trial, rehearsal, recording, progress)
        return trials

    def _policies(self) -> Sequence[HitPolicy]:
        budgets = sorted({*OTHER_BUDGETS, self.budget.share})
        usual = [
            *(VerifiedPolicy(self.budget.of(share)) for share in budgets),
            *(ThresholdPolicy(threshold) for threshold in THRESHOLDS),
        ]
        return usual if self.policy in usual else [*usual, self.policy]

    def _rehearsal(self, parts: Parts) -> Rehearsal:
        return Rehearsal(parts, self.assemble(parts), self.clock)


async def _embed(embedder: Embedder, recording: Recording, progress: Progress) -> None:
    texts = list(dict.fromkeys(normalise(each.text) for each in recording.requests))
    for start in range(0, len(texts), BATCH):
        progress("embedding", start / len(texts))
        await embedder.embed(texts[start : start + BATCH])


async def _try(trial: Trial, rehearsal: Rehearsal, recording: Recording, progress: Progress) -> None:
    outcome, model = trial.outcome, rehearsal.parts.model
    for number, request in enumerate(recording.requests):
        if number % BATCH == 0:
            progress(trial.name, number / len(recording.requests))
        answer = await rehearsal.ask(request)
        outcome.count(answer, await _fits(answer, request, rehearsal.parts.answer_judge, recording.labelled))
    outcome.calls, outcome.tokens = model.calls, model.tokens


async def _fits(answer: Answer, request: Recorded, judge: AnswerJudge, labelled: bool) -> bool | None:
    """Tell whether *answer* is right; the same question is taken to have the same answer, unless a label says no."""
    exact = answer.origin is Origin.EXACT_HIT
    if answer.source is None or (exact and not labelled):
        return True
    return None if request.answer is None else await judge.agree(request.text, answer.completion.text, request.answer)

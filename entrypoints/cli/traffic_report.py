"""What came of requests that were asked again."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen
from rich.console import Console

from application.evaluate_traffic import Trial
from domain.recordings import Outcome, Recording
from domain.verdicts import VerifiedPolicy
from entrypoints.cli.evaluation_report import CONFIGURED, Report, between, of_interval, plain_table

if TYPE_CHECKING:
    from entrypoints.cli.charts import Chart, Point


@frozen
class OfTraffic(Report):
    """What came of requests, by policy."""

    name: str
    kind: str
    recording: Recording
    trials: Sequence[Trial]

    def print_to(self, console: Console) -> None:
        """Print a row for each policy, and what a reader must know of them."""
        headings = ("policy", "hits", "net", "wrong", "95 %", "checks", *self._more_headings())
        table = plain_table(f"{self.name}: {len(self.recording.requests):,} requests", headings)
        for each in self.trials:
            table.add_row(*self._row(each), style=CONFIGURED if each.chosen else "")
        console.print(table)
        for sentence in self._notes():
            console.print(sentence, highlight=False)

    def as_json(self) -> dict[str, Any]:
        """Give everything that was counted."""
        return {
            "kind": self.kind,
            "requests": len(self.recording.requests),
            "possible_hit_rate": self.recording.possible_hit_rate,
            "requests_with_answers": self.recording.answered,
            "tokens": self.recording.tokens,
            "policies": [{**_of_policy(each), **self._of_outcome(each.outcome)} for each in self.trials],
        }

    def as_chart(self) -> "Chart":
        """Draw a line over the budgets, and the thresholds beside it."""
        from entrypoints.cli.charts import Chart  # noqa: PLC0415 - loads the drawing library

        points = [_mark(each) for each in self.trials]
        line = [
            point for point, each in zip(points, self.trials, strict=True) if isinstance(each.policy, VerifiedPolicy)
        ]
        title = f"{self.name}: {len(self.recording.requests):,} requests"
        return Chart(title, "wrong answers, of all requests", "net hits, of all requests", line, points)

    def _more_headings(self) -> Iterator[str]:
        if not self.recording.labelled:
            yield "unsure"
        if self.recording.tokens:
            yield "tokens"

    def _row(self, trial: Trial) -> Iterator[str]:
        outcome, wrong = trial.outcome, trial.outcome.wrong_rate
        yield f"{trial.name}{' *' if trial.chosen else ''}"
        yield from (f"{outcome.hit_rate:.1%}", f"{outcome.net_hit_rate:.1%}", f"{wrong.share:.2%}", between(wrong))
        yield f"{outcome.checks:,}"
        if not self.recording.labelled:
            yield f"{outcome.undecided:,}"
        if self.recording.tokens:
            yield f"{self.recording.saved(outcome):.1%}"

    def _notes(self) -> Iterator[str]:
        yield "* as configured. Net: the share of model calls that were not made, checks of hits being calls."
        if self.recording.tokens:
            yield "Tokens: the share of those that were counted that would not have been spent."
        if self.recording.possible_hit_rate is not None:
            yield f"A memory that knew all labels would answer {self.recording.possible_hit_rate:.1%}."
        elif not self.recording.answered:
            yield "There are no responses to learn from or to compare: wrong is what the shipped prior expects."
        elif any(each.outcome.undecided for each in self.trials):
            yield (
                "Unsure: hits whose answers could not be compared. Some of them are expected to be wrong, and count; "
                "the interval is from all of them right to all of them wrong."
            )

    def _of_outcome(self, outcome: Outcome) -> dict[str, Any]:
        return {
            "hit_rate": outcome.hit_rate,
            "net_hit_rate": outcome.net_hit_rate,
            "exact_hits": outcome.exact_hits,
            "semantic_hits": outcome.semantic_hits,
            "wrong_hits": outcome.wrong,
            "undecided_hits": outcome.undecided,
            "wrong_rate": of_interval(outcome.wrong_rate),
            "precision": outcome.precision,
            "checks": outcome.checks,
            "model_calls": outcome.calls,
            "tokens_saved": self.recording.saved(outcome) if self.recording.tokens else None,
        }


def _of_policy(trial: Trial) -> dict[str, Any]:
    if isinstance(trial.policy, VerifiedPolicy):
        return {"policy": "verified", "budget": trial.policy.budget.share, "configured": trial.chosen}
    return {"policy": "threshold", "threshold": getattr(trial.policy, "threshold", None), "configured": trial.chosen}


def _mark(trial: Trial) -> "Point":
    from entrypoints.cli.charts import Kind, Point  # noqa: PLC0415 - loads the drawing library

    otherwise = Kind.TRADE_OFF if isinstance(trial.policy, VerifiedPolicy) else Kind.ANCHOR
    wrong = trial.outcome.wrong_rate
    kind = Kind.CHOSEN if trial.chosen else otherwise
    return Point(trial.name, kind, wrong.share, trial.outcome.net_hit_rate, wrong.low, wrong.high)

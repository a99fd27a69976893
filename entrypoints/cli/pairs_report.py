"""How well pairs of questions were told apart."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen
from rich.console import Console

from application.evaluate_pairs import ALLOWED, Acceptance, Discrimination
from entrypoints.cli.evaluation_report import CONFIGURED, Report, between, of_interval, plain_table

if TYPE_CHECKING:
    from entrypoints.cli.charts import Chart, Point

DRAWN = 400
"""So many points of a curve are drawn at most."""


@frozen
class OfPairs(Report):
    """How well pairs were told apart."""

    name: str
    found: Discrimination

    def print_to(self, console: Console) -> None:
        """Print what is accepted by which rule."""
        title = f"{self.name}: {self.found.pairs:,} pairs, AUC {self.found.auc:.3f}"
        table = plain_table(title, ("accepted by", "same", "95 %", "different", "95 %", "precision"))
        table.add_row(*_row(self.found.shipped, " *"), style=CONFIGURED)
        for each in self.found.anchors:
            table.add_row(*_row(each))
        for allowed in ALLOWED:
            table.add_row("probability", f"{self.found.same_at(allowed):.1%}", "", f"up to {allowed:.0%}", "", "")
        console.print(table)
        console.print("* as configured, of a tenant of whom nothing is known yet.", highlight=False)

    def as_json(self) -> dict[str, Any]:
        """Give the figures, and the curve."""
        found = self.found
        return {
            "kind": "pairs",
            "pairs": found.pairs,
            "auc": found.auc,
            "shipped": _of_acceptance(found.shipped),
            "anchors": [_of_acceptance(each) for each in found.anchors],
            "same_at_different": [{"different": each, "same": found.same_at(each)} for each in ALLOWED],
            "curve": [_of_acceptance(each) for each in _thinned(found.curve)],
        }

    def as_chart(self) -> "Chart":
        """Draw the curve along the probability, the verdicts and the thresholds."""
        from entrypoints.cli.charts import Chart, Kind  # noqa: PLC0415 - loads the drawing library

        line = [_place(each, Kind.TRADE_OFF) for each in _thinned(self.found.curve)]
        anchors = [_place(each, Kind.ANCHOR) for each in self.found.anchors]
        points = [_place(self.found.shipped, Kind.CHOSEN), *anchors]
        return Chart(f"{self.name}: {self.found.pairs:,} pairs", "different accepted", "same accepted", line, points)


def _of_acceptance(acceptance: Acceptance) -> dict[str, Any]:
    same, different = of_interval(acceptance.same), of_interval(acceptance.different)
    return {"by": acceptance.name, "at": acceptance.at, "same": same, "different": different}


def _row(acceptance: Acceptance, mark: str = "") -> Iterator[str]:
    yield f"{acceptance.name}{mark}"
    for each in (acceptance.same, acceptance.different):
        yield from (f"{each.share:.1%}", between(each))
    yield "" if acceptance.precision is None else f"{acceptance.precision:.1%}"


def _thinned(curve: Sequence[Acceptance]) -> Sequence[Acceptance]:
    return curve[:: max(1, -(-len(curve) // DRAWN))]


def _place(acceptance: Acceptance, kind: Any) -> "Point":
    from entrypoints.cli.charts import Point  # noqa: PLC0415 - loads the drawing library

    different = acceptance.different
    return Point(acceptance.name, kind, different.share, acceptance.same.share, different.low, different.high)

"""What an evaluation found, in the forms that can be asked for."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.table import Table

from domain.budgets import Interval

if TYPE_CHECKING:
    from entrypoints.cli.charts import Chart


CONFIGURED = "bold"
"""How the row looks that is about what is configured."""


class Report(Protocol):
    """What an evaluation found, in the forms that can be asked for."""

    @abstractmethod
    def print_to(self, console: Console) -> None:
        """Tell people."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """Tell programs; rates are shares, 0 to 1."""

    @abstractmethod
    def as_chart(self) -> "Chart":
        """Draw it."""


def of_interval(interval: Interval) -> dict[str, float]:
    """Give an interval as JSON."""
    return {"rate": interval.share, "low": interval.low, "high": interval.high}


def plain_table(title: str, headings: Sequence[str]) -> Table:
    """Make a table of names and figures, without lines, to fit into 80 columns."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return table


def between(interval: Interval) -> str:
    """Write the ends of an interval."""
    return f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"

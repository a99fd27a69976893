"""What a benchmark found, what it should find, and the Markdown table of all."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import asdict, frozen


@frozen
class Figure:
    """
    One measured value; *rounds* holds what each round gave, of which *value* is the median.

    With *at_least* or *at_most* it has a target, and without it is there to be looked at.
    """

    benchmark: str
    what: str
    unit: str
    rounds: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def value(self) -> float:
        """Give the median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def met(self) -> bool | None:
        """Tell whether the target is met; ``None`` where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most


@frozen
class Effort:
    """How long and how often something is measured."""

    seconds: int = 5
    rounds: int = 5


def ratios(ours: Sequence[float], floor: Sequence[float]) -> list[float]:
    """Divide round by round: what disturbs the machine for a minute disturbs both."""
    return [one / other for one, other in zip(ours, floor, strict=True)]


def markdown(figures: Sequence[Figure]) -> str:
    """Give the table for README.md."""
    heading = [
        "| benchmark | figure | median | lowest to highest round | target | met |",
        "|---|---|---:|---:|---:|---|",
    ]
    return "\n".join([*heading, *map(_row, figures), "", machine()])


def machine() -> str:
    """Say what was measured on, and when."""
    cores = os.cpu_count()
    today = datetime.now(UTC).date().isoformat()
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{today}: {_processor()}, {cores} cores, Python {platform.python_version()}; load at the end: {load}."


def write_json(figures: Sequence[Figure], path: Path) -> None:
    """Keep everything, each round included."""
    rows = [{**asdict(each), "value": each.value, "met": each.met} for each in figures]
    path.write_text(json.dumps({"machine": machine(), "figures": rows}, indent=2) + "\n")


def _row(figure: Figure) -> str:
    several = len(figure.rounds) > 1
    spread = f"{_number(min(figure.rounds))} to {_number(max(figure.rounds))}" if several else ""
    median = f"{_number(figure.value)} {figure.unit}".strip()
    met = {True: "yes", False: "**no**", None: ""}[figure.met]
    return f"| {figure.benchmark} | {figure.what} | {median} | {spread} | {_target(figure)} | {met} |"


def _target(figure: Figure) -> str:
    if figure.at_least is not None:
        return f"at least {_number(figure.at_least)} {figure.unit}".strip()
    return "" if figure.at_most is None else f"at most {_number(figure.at_most)} {figure.unit}".strip()


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3  # noqa: PLR2004
    return f"{value:,.{digits}f}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())

"""Charts: what is answered against how much of it is wrong, as a picture or as a page. Importing it takes 0.2 s."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import altair as alt
from attrs import asdict, frozen

from domain.errors import RAGBoostError

WIDTH, HEIGHT = 640, 420
SHARPNESS = 2
"""Dots of a picture for each of the page's."""


class Kind(StrEnum):
    """What a point stands for: also the legend's words."""

    TRADE_OFF = "what else could be chosen"
    CHOSEN = "as configured"
    ANCHOR = "cosine alone"


@frozen
class Point:
    """Shares, 0 to 1: *up* is what is wanted, *across* what it costs, from *low* to *high* with 95 % certainty."""

    name: str
    kind: Kind
    across: float
    up: float
    low: float
    high: float


@frozen
class Chart:
    """*line* is drawn through, in its order; *points* are marked, with their names and intervals."""

    title: str
    across: str
    up: str
    line: Sequence[Point]
    points: Sequence[Point]


class ChartUnwritable(RAGBoostError):
    """There is no place for a chart."""


def write(chart: Chart, file: Path) -> None:
    """Draw *chart* into *file*, as its name ends; a page needs no network to be seen. Raises ``ChartUnwritable``."""
    is_page = file.suffix == ".html"
    options: dict[str, Any] = {"inline": True} if is_page else {"scale_factor": SHARPNESS}
    try:
        _drawn(chart).save(str(file), embed_options={"actions": False}, **options)
    except OSError as error:
        raise ChartUnwritable(f"{file} cannot be written: {error.strerror}") from error


def _drawn(chart: Chart) -> alt.LayerChart:
    across = alt.X("across:Q", title=chart.across, axis=alt.Axis(format="~%"))
    up = alt.Y("up:Q", title=chart.up, axis=alt.Axis(format="~%"))
    line = alt.Chart(_data(chart.line)).mark_line(opacity=0.6).encode(across, up, order="place:Q")
    marked = alt.Chart(_data(chart.points)).encode(across, up, color=_by_kind(alt.Color), tooltip=_tooltip(chart))
    spread = marked.mark_rule(opacity=0.5).encode(alt.X("low:Q"), alt.X2("high:Q"))
    dots = marked.mark_point(filled=True, size=110, opacity=1).encode(_by_kind(alt.Shape))
    names = [_names(marked, "==", -12), _names(marked, "!=", 12)]
    return alt.LayerChart(layer=[line, spread, dots, *names], title=chart.title, width=WIDTH, height=HEIGHT)


def _names(marked: alt.Chart, anchors: str, below: int) -> Any:
    """Write the names of the anchors above them, and the others' below: the two often meet."""
    names = marked.transform_filter(f"datum.kind {anchors} '{Kind.ANCHOR.value}'")
    return names.mark_text(align="left", dx=8, dy=below).encode(text="name:N")


def _data(points: Sequence[Point]) -> alt.InlineData:
    return alt.InlineData(values=[{**asdict(each), "place": place} for place, each in enumerate(points)])


def _by_kind(channel: type[Any]) -> Any:
    return channel("kind:N", title=None, scale=alt.Scale(domain=[each.value for each in Kind]))


def _tooltip(chart: Chart) -> list[alt.Tooltip]:
    shares = (("across", chart.across), ("low", "at least"), ("high", "at most"), ("up", chart.up))
    return [alt.Tooltip("name:N"), *(alt.Tooltip(f"{field}:Q", title=title, format=".2%") for field, title in shares)]

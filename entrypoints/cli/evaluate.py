"""ragboost evaluate: say, before anything is switched on, what memory would do for given questions."""

import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import uvloop
from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from application.evaluate_traffic import Progress as Tell
from domain.recordings import Recording
from entrypoints.cli.evaluation_report import Report
from entrypoints.cli.labelled_files import read_log, read_pairs, read_stream
from entrypoints.cli.pairs_report import OfPairs
from entrypoints.cli.traffic_report import OfTraffic
from entrypoints.container import Container
from entrypoints.settings_loading import load_settings

T = TypeVar("T")

FORMATS = (".png", ".html", ".svg")
USUAL = FORMATS[:2]

STEPS = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())


@frozen
class Wanted:
    """What is wanted of an evaluation: of which lines, and in which forms."""

    file: Path
    limit: int | None
    as_json: bool
    charts: Sequence[Path]

    def show(self, report: Report) -> None:
        """Print *report*, and draw it."""
        if self.as_json:
            click.echo(json.dumps({"file": self.file.name, **report.as_json()}))
        else:
            report.print_to(Console())
        if self.charts:
            from entrypoints.cli.charts import write  # noqa: PLC0415 - few want a chart

            for chart in self.charts:
                write(report.as_chart(), chart)


@click.group()
def evaluate() -> None:
    """
    Say what memory would do for given questions, before it is switched on.

    FILE has a JSON object a line, and may be compressed by gzip. Nothing is asked of a running service, and no
    remembered answer is read or written. The settings count as they do for the service.
    """


def _evaluation(command: Callable[[Wanted], None]) -> Callable[..., None]:
    """Give *command* the argument and the options that all have."""

    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--limit", type=click.IntRange(min=1), help="Read only so many lines.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.option(
        "--chart",
        "charts",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_charts,
        help="Draw NAME.png and NAME.html, or just the one file if NAME ends in .png, .html or .svg.",
        metavar="NAME",
    )
    @wraps(command)
    def packed(**options: Any) -> None:
        command(Wanted(**options))

    return packed


def _charts(context: click.Context, parameter: click.Parameter, given: Sequence[Path]) -> Sequence[Path]:
    """Name the files, and find out before the work that there is no folder for them."""
    for each in given:
        if not each.parent.is_dir():
            raise click.BadParameter(f"there is no folder {each.parent}", context, parameter)
    return [file for each in given for file in _files(each)]


def _files(chart: Path) -> Sequence[Path]:
    return [chart] if chart.suffix in FORMATS else [chart.with_name(chart.name + suffix) for suffix in USUAL]


@evaluate.command()
@_evaluation
def pairs(wanted: Wanted) -> None:
    """
    Judge pairs of questions as a new tenant would get them judged.

    Each line of FILE is {"a": a remembered question, "b": one that is asked, "same": 1 if they share an answer,
    else 0}. Tells the share of same and of different pairs that is accepted, as it ships and along the probability.
    """
    labelled = read_pairs(wanted.file, wanted.limit)
    found = _run(lambda container, tell: container.evaluate_pairs()(labelled, tell))
    wanted.show(OfPairs(wanted.file.name, found))


@evaluate.command()
@_evaluation
def stream(wanted: Wanted) -> None:
    """
    Ask labelled questions in order, at several error budgets.

    Each line of FILE is {"text": a question, "answer_id": the name of its answer}. Memory is empty at first and
    learns as it does in the service; that fresh answers agree it is told by their names. A hit is wrong when it
    comes from a question with another name.
    """
    _evaluate_traffic(wanted, "stream", read_stream(wanted.file, wanted.limit))


@evaluate.command()
@_evaluation
def log(wanted: Wanted) -> None:
    """
    Ask your own requests again, in order, at several error budgets; nobody answers anew.

    Each line of FILE is {"query": what was asked}, and may have "response" (what a model answered), "prompt_tokens"
    and "completion_tokens" (what that took), "model" and "provider" (requests to different ones share no answers).
    Other fields are passed over. Without responses there is nothing to learn from: then the rate of wrong answers
    is what the shipped prior expects. Responses are compared by the judge in RAGBOOST_SEMANTIC_ANSWER_JUDGE: `local`
    calls no model; `model` does, for most questions that are no hits, and has its price.
    """
    _evaluate_traffic(wanted, "log", read_log(wanted.file, wanted.limit))


def _evaluate_traffic(wanted: Wanted, kind: str, recording: Recording) -> None:
    trials = _run(lambda container, tell: container.evaluate_traffic()(recording, tell))
    wanted.show(OfTraffic(wanted.file.name, kind, recording, trials))


def _run(act: Callable[[Container, Tell], Awaitable[T]]) -> T:
    async def run() -> T:
        container = Container(settings=load_settings())
        async with container.open_things():
            with _progress() as tell:
                return await act(container, tell)

    return uvloop.run(run())


@contextmanager
def _progress() -> Iterator[Tell]:
    """Show on a terminal how far it is; elsewhere say nothing."""
    console = Console(file=sys.stderr)
    with Progress(*STEPS, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda step, done: bar.update(task, description=step, completed=done)

"""ragboost cache warm: have answers remembered before anybody asks."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import httpx
from attrs import define, field

from domain.errors import RAGBoostError
from entrypoints.cli.client import Connection, ServiceRefused, call, with_connection
from entrypoints.cli.progress_bar import progress_bar
from entrypoints.cli.warm_lines import WarmLine, portions, read_warm_file

QUESTIONS_AT_ONCE = 8
"""Questions for which a model may be asked at the same time."""

TOLD = 100
"""So many broken lines are told one by one."""

PATIENCE = 20
"""So many questions in a row may get no answer before nobody is asked any more."""

TOO_LARGE, UNANSWERED = 413, 503
LINES_FAULT = {400, TOO_LARGE}
"""Statuses that say nothing of the next question."""

SUMMARY = {
    "remembered": "{:,} answers remembered",
    "replaced": "{:,} replaced",
    "asked": "{:,} questions asked",
    "known": "{:,} known already",
    "left": "{:,} left, for another answer is remembered (--replace takes yours)",
    "purged": "{:,} purged meanwhile",
    "unused": "{:,} not used",
}
"""What is said of the lines, by what became of them."""

AGAIN = "run it again: what is remembered is passed over"


class LinesUnused(RAGBoostError):
    """Some lines of a file came to nothing; all others were used."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Let the answers in FILE replace others that are remembered and fresh.")
@click.option("--namespace", help="The namespace of lines that name none.")
@click.option("--provider", help="The provider of lines that name none.")
@click.option("--model", help="The model of lines that name none.")
@click.option("--ttl", type=click.IntRange(min=1), help="Seconds of freshness, for lines that do not say how many.")
@click.option("--tag", "tags", multiple=True, help="A tag for lines that have none; may be given several times.")
@with_connection
def warm(file: Path, connection: Connection, replace: bool, **fields: Any) -> None:
    """
    Have the answers in FILE remembered, and its questions asked.

    Each line is a JSON object with a query and its answer, and maybe tags and whatever else a question may have.
    A line without an answer is asked, so that the model's is remembered; so is a JSON string, and each line of a file
    of plain text. What is remembered is passed over, so it may be run again.
    """
    defaults = {name: value for name, value in fields.items() if value}
    with progress_bar("warming up", file.stat().st_size) as bar:
        warming = Warming(bar.say, replace)
        lines = read_warm_file(file, defaults, bar.watch)
        try:
            connection.talk(partial(warming, lines))
        finally:
            bar.stop()
            click.echo(warming.summary())
    if warming.tally["unused"]:
        raise LinesUnused(f"{warming.tally['unused']:,} lines of {file} were not used; mend them and {AGAIN}")


@define
class Warming:
    """A file on its way into memory; *say* hears what is wrong with it, *tally* counts what became of its lines."""

    say: Callable[[str], None]
    replace: bool
    tally: "Counter[str]" = field(factory=Counter, init=False)
    _client: httpx.AsyncClient = field(init=False)
    _unanswered: int = field(default=0, init=False)
    _turn: asyncio.Semaphore = field(factory=partial(asyncio.Semaphore, QUESTIONS_AT_ONCE), init=False)

    async def __call__(self, lines: Iterable[WarmLine], client: httpx.AsyncClient) -> None:
        """Use all *lines*, in order but for questions; raises ``ServiceRefused`` where none can be used any more."""
        self._client = client
        try:
            for some in portions(lines):
                await self._use(some)
        except ServiceRefused as refused:
            again = f"; {AGAIN}" if self.tally else ""
            raise ServiceRefused(f"{refused}{again}", refused.status) from refused

    def summary(self) -> str:
        """Say what became of the lines."""
        parts = [text.format(self.tally[name]) for name, text in SUMMARY.items() if self.tally[name]]
        return ", ".join(parts) or "nothing was done"

    async def _use(self, lines: Sequence[WarmLine]) -> None:
        for each in lines:
            if each.trouble:
                self._tell(each, each.trouble)
        await self._give([each for each in lines if each.is_given])
        await _together([self._ask(each) for each in lines if each.fields is not None and not each.is_given])

    async def _give(self, lines: Sequence[WarmLine]) -> None:
        if not lines:
            return
        body = {"entries": [each.fields for each in lines], "replace": self.replace}
        try:
            reply = await call(self._client, "POST", "/api/v1/cache/entries", body)
        except ServiceRefused as refused:
            await self._give_fewer(lines, refused)
        else:
            for place, (line, outcome) in enumerate(zip(lines, reply["entries"], strict=True)):
                self._note(line, outcome, f"entries[{place}]")

    async def _give_fewer(self, lines: Sequence[WarmLine], refused: ServiceRefused) -> None:
        """Give half of what was too much at once."""
        if refused.status != TOO_LARGE:
            raise refused
        if len(lines) == 1:
            self._tell(lines[0], "is longer than the service reads; its RAGBOOST_MAX_BODY_BYTES may allow more")
            return
        half = len(lines) // 2
        await self._give(lines[:half])
        await self._give(lines[half:])

    def _note(self, line: WarmLine, outcome: dict[str, Any], name: str) -> None:
        if outcome["problem"]:
            trouble = outcome["problem"]["detail"].replace(f"{name}.", "").replace(f"{name}: ", "")
            self._tell(line, trouble.replace("response:", "answer:"))
        else:
            self.tally[outcome["outcome"]] += 1

    async def _ask(self, line: WarmLine) -> None:
        async with self._turn:
            try:
                answer = await call(self._client, "POST", "/api/v1/query", line.fields)
            except ServiceRefused as refused:
                self._regret(line, refused)
                return
        self._unanswered = 0
        if answer["cache_info"]["cache_hit"]:
            self.tally["known"] += 1
        elif answer["finish_reason"] == "stop":
            self.tally["asked"] += 1
        else:
            self._tell(line, f"its answer is not remembered, for it ended with {answer['finish_reason']}")

    def _regret(self, line: WarmLine, refused: ServiceRefused) -> None:
        """Go on with the next line, unless that would fare no better."""
        if refused.status not in LINES_FAULT | {UNANSWERED}:
            raise refused
        self._tell(line, str(refused))
        self._unanswered += refused.status == UNANSWERED
        if self._unanswered == PATIENCE:
            raise ServiceRefused(f"{PATIENCE} questions in a row got no answer, the last for this: {refused}")

    def _tell(self, line: WarmLine, trouble: str) -> None:
        self.tally["unused"] += 1
        if self.tally["unused"] <= TOLD:
            self.say(f"line {line.number:,}: {trouble}")
        elif self.tally["unused"] == TOLD + 1:
            self.say("there are more lines that cannot be used; they are only counted")


async def _together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of *works*, or as much as can be done until one of them fails."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in works:
                group.create_task(each)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed

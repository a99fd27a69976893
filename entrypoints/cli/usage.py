"""ragboost usage: what models were used for, what that cost, and what memory saved."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import click
import uvloop
from attrs import asdict
from rich.console import Console
from rich.table import Table

from domain.metering import Consumption, Line, Period, Usage
from domain.pricing import in_dollars
from entrypoints.cli.client import json_option
from entrypoints.container import Container
from entrypoints.settings_loading import load_settings

A_MONTH = timedelta(days=30)
DAY = click.DateTime(["%Y-%m-%d"])

WIDE = 200
"""Columns of a table that nobody looks at in a terminal."""

Cells = Callable[[Consumption], Mapping[str, str]]
"""What a table says of sums, by the names of its columns."""

LEGEND = """\
remembered: answers without a call of their own. unpriced: calls and answers that are missing in the dollars.
saved: what the avoided tokens would have cost, less the calls that only memory needed.
served: tokens of all answers. provider: tokens that the provider counted, for all calls.
to pay: those of them that are not free. avoided: tokens that memory spared."""


@click.command()
@click.option("--from", "first", type=DAY, help="The first day, in UTC; by default a month before the last.")
@click.option("--to", "last", type=DAY, help="The last day, in UTC; by default today.")
@click.option("--tenant", help="Only this tenant's.")
@json_option
def usage(first: datetime | None, last: datetime | None, tenant: str | None, as_json: bool) -> None:
    """
    Sum up what models were used for, by day and model.

    Read from the records of the data folder; what was served in the last second may not be there yet.
    """
    period = _period(first, last)
    used = uvloop.run(_read(period, tenant))
    if as_json:
        click.echo(json.dumps(_as_json(period, tenant, used), ensure_ascii=False))
    else:
        _show(used)


def _period(first: datetime | None, last: datetime | None) -> Period:
    end = last.date() if last else datetime.now(UTC).date()
    begin = first.date() if first else max(end, date.min + A_MONTH) - A_MONTH
    if begin > end:
        raise click.UsageError(f"--from {begin} is after --to {end}; give an earlier first or a later last day")
    return Period(begin, end)


async def _read(period: Period, tenant: str | None) -> Usage:
    container = Container(settings=load_settings())
    async with container.open_things():
        await container.records().open()
        return await container.report_usage()(period, tenant)


def _as_json(period: Period, tenant: str | None, used: Usage) -> Mapping[str, object]:
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "tenant": tenant,
        "lines": [_line(each) for each in used.lines],
        "total": _sums(used.total),
    }


def _line(line: Line) -> Mapping[str, object]:
    named = {"day": line.day.isoformat(), "provider": line.provider, "model": line.model}
    return {**named, **_sums(line.consumption)}


def _sums(sums: Consumption) -> Mapping[str, object]:
    """Give numbers as numbers, and dollars as texts: no reader shall make floats of them."""
    counted = asdict(sums)
    savings = sums.savings
    money = {"spent_usd": counted.pop("spent"), "avoided_usd": counted.pop("saved")}
    del counted["borne"]
    net = {**money, "overhead_usd": savings.overhead, "saved_usd": savings.net}
    tokens = {f"{name}_tokens": counted.pop(name) for name in ("served", "provider", "billable", "avoided")}
    return {**counted, **tokens, **{name: in_dollars(each) for name, each in net.items()}}


def _show(used: Usage) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    for cells in (_answers_and_dollars, _tokens):
        console.print(_table(used, cells), "")
    click.echo(click.style(LEGEND, dim=True))


def _table(used: Usage, cells: Cells) -> Table:
    table = Table("day", "model", box=None, pad_edge=False, show_footer=True)
    table.columns[0].footer, table.columns[0].no_wrap = "total", True
    for name, footer in cells(used.total).items():
        table.add_column(name, footer=footer, justify="right", no_wrap=True)
    for each in used.lines:
        table.add_row(each.day.isoformat(), f"{each.provider} {each.model}", *cells(each.consumption).values())
    return table


def _answers_and_dollars(sums: Consumption) -> Mapping[str, str]:
    counts = {"answers": sums.answers, "remembered": sums.remembered, "calls": sums.calls, "unpriced": sums.unpriced}
    dollars = {"$ spent": in_dollars(sums.spent) or "", "$ saved": in_dollars(sums.savings.net) or ""}
    return {name: f"{each:,}" for name, each in counts.items()} | dollars


def _tokens(sums: Consumption) -> Mapping[str, str]:
    tokens = {"served": sums.served, "provider": sums.provider, "to pay": sums.billable, "avoided": sums.avoided}
    return {name: f"{each:,}" for name, each in tokens.items()}

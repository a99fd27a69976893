"""ragboost doctor: examine the configuration, and say what to change."""

import json
import sys
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

import click
import uvloop
from attrs import asdict, evolve
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from domain.examination import Finding, Judgement, verdict
from entrypoints.logs import configure_logging
from entrypoints.masking import HIDDEN, SHORTEST
from entrypoints.opening_examiners import examination
from entrypoints.settings import Settings
from entrypoints.settings_loading import load_settings

STYLES = {Judgement.OK: "green", Judgement.ADVICE: "yellow", Judgement.UNKNOWN: "yellow", Judgement.WRONG: "bold red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """
    Examine the configuration, and what it rests on: files, Redis, Qdrant.

    Nothing is changed, and no model is asked. The exit status is 0 when nothing is wrong, 1 when something is, and 2
    when the settings cannot be used at all.
    """
    settings = load_settings()
    quiet = settings.model_copy(update={"log": settings.log.model_copy(update={"level": "critical"})})
    configure_logging(quiet, sys.stderr)
    findings = [_masked(each, settings.secrets) for each in uvloop.run(_examine(settings))]
    if as_json:
        told = [asdict(each) for each in findings]
        click.echo(json.dumps({"verdict": verdict(findings), "findings": told}, indent=2, ensure_ascii=False))
    else:
        _show(findings)
    sys.exit(1 if verdict(findings) is Judgement.WRONG else 0)


async def _examine(settings: Settings) -> Sequence[Finding]:
    async with examination(settings) as examine_setup:
        return await examine_setup()


def _masked(finding: Finding, secrets: Sequence[str]) -> Finding:
    """Take out what must not be seen; nobody should have put it there."""
    found, remedy = finding.found, finding.remedy
    for each in secrets:
        if len(each) >= SHORTEST:
            found, remedy = found.replace(each, HIDDEN), remedy.replace(each, HIDDEN)
    return evolve(finding, found=found, remedy=remedy)


def _show(findings: Sequence[Finding]) -> None:
    console = Console()
    table = Table(Column("looked at"), Column("", no_wrap=True), Column("found", overflow="fold"), box=SIMPLE_HEAD)
    for part, group in groupby(findings, attrgetter("part")):
        table.add_row(f"[bold]{part}[/]")
        for each in group:
            table.add_row(f"  {each.subject}", *_told(each))
    console.print(table)
    console.print(_summary(findings))


def _told(finding: Finding) -> tuple[str, str]:
    style = STYLES[finding.judgement]
    remedy = f"\n[{style}]→ {escape(finding.remedy)}[/]" if finding.remedy else ""
    return f"[{style}]{finding.judgement}[/]", escape(finding.found) + remedy


def _summary(findings: Sequence[Finding]) -> str:
    counts = {judgement: sum(each.judgement is judgement for each in findings) for judgement in Judgement}
    return ", ".join(f"{number} {judgement}" for judgement, number in counts.items() if number)

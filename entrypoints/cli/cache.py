"""ragboost cache: look at what is remembered, purge it, report what was wrong, and see how good it is."""

import json
from urllib.parse import quote

import click
import httpx

from entrypoints.cli.cache_files import export_command, import_command
from entrypoints.cli.client import Connection, call, json_option, with_connection
from entrypoints.cli.quality_report import show_quality
from entrypoints.cli.warm import warm


@click.group()
def cache() -> None:
    """Look at what is remembered, warm it up, purge it, move it, and see how good it is."""


for command in (warm, export_command, import_command):
    cache.add_command(command)


@cache.command()
@with_connection
@json_option
def stats(connection: Connection, as_json: bool) -> None:
    """Count what is remembered."""
    held = connection.call("GET", "/api/v1/cache/stats")
    told = "{entries:,} answers, {size_bytes:,} bytes, {hits:,} hits served from them".format(**held)
    click.echo(json.dumps(held) if as_json else told)


@cache.command()
@click.argument("entry_id")
@with_connection
def show(entry_id: str, connection: Connection) -> None:
    """Show one remembered answer as JSON."""
    entry = connection.call("GET", f"/api/v1/cache/entries/{entry_id}")
    click.echo(json.dumps(entry, indent=2, ensure_ascii=False))


@cache.command()
@click.option("--all", is_flag=True, default=None, help="All of the tenant's answers.")
@click.option("--namespace", help="Those of this namespace.")
@click.option("--tag", help="Those with this tag.")
@click.option("--model", help="Those of this model.")
@click.option("--document", help="Those that cite this document.")
@click.option("--older-than", type=click.IntRange(min=0), help="Those stored longer ago than so many seconds.")
@click.option("--dry-run", is_flag=True, help="Only count them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_connection
def purge(connection: Connection, dry_run: bool, yes: bool, **fields: object) -> None:
    """Forget all answers that every given option matches; counts them first."""
    body = {name: value for name, value in fields.items() if value is not None}

    async def conversation(client: httpx.AsyncClient) -> None:
        found = await call(client, "POST", "/api/v1/cache/purge", {**body, "dry_run": True})
        click.echo(f"{found['entries']:,} answers match")
        if not dry_run and (yes or click.confirm("Forget them?")):
            gone = await call(client, "POST", "/api/v1/cache/purge", body)
            click.echo(f"{gone['entries']:,} answers forgotten")

    connection.talk(conversation)


@cache.command()
@click.argument("entry_id")
@click.argument("query")
@click.option("--wrong", is_flag=True, help="The answer does not fit QUERY.")
@click.option("--right", is_flag=True, help="It does.")
@click.option("--note", help="Words for the service's log, where questions may be logged.")
@with_connection
def feedback(connection: Connection, wrong: bool, right: bool, **said: str | None) -> None:
    """Report whether the answer of ENTRY_ID was right as an answer to QUERY; a wrong one is forgotten."""
    if wrong == right:
        raise click.UsageError("say --wrong or --right")
    body = {name: value for name, value in said.items() if value is not None}
    done = connection.call("POST", "/api/v1/cache/feedback", {**body, "correct": right})
    told = "the answer is forgotten, and will not be served for this question again" if wrong else "noted"
    click.echo(f"{told}{' (it was known)' if done['known'] else ''}")


@cache.command()
@click.option("--namespace", help="Only this one.")
@with_connection
@json_option
def quality(connection: Connection, namespace: str | None, as_json: bool) -> None:
    """Show how many answers were wrong, what is promised, and what was refused for its sake."""
    narrowed = f"?namespace={quote(namespace)}" if namespace is not None else ""
    report = connection.call("GET", f"/api/v1/cache/quality{narrowed}")
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        show_quality(report)

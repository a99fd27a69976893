"""ragboost cache: look at what is remembered, and purge it."""

import json

import click
import httpx

from entrypoints.cli.client import Connection, call, json_option, with_connection


@click.group()
def cache() -> None:
    """Look at what is remembered, and purge it."""


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

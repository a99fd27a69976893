"""ragboost cache: look at what is remembered, and purge it."""

import json
from typing import Any

import click
import httpx

from entrypoints.cli.client import call, json_option, key_option, talk, url_option


@click.group()
def cache() -> None:
    """Look at what is remembered, and purge it."""


@cache.command()
@url_option
@key_option
@json_option
def stats(url: str | None, key: str | None, as_json: bool) -> None:
    """Count what is remembered."""

    async def conversation(client: httpx.AsyncClient) -> dict[str, Any]:
        return await call(client, "GET", "/api/v1/cache/stats")

    held = talk(url, key, conversation)
    told = "{entries:,} answers, {size_bytes:,} bytes, {hits:,} hits served from them".format(**held)
    click.echo(json.dumps(held) if as_json else told)


@cache.command()
@click.argument("entry_id")
@url_option
@key_option
def show(entry_id: str, url: str | None, key: str | None) -> None:
    """Show one remembered answer as JSON."""

    async def conversation(client: httpx.AsyncClient) -> dict[str, Any]:
        return await call(client, "GET", f"/api/v1/cache/entries/{entry_id}")

    click.echo(json.dumps(talk(url, key, conversation), indent=2, ensure_ascii=False))


@cache.command()
@click.option("--all", "everything", is_flag=True, help="All of the tenant's answers.")
@click.option("--namespace", help="Those of this namespace.")
@click.option("--tag", help="Those with this tag.")
@click.option("--model", help="Those of this model.")
@click.option("--older-than", type=click.IntRange(min=0), help="Those stored longer ago than so many seconds.")
@click.option("--dry-run", is_flag=True, help="Only count them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@key_option
def purge(url: str | None, key: str | None, everything: bool, dry_run: bool, yes: bool, **fields: Any) -> None:
    """Forget all answers that every given option matches; counts them first."""
    selection = {name: value for name, value in fields.items() if value is not None}
    body = {"all": True, **selection} if everything else selection

    async def conversation(client: httpx.AsyncClient) -> None:
        found = await call(client, "POST", "/api/v1/cache/purge", {**body, "dry_run": True})
        click.echo(f"{found['entries']:,} answers match")
        if not dry_run and (yes or click.confirm("Forget them?")):
            gone = await call(client, "POST", "/api/v1/cache/purge", body)
            click.echo(f"{gone['entries']:,} answers forgotten")

    talk(url, key, conversation)

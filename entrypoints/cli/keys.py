"""ragboost keys: create, list and revoke API keys."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click
import uvloop
from rich.console import Console
from rich.table import Table

from application.manage_keys import ManageKeys
from entrypoints.container import Container
from entrypoints.settings_loading import load_settings

T = TypeVar("T")


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command()
@click.argument("name")
@click.option("--tenant", help="Whose memory the key opens; by default one of its own, called as the key is.")
@click.option("--no-reports", is_flag=True, help="Let the key give no feedback on answers, and no answers.")
def create(name: str, tenant: str | None, no_reports: bool) -> None:
    """Create the key NAME and print its secret, which is shown this once."""
    new = _with_keys(lambda ring: ring.create(name, tenant, may_report=not no_reports))
    click.echo(f"key {new.key.name} of tenant {new.key.tenant}; keep it now, it is not shown again:", err=True)
    click.echo(new.secret)


@keys.command("list")
def list_keys() -> None:
    """List all keys, revoked ones too."""
    table = Table("name", "tenant", "created", "revoked", "reports")
    for key in _with_keys(lambda ring: ring.list()):
        moments = _moment(key.created_at), _moment(key.revoked_at)
        table.add_row(key.name, key.tenant, *moments, "yes" if key.may_report else "no")
    Console().print(table)


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke the key NAME for good; a running service refuses it within a second."""
    revoked = _with_keys(lambda ring: ring.revoke(name))
    click.echo(f"key {revoked.name} of tenant {revoked.tenant} is revoked")


def _with_keys(act: Callable[[ManageKeys], Awaitable[T]]) -> T:
    async def run() -> T:
        container = Container(settings=load_settings())
        async with container.open_things():
            await container.records().open()
            return await act(container.manage_keys())

    return uvloop.run(run())


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")

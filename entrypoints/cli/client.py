"""Speak to a RAGBoost: one that is running, or one that lives as long as the command."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import click
import httpx
import uvloop

from domain.errors import RAGBoostError
from entrypoints.container import Container
from entrypoints.life import alive
from entrypoints.logs import configure_logging
from entrypoints.settings_loading import load_settings

T = TypeVar("T")

url_option = click.option(
    "--url", envvar="RAGBOOST_URL", help="A running service; without it, the data folder is opened."
)
key_option = click.option("--key", envvar="RAGBOOST_KEY", help="An API key, where one is needed.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the service's own JSON.")

PATIENCE = 120.0
"""Seconds that a command waits for an answer."""


class ServiceRefused(RAGBoostError):
    """The service answered with a problem."""


@asynccontextmanager
async def connected(url: str | None, key: str | None) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the service at *url*, or of one that is opened here for the while."""
    headers = {"X-API-Key": key} if key else {}
    if url:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE) as client:
            yield client
    else:
        async with _opened_here(headers) as client:
            yield client


def talk(url: str | None, key: str | None, conversation: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
    """Run *conversation* with a client."""

    async def run() -> T:
        async with connected(url, key) as client:
            return await conversation(client)

    return uvloop.run(run())


async def call(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send one request and give the answer's JSON; raises ``ServiceRefused`` with the problem's words."""
    try:
        response = await client.request(method, path, json=body)
    except httpx.HTTPError as error:
        raise ServiceRefused(f"{client.base_url} does not answer: {error}") from error
    payload: dict[str, Any] = response.json() if response.content else {}
    if response.is_error:
        raise ServiceRefused(f"{payload.get('detail', response.text)} (request {payload.get('request_id')})")
    return payload


@asynccontextmanager
async def _opened_here(headers: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    from entrypoints.http.app import create_app  # noqa: PLC0415 - a running service needs none of this

    settings = load_settings()
    quiet = settings.model_copy(update={"log": settings.log.model_copy(update={"level": "warning"})})
    configure_logging(quiet, sys.stderr)  # what is asked for goes to standard output, and nothing else
    container = Container(settings=settings)
    async with alive(container):
        transport = httpx.ASGITransport(create_app(container))  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            yield client

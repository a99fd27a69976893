"""Speak to a RAGBoost: one that is running, or one that lives as long as the command."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import wraps
from typing import Any, TypeVar

import click
import httpx
import uvloop
from attrs import field, frozen

from domain.errors import RAGBoostError
from entrypoints.cli.live_transport import LiveTransport
from entrypoints.container import Container
from entrypoints.life import alive
from entrypoints.logs import configure_logging
from entrypoints.settings_loading import load_settings

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the service's own JSON.")

PATIENCE = 120.0
"""Seconds that a command waits for an answer."""

ADDRESS_WANTED = "--url or RAGBOOST_URL must be the address of a RAGBoost, such as http://127.0.0.1:8000"


class ServiceRefused(RAGBoostError):
    """The service answered with a problem of *status*, or not at all."""

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


@frozen
class Connection:
    """How a command reaches a service: the one at *url*, or one that is opened here for the while."""

    url: str | None
    key: str | None = field(default=None, repr=False)

    def talk(self, conversation: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
        """Run *conversation* with a client."""

        async def run() -> T:
            async with self._connected() as client:
                return await conversation(client)

        return uvloop.run(run())

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send one request and give the answer's JSON; raises ``ServiceRefused``."""
        return self.talk(lambda client: call(client, method, path, body))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"X-API-Key": self.key} if self.key else {}
        if self.url:
            async with _reaching(self.url, headers) as client:
                yield client
        else:
            async with _opened_here(headers) as client:
                yield client


def _reaching(url: str, headers: dict[str, str]) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE)
    except httpx.InvalidURL as error:
        raise ServiceRefused(f"{url} is no address: {error}; {ADDRESS_WANTED}") from error


def with_connection(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* the options --url and --key, and what they mean as *connection*."""

    @click.option("--url", envvar="RAGBOOST_URL", help="A running service; without it, the data folder is opened.")
    @click.option("--key", envvar="RAGBOOST_KEY", help="An API key, where one is needed.")
    @wraps(command)
    def packed(*arguments: object, url: str | None, key: str | None, **options: object) -> None:
        command(*arguments, connection=Connection(url, key), **options)

    return packed


async def call(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send one request and give the answer's JSON; raises ``ServiceRefused`` with the problem's words."""
    try:
        response = await client.request(method, path, json=body)
    except httpx.HTTPError as error:
        raise silent(client, error) from error
    return answered(response)


def answered(response: httpx.Response) -> dict[str, Any]:
    """Give the JSON of a response that was read; raises ``ServiceRefused`` with the problem's words."""
    payload = _payload(response)
    if response.is_error:
        raise refusal(payload, response.status_code)
    return payload


def silent(client: httpx.AsyncClient, error: httpx.HTTPError) -> ServiceRefused:
    """Say that the service does not answer, or no more."""
    return ServiceRefused(f"{client.base_url} does not answer: {error}")


def refusal(problem: Mapping[str, Any], status: int) -> ServiceRefused:
    """Give a problem in its own words."""
    return ServiceRefused(f"{problem.get('detail')} (request {problem.get('request_id')})", status)


def _payload(response: httpx.Response) -> dict[str, Any]:
    with suppress(ValueError):
        if isinstance(payload := response.json(), dict):
            return payload
    raise ServiceRefused(f"{response.url} answers {response.status_code}, but not as RAGBoost does; {ADDRESS_WANTED}")


@asynccontextmanager
async def _opened_here(headers: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    from entrypoints.http.app import create_app  # noqa: PLC0415 - a running service needs none of this

    settings = load_settings()
    quiet = settings.model_copy(update={"log": settings.log.model_copy(update={"level": "warning"})})
    configure_logging(quiet, sys.stderr)  # what is asked for goes to standard output, and nothing else
    container = Container(settings=settings)
    async with alive(container):
        transport = LiveTransport(create_app(container))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            yield client

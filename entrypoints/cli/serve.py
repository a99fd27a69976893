"""ragboost serve: run the service."""

import asyncio
import ctypes
import gc
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click
import structlog
import uvicorn
import uvloop
from pydantic import ValidationError

from domain.errors import RAGBoostError
from domain.similarity import VectorIndexDiffers, VectorIndexUnavailable
from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.http.header_limits import LimitedHeads
from entrypoints.logs import configure_logging
from entrypoints.settings import Settings
from entrypoints.settings_loading import load_settings
from entrypoints.variables import PATHS

SERVER: dict[str, Any] = {
    "loop": "uvloop",
    "http": LimitedHeads,
    "log_config": None,
    "access_log": False,  # every answer is a log line already
    "lifespan": "on",
    "server_header": False,
    "proxy_headers": False,  # nobody here asks for the client's address
}

DEMONSTRATION = (
    ("a miss", "How do I install RAGBoost?"),
    ("an exact hit", "How do I install RAGBoost?"),
    ("a semantic hit", "How can I install RAGBoost?"),
)

log = structlog.get_logger()


class CannotServe(RAGBoostError):
    """The service cannot start as it is configured."""


@click.command()
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 takes any.")
def serve(host: str | None, port: int | None) -> None:
    """Run the service."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = _changed(load_settings(), given)
    configure_logging(settings)
    with suppress(KeyboardInterrupt):  # uvicorn has ended everything in order, and raises it again
        uvloop.run(_serve(settings))


def _changed(settings: Settings, given: Mapping[str, object]) -> Settings:
    """Let options go before settings; they are checked as settings are."""
    try:
        return Settings.model_validate({**dict(settings), **given})
    except ValidationError as invalid:
        name = str(invalid.errors()[0]["loc"][0])
        raise click.BadParameter(f"must be {PATHS[name,].allowed}", param_hint=f"--{name}") from None


async def _serve(settings: Settings) -> None:
    await _check_keys(settings)
    await _check_index(settings)
    app = create_app(Container(settings=settings))
    listening = _listen(settings)
    server = uvicorn.Server(uvicorn.Config(app, **SERVER))
    announcing = asyncio.create_task(_announce(server, listening, settings))
    await server.serve([listening])
    announcing.cancel()


async def _check_keys(settings: Settings) -> None:
    """Refuse to serve everyone where only the holders of keys should be served."""
    container = Container(settings=settings)
    async with container.open_things():
        await container.records().open()
        if settings.open_without_keys or any(key.revoked_at is None for key in await container.manage_keys().list()):
            return
    why = "in production" if settings.environment == "production" else f"on {settings.host}, which others can reach"
    raise CannotServe(
        f"there is no valid API key, and without one nobody may be served {why}; run `ragboost keys create NAME`"
    )


async def _check_index(settings: Settings) -> None:
    """Refuse to serve over an index that was made for something else; one that is away may come back."""
    if not settings.semantic.enabled or settings.vector_index.kind != "qdrant":
        return
    container = Container(settings=settings)
    async with container.open_things():
        try:
            await container.vector_index().ping()
        except VectorIndexDiffers as error:
            raise CannotServe(str(error)) from error
        except VectorIndexUnavailable as error:
            log.warning("vector_index_away", error=str(error))


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise CannotServe(f"cannot listen on {settings.host}:{settings.port}: {error}; set RAGBOOST_PORT") from error
    return listening


async def _announce(server: uvicorn.Server, listening: socket.socket, settings: Settings) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event to wait for
        await asyncio.sleep(0.01)
    _settle()
    host, port = listening.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    click.echo(f"\nRAGBoost answers on {url} (provider: {settings.default_provider}, page: {url}/schema)")
    if settings.open_without_keys:
        click.echo("While there are no API keys, everyone on this machine is served as tenant `local`.")
    click.echo("\nTry:\n" + "\n".join(_curl(url, *each) for each in DEMONSTRATION) + "\n")


def _settle() -> None:
    """Have the collector look seldom, and never at what will stay; give back what loading took: 14 MB."""
    gc.freeze()
    gc.set_threshold(10_000)  # hardly anything is left to it, and looking took 7 % of the time of exact hits
    with suppress(AttributeError):  # only glibc knows how
        ctypes.CDLL(None).malloc_trim(0)


def _curl(url: str, what: str, question: str) -> str:
    body = f'{{"query": "{question}"}}'
    return f"  # {what}\n  curl -s {url}/api/v1/query -H 'Content-Type: application/json' -d '{body}'"

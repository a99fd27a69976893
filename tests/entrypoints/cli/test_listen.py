"""Answers that are heard on the command line: from a service in this process, and one that breaks off."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from click.testing import Result
from litestar import Litestar, get, post
from litestar.response import Stream

from entrypoints.cli.client import ServiceRefused
from entrypoints.cli.listen import listen
from entrypoints.cli.live_transport import LiveTransport
from tests.entrypoints.cli.conftest import Run
from tests.upstream import Cut, ScriptedUpstream, openai_answer

QUESTION = "What was announced?"


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture
def listening(run: Run, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Result]:
    """Ask for an answer that is printed while it comes."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{upstream.url}/v1")
    return lambda: run("ask", QUESTION, "--stream")


def test_the_beginning_is_printed_before_the_end_is_said(
    upstream: ScriptedUpstream, listening: Callable[[], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, said = threading.Event(), []

    def echo(text: str, **_: bool) -> None:
        said.append(text)
        gate.set()  # the model goes on when its first words were printed

    upstream.reply(openai_answer("Here you are.").held(gate, after=2))
    monkeypatch.setattr("entrypoints.cli.ask.click.echo", echo)
    listening()
    assert said[:3] == ["Here ", "you ", "are."]


def test_an_answer_that_breaks_off_is_no_success(upstream: ScriptedUpstream, listening: Callable[[], Result]) -> None:
    upstream.reply(openai_answer("Here you are.").cut(after=3, how=Cut.CLOSE))
    result = listening()

    assert result.stdout == "Here you "
    assert isinstance(result.exception, ServiceRefused)
    assert result.exception.status == 503


@post("/api/v1/query")
async def half_an_answer() -> Stream:
    return Stream('event: chunk\ndata: {"text": "Here "}\n\n', media_type="text/event-stream")


@get("/lines")
async def lines() -> Stream:
    return Stream(iter(("one ", "two")), media_type="text/plain")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = LiveTransport(Litestar([half_an_answer, lines], logging_config=None))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_a_stream_without_an_end_is_no_answer(client: httpx.AsyncClient) -> None:
    said: list[str] = []
    with pytest.raises(ServiceRefused, match="ended before the answer did"):
        await listen(client, {"query": QUESTION}, said.append)
    assert said == ["Here "]


async def test_what_an_application_sends_is_read_as_it_comes(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/lines") as response:
        assert [each async for each in response.aiter_text()] == ["one ", "two"]


async def test_an_application_that_fails_fails_its_client() -> None:
    async def failing(*_: object) -> None:
        raise OSError("no space left on device")

    async with httpx.AsyncClient(transport=LiveTransport(failing), base_url="http://localhost") as client:
        with pytest.raises(OSError, match="no space"):
            await client.get("/")

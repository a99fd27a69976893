"""Hear an answer while it comes."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx
from attrs import frozen

from entrypoints.cli.client import answered, refusal, silent

PATH = "/api/v1/query"


@frozen
class _Event:
    kind: str
    data: dict[str, Any]


async def listen(client: httpx.AsyncClient, asked: Mapping[str, object], say: Callable[[str], None]) -> dict[str, Any]:
    """
    Ask, *say* each piece of the answer when it comes, and give the whole.

    Raises:
        ServiceRefused: with the problem's words, also when the answer breaks off.
    """
    try:
        async with client.stream("POST", PATH, json={**asked, "stream": True}) as response:
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                return await _hear(response, say)
            await response.aread()
            return answered(response)
    except httpx.HTTPError as error:
        raise silent(client, error) from error


async def _hear(response: httpx.Response, say: Callable[[str], None]) -> dict[str, Any]:
    async for event in _events(response):
        if event.kind == "answer":
            return event.data
        if event.kind == "error":
            raise refusal(event.data, event.data["status"])
        say(event.data["text"])
    raise httpx.RemoteProtocolError("the stream ended before the answer did")


async def _events(response: httpx.Response) -> AsyncIterator[_Event]:
    kind = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield _Event(kind, json.loads(value))

"""Clients of providers, as far as a story needs them; the real ones are under tests/entrypoints/http/doors."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from attrs import frozen
from httpx import Response

from tests.entrypoints.http.doors import openai_provider
from tests.upstream import Script

Body = dict[str, Any]


@frozen
class Told:
    """What a client was told: a text, a refusal, the name of a tool to call, and so many tokens."""

    text: str = ""
    refusal: str = ""
    tool: str = ""
    tokens: int = 0


class Format(Protocol):
    """How a client asks and understands, and how its provider answers."""

    path: str

    def asks(self, question: str, **more: Any) -> Body: ...

    def tool(self, name: str) -> Body: ...

    def understands(self, body: Body) -> Told: ...

    def gathers(self, events: Iterator[Body]) -> Told: ...


class OpenAI(Format):
    path = "/v1/chat/completions"

    def asks(self, question: str, **more: Any) -> Body:
        return {"messages": [{"role": "user", "content": question}], **more}

    def tool(self, name: str) -> Body:
        return {"type": "function", "function": {"name": name}}

    def understands(self, body: Body) -> Told:
        message = body["choices"][0]["message"]
        called = [each["function"]["name"] for each in message.get("tool_calls", ())]
        tokens = body["usage"]["total_tokens"]
        return Told(message["content"] or "", message["refusal"] or "", "".join(called), tokens)

    def gathers(self, events: Iterator[Body]) -> Told:
        return Told("".join(each["choices"][0]["delta"].get("content") or "" for each in events if each["choices"]))


FORMATS: Mapping[str, Format] = {"OpenAI": OpenAI()}
CALLING: Script = openai_provider.calls(("get_weather", "{}"))
REFUSING: Script = openai_provider.refuses("I would rather not.")


def understood(spoken: Format, response: Response) -> Told:
    """Read a response, whole or in pieces; of an error nothing is understood."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        return Told()
    if response.headers["content-type"] == "text/event-stream":
        return spoken.gathers(_events(response.text))
    return spoken.understands(response.json())


def _events(body: str) -> Iterator[Body]:
    for line in body.split("\n"):
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))

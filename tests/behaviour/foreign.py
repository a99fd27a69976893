"""Clients of providers, as far as a story needs them; the real ones are under tests/entrypoints/http/doors."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from attrs import frozen
from httpx import Response

from tests.entrypoints.http.doors import anthropic_provider, openai_provider
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


class Anthropic(Format):
    path = "/v1/messages"

    def asks(self, question: str, **more: Any) -> Body:
        return {"messages": [{"role": "user", "content": question}], **more}

    def tool(self, name: str) -> Body:
        return {"name": name, "input_schema": {"type": "object"}}

    def understands(self, body: Body) -> Told:
        text = "".join(each.get("text", "") for each in body["content"])
        called = "".join(each["name"] for each in body["content"] if each["type"] == "tool_use")
        return Told(text, tool=called, tokens=body["usage"]["input_tokens"] + body["usage"]["output_tokens"])

    def gathers(self, events: Iterator[Body]) -> Told:
        return Told("".join(each["delta"].get("text", "") for each in events if each["type"] == "content_block_delta"))


FORMATS: Mapping[str, Format] = {"OpenAI": OpenAI(), "Anthropic": Anthropic()}
MODELS = {"OpenAI": "gpt-6-luna", "Anthropic": "claude-haiku-5-5"}
"""What each provider's model is called where nobody says otherwise."""


@frozen
class Asking:
    """Whose *client* asks whose model, with which *tool* at hand, and whether it listens to the answer as it comes."""

    client: str
    provider: str
    tool: str = ""
    listening: bool = False

    def body(self, question: str) -> Body:
        tools = {"tools": [FORMATS[self.client].tool(self.tool)]} if self.tool else {}
        return FORMATS[self.client].asks(question, model=MODELS[self.provider], stream=self.listening, **tools)


CALLING = {
    "/v1/chat/completions": openai_provider.calls(("get_weather", "{}")),
    "/v1/messages": anthropic_provider.calls(("get_weather", {})),
}
STOPPING = {
    "/v1/chat/completions": openai_provider.says("It goes on and", finish_reason="length"),
    "/v1/messages": anthropic_provider.says("It goes on and", stop_reason="max_tokens"),
}
REFUSING: Script = openai_provider.refuses("I would rather not.")


def by_format(scripts: Mapping[str, Script]) -> Script:
    """Answer as each format wants it."""
    return lambda request: scripts[request.path](request)


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

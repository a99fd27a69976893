"""A request for a chat completion, as one of the domain's questions."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from attrs import frozen
from msgspec import Meta

from application.route_models import Route, Routes
from domain.errors import Malformed
from domain.questions import Question
from domain.wires import OPENAI, Wire
from entrypoints.http.bodies import fitted, read
from entrypoints.http.conversations import all_plain
from entrypoints.http.foreign import Asked, Said, Sender, question_of
from entrypoints.http.openai_messages import to_messages
from entrypoints.http.unknown_model import choose

HANDLING = frozenset(
    {
        *("metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        *("safety_identifier", "service_tier", "store", "user"),
    }
)
"""Fields that tell the provider how to handle a request, and have no bearing on the answer."""

READ = frozenset({"messages", "model", "n", "stream", "stream_options", *HANDLING})
"""Fields that are no parameters of the answer."""


class StreamOptions(msgspec.Struct, frozen=True):
    """How a stream is told; what else it holds is the provider's affair."""

    include_usage: bool | None = None


class Function(msgspec.Struct, frozen=True):
    """What a tool is called, and what it takes."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    parameters: dict[str, Any] | None = None


class Tool(msgspec.Struct, frozen=True):
    """One of the tools that a model may call."""

    type: str
    function: Function | None = None


class ChatRequest(msgspec.Struct, frozen=True):
    """As much of a request as we must understand."""

    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    model: str | None = None
    n: Annotated[int, Meta(ge=1)] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    modalities: list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[Tool] | None = None
    functions: list[Function] | None = None


@frozen
class ReadChat:
    """Reads requests, and finds out who is to answer."""

    routes: Routes

    def __call__(self, sender: Sender, body: bytes) -> Asked:
        """Give what is asked; raises ``Malformed``."""
        sent = {name: value for name, value in read(body, dict[str, Any]).items() if value is not None}
        known = fitted(sent, ChatRequest)
        _check(known)
        question = _question(sender, sent, known, choose(self.routes, sender.wishes.provider, known.model))
        options = known.stream_options or StreamOptions()
        keep = known.n in {None, 1} and "audio" not in (known.modalities or ())
        return Asked(question, bool(known.stream), bool(options.include_usage), keep)


def _check(known: ChatRequest) -> None:
    if known.max_tokens is not None and known.max_completion_tokens is not None:
        raise Malformed.field("max_tokens", "means the same as max_completion_tokens; send one of them")
    if known.stream_options and not known.stream:
        raise Malformed.field("stream_options", "is for streams; leave it out, or set stream to true")
    for place, tool in enumerate(known.tools or ()):
        if tool.type == "function" and not tool.function:
            raise Malformed.field(f"tools[{place}].function", "is required for a tool of the type function")


def _question(sender: Sender, sent: Mapping[str, Any], known: ChatRequest, route: Route) -> Question:
    messages = to_messages(known.messages)
    parameters = {name: value for name, value in sent.items() if name not in READ}
    if known.n not in {None, 1}:
        parameters["n"] = known.n
    literal = bool(known.tools or known.functions) or not all_plain(messages)
    return question_of(sender, route, Said(OPENAI, messages, parameters, literal, _handling(sent)))


def _handling(sent: Mapping[str, Any]) -> Wire | None:
    beside = {name: value for name, value in sent.items() if name in HANDLING}
    options = {name: value for name, value in sent.get("stream_options", {}).items() if name != "include_usage"}
    if options:
        beside["stream_options"] = options
    return Wire(OPENAI, beside) if beside else None

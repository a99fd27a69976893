"""A request for a message, as one of the domain's questions."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from attrs import frozen
from msgspec import Meta

from application.route_models import Routes
from domain.errors import Malformed
from domain.prompts import Message, Role
from domain.questions import Question
from domain.wires import ANTHROPIC, Wire
from entrypoints.http.bodies import fitted, read
from entrypoints.http.conversations import all_plain, is_plain, text_of
from entrypoints.http.foreign import Asked, Said, Sender, question_of
from entrypoints.http.unknown_model import choose

HANDLING = frozenset({"cache_control", "metadata", "service_tier"})
"""Fields that tell the provider how to handle a request, and have no bearing on the answer."""

READ = frozenset({"messages", "model", "stream", "system", *HANDLING})
"""Fields that are no parameters of the answer."""

BEYOND = frozenset({"container", "mcp_servers", "tools"})
"""Fields for what a model may do besides answering."""

ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}


class Tool(msgspec.Struct, frozen=True):
    """One of the tools that a model may call."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$")] | None = None
    input_schema: dict[str, Any] | None = None


class MessageRequest(msgspec.Struct, frozen=True):
    """As much of a request as we must understand."""

    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    model: str | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: float | None = None
    system: str | list[dict[str, Any]] | None = None
    stream: bool | None = None
    tools: list[Tool] | None = None


@frozen
class ReadMessage:
    """
    Reads requests, and finds out who is to answer.

    *home* answers where the sender names no provider and it is configured: whoever comes with Anthropic's client mostly
    means Anthropic.
    """

    routes: Routes
    home: str = ANTHROPIC

    def __call__(self, sender: Sender, body: bytes) -> Asked:
        """Give what is asked; raises ``Malformed``."""
        sent = {name: value for name, value in read(body, dict[str, Any]).items() if value is not None}
        known = fitted(sent, MessageRequest)
        return Asked(self._question(sender, sent, known), bool(known.stream))

    def _question(self, sender: Sender, sent: Mapping[str, Any], known: MessageRequest) -> Question:
        route = choose(self.routes, sender.wishes.provider, known.model, self.home)
        messages = (*_instructions(known.system), *_turns(known.messages))
        parameters = _parameters(sender, sent)
        literal = not (all_plain(messages) and BEYOND.isdisjoint(sent))
        return question_of(sender, route, Said(ANTHROPIC, messages, parameters, literal, _handling(sent)))


def _parameters(sender: Sender, sent: Mapping[str, Any]) -> dict[str, object]:
    beta = {"anthropic-beta": sender.beta} if sender.beta else {}
    return {**{name: value for name, value in sent.items() if name not in READ}, **beta}


def _handling(sent: Mapping[str, Any]) -> Wire | None:
    beside = {name: value for name, value in sent.items() if name in HANDLING}
    return Wire(ANTHROPIC, beside) if beside else None


def _instructions(system: str | list[dict[str, Any]] | None) -> Sequence[Message]:
    if not system:
        return ()
    text = text_of(system, "system")
    return (Message(Role.SYSTEM, text, None if is_plain(system) else {"system": system}),)


def _turns(sent: Sequence[Mapping[str, Any]]) -> Sequence[Message]:
    return [_turn(each, f"messages[{place}]") for place, each in enumerate(sent)]


def _turn(sent: Mapping[str, Any], place: str) -> Message:
    name = sent.get("role")
    role = ROLES.get(name) if isinstance(name, str) else None
    if role is None:
        raise Malformed.field(f"{place}.role", f"must be one of {', '.join(ROLES)}; system is a field of its own")
    text = text_of(sent.get("content"), f"{place}.content")
    plain = sent.keys() == {"role", "content"} and sent["content"] and is_plain(sent["content"])
    return Message(role, text, None if plain else sent)

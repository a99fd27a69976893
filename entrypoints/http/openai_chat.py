"""POST /v1/chat/completions: ask as OpenAI's clients do."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from application.tell_answers import Telling
from domain.answers import Answer
from domain.generation import Completion
from entrypoints.http.foreign import Asked, ForeignDoor, Manner, model_asked
from entrypoints.http.foreign_usage import Accounts
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.openai_choices import around_of, choices_of, usage_of
from entrypoints.http.openai_errors import openai_handlers
from entrypoints.http.openai_stream import ChatNarration, Frame

EMPTY: Mapping[str, Any] = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
"""A message that says nothing, as OpenAI writes it."""


@frozen
class ChatManner(Manner):
    """Tells answers as chat completions."""

    accounts: Accounts

    def body(self, answer: Answer, number: str, created: int) -> Mapping[str, Any]:
        """Give a chat completion."""
        done = answer.completion
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": created,
            "model": done.model,
            "choices": [_whole(each, done) for each in choices_of(done)],
            "usage": usage_of(answer, self.accounts),
            **around_of(done),
        }

    def narration(self, asked: Asked, telling: Telling, number: str, created: int) -> ChatNarration:
        """Tell it as chunks of a chat completion."""
        known = telling.whole.completion if telling.whole else None
        own = {"id": f"chatcmpl-{number}", "created": created}
        around = {
            "object": "chat.completion.chunk",
            "model": known.model if known else model_asked(asked),
        }
        more = around_of(known) if known else {}
        return ChatNarration(Frame(own, {**around, **more}, asked.tells_usage), self.accounts)


def chat_door(door: ForeignDoor) -> HTTPRouteHandler:
    """Make the route."""

    @post("/v1/chat/completions", status_code=200, include_in_schema=False, exception_handlers=openai_handlers)
    async def chat(request: LeanRequest) -> Response[Any]:
        """Answer from memory when we can, from a model when we must."""
        return await door(request)

    return chat


def _whole(choice: Mapping[str, Any], done: Completion) -> Mapping[str, Any]:
    message = choice["message"]
    spoken = {"content": done.text} if choice["index"] == 0 and "content" not in message else {}
    return {**choice, "message": {**EMPTY, **spoken, **message}}

"""POST /v1/messages: ask as Anthropic's clients do."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from application.count_tokens import CountTokens
from application.tell_answers import Telling
from domain.answers import Answer
from entrypoints.http.anthropic_blocks import blocks_of, ending_of, usage_of
from entrypoints.http.anthropic_errors import anthropic_handlers
from entrypoints.http.anthropic_stream import Beginning, MessageNarration, ReplayNarration
from entrypoints.http.foreign import Asked, ForeignDoor, ForeignReception, Manner, model_asked
from entrypoints.http.foreign_usage import Accounts
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.narration import Narration


@frozen
class MessageManner(Manner):
    """Tells answers as messages."""

    accounts: Accounts

    def body(self, answer: Answer, number: str, created: int) -> Mapping[str, Any]:
        """Give a message; it does not say when it was made."""
        return {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": answer.completion.model,
            "content": blocks_of(answer.completion),
            "usage": usage_of(answer, self.accounts),
            **ending_of(answer.completion),
        }

    def narration(self, asked: Asked, telling: Telling, number: str, created: int) -> Narration:
        """Tell it as the events of a message."""
        tells_usage = self.accounts.tells_all(telling.origin)
        if telling.whole:
            known = Beginning(f"msg_{number}", telling.whole.completion.model, tells_usage)
            return ReplayNarration(known, self.accounts)
        return MessageNarration(Beginning(f"msg_{number}", model_asked(asked), tells_usage), self.accounts)


def count_door(receive: ForeignReception, count_tokens: CountTokens) -> HTTPRouteHandler:
    """Make the route that only counts."""

    @post("/v1/messages/count_tokens", status_code=200, include_in_schema=False, exception_handlers=anthropic_handlers)
    async def count(request: LeanRequest) -> Response[Any]:
        """Have the provider count the tokens of what would be asked."""
        asked, _ = await receive(request)
        return Response({"input_tokens": await count_tokens(asked.question)})

    return count


def messages_door(door: ForeignDoor) -> HTTPRouteHandler:
    """Make the route."""

    @post("/v1/messages", status_code=200, include_in_schema=False, exception_handlers=anthropic_handlers)
    async def messages(request: LeanRequest) -> Response[Any]:
        """Answer from memory when we can, from a model when we must."""
        return await door(request)

    return messages

"""Anthropic's models, and whatever else speaks its messages format."""

import ssl
from collections.abc import AsyncGenerator
from functools import partial
from json import JSONDecodeError
from typing import Any, Self

import anyio
import httpx2
from anthropic import APIConnectionError, APIError, APITimeoutError, AsyncAnthropic, AsyncStream, Timeout
from attrs import frozen
from msgspec import Struct, ValidationError, convert

from adapters.language_model.anthropic_events import Extras, says_something
from adapters.language_model.anthropic_request import body_of, counted_of, headers_of
from adapters.language_model.ending import finish_reason
from adapters.language_model.endpoint import Endpoint
from adapters.language_model.formats import check_format
from adapters.language_model.listener import Listener
from adapters.language_model.refusal import Refusal, presentable, resets_in, translating_refusals
from adapters.translation import ErrorTable, translating
from domain.generation import Chunk, LanguageModel, ModelBroken, ModelTimedOut, ModelUnreachable, PromptRefused
from domain.prompts import Prompt
from domain.tokens import TokenCounter, TokenUsage
from domain.wires import ANTHROPIC

ERRORS: ErrorTable = {
    APITimeoutError: ModelTimedOut,
    APIConnectionError: ModelUnreachable,
    # Once the stream has begun, this SDK lets its transport's errors through as they are.
    httpx2.TimeoutException: ModelTimedOut,
    httpx2.RequestError: ModelUnreachable,
    ssl.SSLError: ModelUnreachable,
    anyio.EndOfStream: ModelUnreachable,
    JSONDecodeError: ModelBroken,
    UnicodeDecodeError: ModelBroken,
    ValidationError: ModelBroken,
    UnicodeEncodeError: partial(PromptRefused.field, "prompt"),
}


class _OutputDetails(Struct):
    thinking_tokens: int | None = None


class _Usage(Struct):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None

    def counted(self) -> TokenUsage:
        """Count what went through the provider's own cache, too: it is part of the prompt."""
        cached, written = self.cache_read_input_tokens or 0, self.cache_creation_input_tokens or 0
        details = self.output_tokens_details or _OutputDetails()
        return TokenUsage(
            prompt=(self.input_tokens or 0) + cached + written,
            completion=self.output_tokens or 0,
            cached=cached,
            written=written,
            reasoning=details.thinking_tokens or 0,
        )


class _Counted(Struct):
    input_tokens: int


class _Message(Struct):
    model: str | None = None
    usage: _Usage | None = None


class _Text(Struct):
    """The beginning of a block, or a piece of it; thoughts and tool calls have no *text*."""

    text: str | None = None
    stop_reason: str | None = None


class _Event(Struct):
    """As much of an event as we read. Servers leave out what they like; what is there must be of its kind."""

    message: _Message | None = None
    content_block: _Text | None = None
    delta: _Text | None = None
    usage: _Usage | None = None

    def chunk(self) -> Chunk:
        """Give the event as a chunk."""
        message = self.message or _Message()
        piece = self.delta or self.content_block or _Text()
        usage = self.usage or message.usage
        counted = usage.counted() if usage else None
        return Chunk(piece.text or "", finish_reason(piece.stop_reason), counted, message.model or None)


@frozen
class AnthropicLanguageModel(LanguageModel, TokenCounter):
    """A model behind Anthropic's messages. Parameters it does not know go to the provider as they are."""

    client: AsyncAnthropic

    @classmethod
    def connect(cls, endpoint: Endpoint) -> Self:
        """Build the client; nothing is sent yet. Close the model when done with it."""
        return cls(
            AsyncAnthropic(
                api_key=endpoint.credential,
                base_url=endpoint.base_url,
                timeout=Timeout(endpoint.timeout, connect=endpoint.connect_timeout),
                max_retries=0,  # what asks again stands outside, for all providers alike
                open_telemetry=False,  # our event sinks trace model calls, those of every provider alike
            )
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Give the answer to *prompt* in pieces, then one chunk with how it ended."""
        listener = Listener(ANTHROPIC, Extras())
        with translating_refusals(APIError, partial(self._refusal, prompt)), translating(ERRORS):
            async with await self._call(prompt) as events:
                async for event in events:
                    if chunk := listener.hear(event, convert(event, _Event).chunk(), says_something(event)):
                        yield chunk
        yield listener.end(events.response.headers.get("content-type", ""))

    async def count(self, prompt: Prompt) -> int:
        """Have the provider count."""
        check_format(prompt, ANTHROPIC)
        with translating_refusals(APIError, partial(self._refusal, prompt)), translating(ERRORS):
            counted = await self.client.post(
                "/v1/messages/count_tokens",
                cast_to=object,
                body=counted_of(prompt),
                options={"headers": headers_of(prompt)},
            )
            return convert(counted, _Counted).input_tokens

    async def _call(self, prompt: Prompt) -> AsyncStream[Any]:
        check_format(prompt, ANTHROPIC)
        # Events are wanted as they came, so the SDK is not told of their types.
        return await self.client.post(
            "/v1/messages",
            cast_to=object,
            body=body_of(prompt),
            options={"headers": headers_of(prompt)},
            stream=True,
            stream_cls=AsyncStream[object],
        )

    def _refusal(self, prompt: Prompt, error: APIError) -> Refusal:
        response = getattr(error, "response", None)
        return Refusal(
            status=response.status_code if response else 0,
            code=str(getattr(error, "type", None) or ""),
            message=presentable(getattr(error, "api_message", None), prompt, self.client.api_key or ""),
            resets_in=resets_in(response.headers) if response else None,
        )

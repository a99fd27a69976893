"""OpenAI's models, and everything that speaks its format: Ollama, Groq, OpenRouter, Gemini, vLLM, by base URL."""

from collections.abc import AsyncGenerator
from functools import partial
from json import JSONDecodeError
from typing import Any, Self

from attrs import frozen
from msgspec import Struct, ValidationError, convert
from openai import APIConnectionError, APIError, APITimeoutError, AsyncOpenAI, AsyncStream, Timeout

from adapters.language_model.ending import finish_reason
from adapters.language_model.endpoint import Endpoint
from adapters.language_model.formats import check_format
from adapters.language_model.listener import Listener
from adapters.language_model.openai_events import Extras, says_something
from adapters.language_model.refusal import Refusal, presentable, resets_in, translating_refusals
from adapters.translation import ErrorTable, translating
from domain.generation import (
    Chunk,
    FinishReason,
    LanguageModel,
    ModelBroken,
    ModelTimedOut,
    ModelUnreachable,
    PromptRefused,
)
from domain.prompts import Prompt
from domain.tokens import TokenUsage
from domain.wires import OPENAI

OURS = frozenset({"messages", "model", "stream", "stream_options"})
"""Fields that no asker may set: they would change what is sent, or how it comes back."""

NAMES = {"stop_sequences": "stop"}
"""What this format calls parameters that another one calls otherwise."""

ERRORS: ErrorTable = {
    APITimeoutError: ModelTimedOut,
    APIConnectionError: ModelUnreachable,
    JSONDecodeError: ModelBroken,
    UnicodeDecodeError: ModelBroken,
    ValidationError: ModelBroken,
    UnicodeEncodeError: partial(PromptRefused.field, "prompt"),
}


class _Delta(Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct):
    index: int | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None


class _PromptDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _CompletionDetails(Struct):
    reasoning_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None

    def counted(self) -> TokenUsage:
        """Count all tokens, and those that have prices of their own; some count thoughts in nothing but the total."""
        read, wrote = self.prompt_tokens_details or _PromptDetails(), self.completion_tokens_details
        return TokenUsage(
            prompt=self.prompt_tokens or 0,
            completion=max(self.completion_tokens or 0, (self.total_tokens or 0) - (self.prompt_tokens or 0)),
            cached=read.cached_tokens or 0,
            written=read.cache_write_tokens or 0,
            reasoning=(wrote.reasoning_tokens if wrote else None) or 0,
        )


class _Event(Struct):
    """As much of an event as we read. Servers leave out what they like; what is there must be of its kind."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    model: str | None = None

    @property
    def choice(self) -> _Choice:
        """Give the first choice; where several were asked for, the others are passed over."""
        return next((each for each in self.choices or () if not each.index), _Choice())

    def chunk(self) -> Chunk:
        """Give the event as a chunk; a refusal is the text of an answer that was filtered."""
        delta = self.choice.delta or _Delta()
        return Chunk(
            text=delta.content or delta.refusal or "",
            finish_reason=FinishReason.FILTERED if delta.refusal else finish_reason(self.choice.finish_reason),
            usage=self.usage.counted() if self.usage else None,
            model=self.model or None,
        )


@frozen
class OpenAILanguageModel(LanguageModel):
    """A model behind OpenAI's chat completions. Parameters it does not know go to the provider as they are."""

    client: AsyncOpenAI

    @classmethod
    def connect(cls, endpoint: Endpoint) -> Self:
        """Build the client; nothing is sent yet. Close the model when done with it."""
        return cls(
            AsyncOpenAI(
                api_key=endpoint.credential,
                base_url=endpoint.base_url,
                timeout=Timeout(endpoint.timeout, connect=endpoint.connect_timeout),
                max_retries=0,  # what asks again stands outside, for all providers alike
            )
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Give the answer to *prompt* in pieces, then one chunk with how it ended."""
        listener = Listener(OPENAI, Extras())
        with translating_refusals(APIError, partial(self._refusal, prompt)), translating(ERRORS):
            async with await self._call(prompt) as events:
                async for event in events:
                    if chunk := listener.hear(event, convert(event, _Event).chunk(), says_something(event)):
                        yield chunk
        yield listener.end(events.response.headers.get("content-type", ""))

    async def _call(self, prompt: Prompt) -> AsyncStream[Any]:
        # Events are wanted as they came, so the SDK is not told of their types.
        return await self.client.post(
            "/chat/completions", cast_to=object, body=self._body(prompt), stream=True, stream_cls=AsyncStream[object]
        )

    def _body(self, prompt: Prompt) -> dict[str, object]:
        check_format(prompt, OPENAI)
        beside = prompt.handling.body if prompt.handling and prompt.handling.format == OPENAI else {}
        return {
            **beside,
            "model": prompt.model,
            "messages": [each.original or {"role": each.role, "content": each.content} for each in prompt.messages],
            **self._parameters(prompt),
            "stream": True,
            "stream_options": {**beside.get("stream_options", {}), "include_usage": True},
        }

    def _parameters(self, prompt: Prompt) -> dict[str, object]:
        """OpenAI itself wants the limit under its newer name; most others know the older one only."""
        asked = {NAMES.get(name, name): value for name, value in prompt.parameters.items() if name not in OURS}
        if "max_tokens" in asked and self.client.base_url.host.endswith("api.openai.com"):
            asked["max_completion_tokens"] = asked.pop("max_tokens")
        return asked

    def _refusal(self, prompt: Prompt, error: APIError) -> Refusal:
        body = error.body if isinstance(error.body, dict) else {}
        response = getattr(error, "response", None)  # an error inside a stream has none
        return Refusal(
            status=response.status_code if response else 0,
            code=str(error.code or error.type or ""),
            message=presentable(body.get("message"), prompt, self.client.api_key),
            resets_in=resets_in(response.headers) if response else None,
        )

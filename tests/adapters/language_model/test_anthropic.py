"""What only Anthropic's format knows."""

from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from adapters.language_model.anthropic import AnthropicLanguageModel
from adapters.language_model.anthropic_request import LAST_WITH_SAMPLING
from adapters.language_model.endpoint import Endpoint
from domain.errors import RAGBoostError
from domain.generation import Completion, FinishReason, ModelBroken, ModelOverloaded, ModelTimedOut, PromptRefused
from domain.prompts import Message, Prompt, Role
from domain.tokens import TokenUsage
from tests.upstream import ScriptedUpstream, anthropic_answer, named_events

PROMPT = Prompt(
    "small",
    (
        Message(Role.SYSTEM, "Answer like a sailor."),
        Message(Role.USER, "Why is the sea blue?"),
        Message(Role.ASSISTANT, "Because of the sky, arr."),
        Message(Role.SYSTEM, "Be brief."),
        Message(Role.USER, "And at night, when no sun shines on it?"),
    ),
)


@pytest.fixture
async def model(upstream: ScriptedUpstream) -> AsyncIterator[AnthropicLanguageModel]:
    connected = AnthropicLanguageModel.connect(Endpoint("sk-x", upstream.url))
    yield connected
    await connected.aclose()


async def complete(model: AnthropicLanguageModel, prompt: Prompt) -> Completion:
    return Completion.fold("anthropic", prompt.model, [chunk async for chunk in model.stream(prompt)])


async def test_what_systems_say_stands_before_all_turns_and_the_limit_has_a_default(
    model: AnthropicLanguageModel, upstream: ScriptedUpstream
) -> None:
    upstream.reply(anthropic_answer("Yes."))
    await complete(model, PROMPT)
    request = upstream.requests[0]
    assert request.path == "/v1/messages"
    assert request.json == {
        "model": "small",
        "system": "Answer like a sailor.\n\nBe brief.",
        "messages": [
            {"role": "user", "content": "Why is the sea blue?"},
            {"role": "assistant", "content": "Because of the sky, arr."},
            {"role": "user", "content": "And at night, when no sun shines on it?"},
        ],
        "max_tokens": 4096,
        "stream": True,
    }


async def test_without_a_system_message_none_is_sent(model: AnthropicLanguageModel, upstream: ScriptedUpstream) -> None:
    upstream.reply(anthropic_answer("Yes."))
    await complete(model, Prompt("small", (Message(Role.USER, "Well?"),)))
    assert "system" not in upstream.requests[0].json


async def test_only_a_request_that_sets_a_temperature_asks_for_the_older_version(
    model: AnthropicLanguageModel, upstream: ScriptedUpstream
) -> None:
    upstream.reply(anthropic_answer("Yes."))
    await complete(model, evolve(PROMPT, parameters={"max_tokens": 5}))
    await complete(model, evolve(PROMPT, parameters={"temperature": 0.0}))
    current, older = (each.headers["anthropic-version"] for each in upstream.requests)
    assert current != LAST_WITH_SAMPLING
    assert older == LAST_WITH_SAMPLING


async def test_tokens_read_from_the_provider_s_cache_are_tokens_of_the_prompt(
    model: AnthropicLanguageModel, upstream: ScriptedUpstream
) -> None:
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300, "output_tokens": 1}
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    upstream.reply(named_events({"type": "message_start", "message": {"usage": usage}}, ended))
    assert (await complete(model, PROMPT)).usage == TokenUsage(325, 9, cached=300, written=20)


async def test_thoughts_are_counted_among_the_tokens_of_the_answer(
    model: AnthropicLanguageModel, upstream: ScriptedUpstream
) -> None:
    usage = {"output_tokens": 90, "output_tokens_details": {"thinking_tokens": 80}}
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}
    upstream.reply(named_events({"type": "message_start", "message": {"usage": {"input_tokens": 5}}}, ended))
    assert (await complete(model, PROMPT)).usage == TokenUsage(5, 90, reasoning=80)


async def test_thoughts_and_tool_calls_are_not_the_answer(
    model: AnthropicLanguageModel, upstream: ScriptedUpstream
) -> None:
    def delta(**piece: str) -> dict[str, object]:
        return {"type": "content_block_delta", "index": 0, "delta": piece}

    upstream.reply(
        named_events(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "Hm."}},
            delta(type="thinking_delta", thinking="Hm, hm."),
            delta(type="signature_delta", signature="abc"),
            {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "Yes"}},
            delta(type="text_delta", text=", sir."),
            delta(type="input_json_delta", partial_json="{}"),
            {"type": "something_new", "index": 7},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        )
    )
    completion = await complete(model, PROMPT)
    assert (completion.text, completion.model) == ("Yes, sir.", "small")


async def test_a_full_context_window_is_a_matter_of_length(
    model: AnthropicLanguageModel, upstream: ScriptedUpstream
) -> None:
    upstream.reply(anthropic_answer("Ye", "model_context_window_exceeded"))
    assert (await complete(model, PROMPT)).finish_reason is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("overloaded_error", ModelOverloaded),
        ("rate_limit_error", ModelOverloaded),
        ("api_error", ModelBroken),
        ("timeout_error", ModelTimedOut),
        ("invalid_request_error", PromptRefused),
        ("unheard_of_error", ModelBroken),
    ],
)
async def test_an_error_inside_the_stream_is_an_error(
    model: AnthropicLanguageModel, upstream: ScriptedUpstream, word: str, kind: type[RAGBoostError]
) -> None:
    started = {"type": "message_start", "message": {"model": "claude-scripted"}}
    upstream.reply(named_events(started, {"type": "error", "error": {"type": word, "message": "No."}}))
    with pytest.raises(RAGBoostError, match=word) as caught:
        await complete(model, PROMPT)
    assert type(caught.value) is kind

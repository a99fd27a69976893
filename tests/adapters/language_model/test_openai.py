"""What only OpenAI's format knows, and what those who imitate it leave out."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from attrs import evolve
from openai import AsyncOpenAI

from adapters.language_model.endpoint import Endpoint
from adapters.language_model.openai import OpenAILanguageModel
from domain.errors import RAGBoostError
from domain.generation import Completion, FinishReason, ModelBroken, ModelOverloaded, PromptRefused
from domain.prompts import Message, Prompt, Role
from domain.tokens import TokenUsage
from tests.upstream import Reply, ScriptedUpstream, events, openai_answer

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
async def model(upstream: ScriptedUpstream) -> AsyncIterator[OpenAILanguageModel]:
    connected = OpenAILanguageModel.connect(Endpoint("sk-x", upstream.url + "/v1"))
    yield connected
    await connected.aclose()


async def complete(model: OpenAILanguageModel, prompt: Prompt) -> Completion:
    return Completion.fold("openai", prompt.model, [chunk async for chunk in model.stream(prompt)])


async def test_messages_keep_their_order_and_usage_is_asked_for(
    model: OpenAILanguageModel, upstream: ScriptedUpstream
) -> None:
    upstream.reply(openai_answer("Yes."))
    await complete(model, PROMPT)
    request = upstream.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.json == {
        "model": "small",
        "messages": [{"role": str(each.role), "content": each.content} for each in PROMPT.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_openai_itself_wants_the_newer_name_of_the_limit(upstream: ScriptedUpstream) -> None:
    """The real host must be named, and must not be asked: the transport leads to the upstream instead."""
    upstream.reply(openai_answer("Yes."))
    connected = OpenAILanguageModel.connect(Endpoint("sk-x"))
    host, port = upstream.url.removeprefix("http://").split(":")

    async def divert(request: httpx2.Request) -> None:
        request.url = request.url.copy_with(scheme="http", host=host, port=int(port))

    connected.client._client.event_hooks = {"request": [divert]}  # noqa: SLF001 - the SDK shows its transport nowhere else
    await complete(connected, evolve(PROMPT, parameters={"max_tokens": 5}))
    await connected.aclose()
    sent = upstream.requests[0].json
    assert sent["max_completion_tokens"] == 5
    assert "max_tokens" not in sent


async def test_it_takes_a_client_that_was_made_elsewhere(upstream: ScriptedUpstream) -> None:
    upstream.reply(openai_answer("Yes."))
    async with AsyncOpenAI(api_key="sk-x", base_url=upstream.url + "/v1") as client:
        assert (await complete(OpenAILanguageModel(client), PROMPT)).text == "Yes."


@pytest.mark.parametrize(
    "bare",
    [
        [{"choices": [{"delta": {"content": "Yes."}}]}, {"choices": [{"finish_reason": "stop"}]}],
        [{"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}]}],
        [
            {"choices": []},
            {"choices": None},
            {"choices": [{"delta": None}]},
            {"choices": [{"delta": {"content": None, "role": None}, "finish_reason": ""}]},
            {"choices": [{"delta": {"content": "Yes.", "reasoning_content": "Hm."}, "mood": "fine"}], "x_groq": {}},
            {"choices": [{"delta": {}, "finish_reason": "eos"}], "usage": None},
        ],
    ],
)
@pytest.mark.parametrize("done", [True, False])
async def test_servers_that_say_less_or_more_are_understood(
    model: OpenAILanguageModel, upstream: ScriptedUpstream, bare: list[object], done: bool
) -> None:
    upstream.reply(events(*bare, done=done))
    completion = await complete(model, PROMPT)
    assert (completion.text, completion.finish_reason) == ("Yes.", FinishReason.STOP)
    assert (completion.usage, completion.model) == (TokenUsage(), "small")


async def test_usage_that_is_told_again_and_again_is_a_running_total(
    model: OpenAILanguageModel, upstream: ScriptedUpstream
) -> None:
    counts = [{"prompt_tokens": 9, "completion_tokens": number, "total_tokens": 9 + number} for number in (1, 2, 3)]
    spoken = [{"choices": [{"delta": {"content": "x"}}], "usage": each} for each in counts]
    upstream.reply(events(*spoken, {"choices": [{"finish_reason": "stop"}]}))
    assert (await complete(model, PROMPT)).usage == TokenUsage(9, 3)


async def test_tokens_that_have_a_price_of_their_own_are_told_apart(
    model: OpenAILanguageModel, upstream: ScriptedUpstream
) -> None:
    usage = {
        "prompt_tokens": 300,
        "completion_tokens": 90,
        "prompt_tokens_details": {"cached_tokens": 256, "cache_write_tokens": 32, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 80},
    }
    upstream.reply(events({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}, {"usage": usage}))
    assert (await complete(model, PROMPT)).usage == TokenUsage(300, 90, cached=256, written=32, reasoning=80)


async def test_thoughts_that_are_counted_in_nothing_but_the_total_are_tokens_of_the_answer(
    model: OpenAILanguageModel, upstream: ScriptedUpstream
) -> None:
    """xAI and Gemini count them so, and have them paid."""
    thoughts = {"completion_tokens_details": {"reasoning_tokens": 80}}
    usage = {"prompt_tokens": 30, "completion_tokens": 10, "total_tokens": 120, **thoughts}
    upstream.reply(events({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}], "usage": usage}))
    assert (await complete(model, PROMPT)).usage == TokenUsage(30, 90, reasoning=80)


async def test_only_the_first_of_several_choices_is_read(
    model: OpenAILanguageModel, upstream: ScriptedUpstream
) -> None:
    choices = [{"index": 1, "delta": {"content": "No."}}, {"index": 0, "delta": {"content": "Yes."}}]
    single = [{"choices": [each]} for each in (*choices, {"index": 1, "finish_reason": "length"})]
    upstream.reply(events(*single, {"choices": [{"index": 0, "finish_reason": "stop"}]}))
    completion = await complete(model, PROMPT)
    assert (completion.text, completion.finish_reason) == ("Yes.", FinishReason.STOP)


async def test_a_model_that_refuses_was_filtered(model: OpenAILanguageModel, upstream: ScriptedUpstream) -> None:
    upstream.reply(events({"choices": [{"delta": {"refusal": "I would rather not."}}]}, {"choices": [{}]}))
    completion = await complete(model, PROMPT)
    assert (completion.text, completion.finish_reason) == ("I would rather not.", FinishReason.FILTERED)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "Slow down.", "code": "rate_limit_exceeded"}, ModelOverloaded),
        ({"message": "Nothing left.", "type": "insufficient_quota"}, ModelOverloaded),
        ({"message": "Too long.", "code": "context_length_exceeded"}, PromptRefused),
        ({"message": "Gone.", "code": 502}, ModelBroken),
        ({"message": "Who knows."}, ModelBroken),
        ("just a word", ModelBroken),
    ],
)
async def test_an_error_inside_the_stream_is_an_error(
    model: OpenAILanguageModel, upstream: ScriptedUpstream, error: object, kind: type[RAGBoostError]
) -> None:
    upstream.reply(events({"choices": [{"delta": {"content": "Well, "}}]}, {"error": error}))
    with pytest.raises(RAGBoostError) as caught:
        await complete(model, PROMPT)
    assert type(caught.value) is kind


async def test_half_an_event_at_the_very_end_does_no_harm(
    model: OpenAILanguageModel, upstream: ScriptedUpstream
) -> None:
    whole = openai_answer("Yes.")
    upstream.reply(Reply((*whole.steps[:-1], b'data: {"half')))
    assert (await complete(model, PROMPT)).text == "Yes."

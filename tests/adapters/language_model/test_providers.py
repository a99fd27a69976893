"""What OpenAI's and Anthropic's formats have in common: every test runs in both."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Protocol

import pytest
from attrs import evolve, frozen

from adapters.language_model.anthropic import AnthropicLanguageModel
from adapters.language_model.endpoint import Endpoint
from adapters.language_model.openai import OpenAILanguageModel
from domain.errors import RAGBoostError, Transient
from domain.generation import (
    AnswerCutShort,
    Chunk,
    Completion,
    FinishReason,
    LanguageModel,
    ModelBroken,
    ModelFailed,
    ModelOverloaded,
    ModelRefusedKey,
    ModelTimedOut,
    ModelUnreachable,
    PromptRefused,
)
from domain.prompts import Message, Prompt, Role
from domain.tokens import TokenUsage
from tests.upstream import (
    JSON,
    Cut,
    Reply,
    ScriptedUpstream,
    anthropic_answer,
    anthropic_failure,
    failure,
    html,
    openai_answer,
    openai_failure,
    until,
)

Model = OpenAILanguageModel | AnthropicLanguageModel

NEVER = threading.Event()

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

KEY = "sk-this-is-the-secret-key"


class Failing(Protocol):
    def __call__(self, status: int, message: str = ..., /, *, headers: dict[str, str] | None = ...) -> Reply: ...


class Answering(Protocol):
    def __call__(self, text: str | list[str], finish_reason: str = ..., /) -> Reply: ...


@frozen
class Format:
    """A provider's wire format: the adapter that speaks it, and replies in it."""

    name: str
    adapter: type[OpenAILanguageModel | AnthropicLanguageModel]
    path: str
    answer: Answering
    failure: Failing

    def connect(self, url: str, timeout: float = 5.0) -> Model:
        return self.adapter.connect(Endpoint(KEY, url + self.path, timeout))


FORMATS = (
    Format("openai", OpenAILanguageModel, "/v1", openai_answer, openai_failure),
    Format("anthropic", AnthropicLanguageModel, "", anthropic_answer, anthropic_failure),
)


@pytest.fixture(params=FORMATS, ids=lambda each: each.name)
def wire(request: pytest.FixtureRequest) -> Format:
    """Run the test in each provider's format."""
    chosen: Format = request.param
    return chosen


@pytest.fixture
async def model(wire: Format, upstream: ScriptedUpstream) -> AsyncIterator[Model]:
    """Give the adapter for *wire*, patient for five seconds."""
    connected = wire.connect(upstream.url)
    yield connected
    await connected.aclose()


async def collect(model: LanguageModel, prompt: Prompt) -> list[Chunk]:
    return [chunk async for chunk in model.stream(prompt)]


async def complete(model: LanguageModel, prompt: Prompt) -> Completion:
    return Completion.fold("scripted", prompt.model, await collect(model, prompt))


async def test_text_comes_in_pieces_and_the_last_chunk_says_how_it_ended(
    model: Model, wire: Format, upstream: ScriptedUpstream
) -> None:
    upstream.reply(wire.answer("Because it is deep."))
    *spoken, last = await collect(model, PROMPT)
    assert [each.text for each in spoken] == ["Because ", "it ", "is ", "deep."]
    assert all(each.finish_reason is None and each.usage is None for each in spoken)
    assert (last.text, last.finish_reason, last.usage) == ("", FinishReason.STOP, TokenUsage(11, 7))
    assert last.model in {"gpt-scripted", "claude-scripted"}


async def test_a_piece_is_given_before_the_next_one_is_sent(
    model: Model, wire: Format, upstream: ScriptedUpstream
) -> None:
    gate = threading.Event()
    upstream.reply(wire.answer("Because it is deep.").held(gate, after=4))
    async with aclosing(model.stream(PROMPT)) as stream:
        assert (await anext(stream)).text == "Because "
        gate.set()
        assert "".join([chunk.text async for chunk in stream]) == "it is deep."


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_letters_torn_apart_by_the_network_come_out_whole(
    model: Model, wire: Format, upstream: ScriptedUpstream, size: int
) -> None:
    upstream.reply(wire.answer("Ünïcödé, 日本語, 🐳.").split(size))
    assert (await complete(model, PROMPT)).text == "Ünïcödé, 日本語, 🐳."


async def test_comments_that_keep_the_connection_alive_are_passed_over(
    model: Model, wire: Format, upstream: ScriptedUpstream
) -> None:
    upstream.reply(wire.answer("Still here.").commented())
    assert (await complete(model, PROMPT)).text == "Still here."


async def test_five_thousand_tiny_pieces_are_an_answer(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.answer(["x"] * 5_000))
    assert (await complete(model, PROMPT)).text == "x" * 5_000


async def test_an_answer_without_text_is_whole_only_in_name(
    model: Model, wire: Format, upstream: ScriptedUpstream
) -> None:
    upstream.reply(wire.answer([]))
    completion = await complete(model, PROMPT)
    assert (completion.text, completion.finish_reason, completion.is_whole) == ("", FinishReason.STOP, False)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("max_tokens", FinishReason.LENGTH),
        ("content_filter", FinishReason.FILTERED),
        ("refusal", FinishReason.FILTERED),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("pause_turn", FinishReason.OTHER),
        ("something new", FinishReason.OTHER),
    ],
)
async def test_every_provider_s_reason_to_finish_is_one_of_ours(
    model: Model, wire: Format, upstream: ScriptedUpstream, word: str, reason: FinishReason
) -> None:
    upstream.reply(wire.answer("An answer.", word))
    assert (await complete(model, PROMPT)).finish_reason is reason


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, PromptRefused),
        (401, ModelRefusedKey),
        (402, ModelRefusedKey),
        (403, ModelRefusedKey),
        (404, PromptRefused),
        (408, ModelTimedOut),
        (409, ModelFailed),
        (413, PromptRefused),
        (422, PromptRefused),
        (429, ModelOverloaded),
        (500, ModelBroken),
        (502, ModelBroken),
        (503, ModelBroken),
        (504, ModelTimedOut),
        (529, ModelOverloaded),
    ],
)
async def test_a_refusal_is_one_of_our_errors(
    model: Model, wire: Format, upstream: ScriptedUpstream, status: int, kind: type[RAGBoostError]
) -> None:
    upstream.reply(wire.failure(status))
    with pytest.raises(RAGBoostError, match=str(status)) as caught:
        await collect(model, PROMPT)
    assert type(caught.value) is kind


async def test_a_refusal_names_the_field_and_says_why(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.failure(404, "There is no such model."), wire.failure(400, "top_k: is not permitted"))
    with pytest.raises(PromptRefused, match=r"^model: .*There is no such model\."):
        await collect(model, PROMPT)
    with pytest.raises(PromptRefused, match=r"^prompt: .*top_k: is not permitted"):
        await collect(model, PROMPT)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("1.2.3", None), ("", None)],
)
async def test_too_many_callers_are_told_when_to_come_back(
    model: Model, wire: Format, upstream: ScriptedUpstream, header: str, seconds: float | None
) -> None:
    upstream.reply(wire.failure(429, headers={"retry-after": header}))
    with pytest.raises(ModelOverloaded) as caught:
        await collect(model, PROMPT)
    assert caught.value.resets_in == seconds


async def test_a_date_far_ahead_is_a_long_wait(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.failure(529, headers={"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}))
    with pytest.raises(ModelOverloaded) as caught:
        await collect(model, PROMPT)
    assert caught.value.resets_in is not None
    assert caught.value.resets_in > 1_000_000


@pytest.mark.parametrize("status", [400, 401, 422, 429, 500])
@pytest.mark.parametrize(
    "told", ["the key sk-this-is-the-secret-key is wrong", "bad: 'And at night, when no sun", "you said Be brief."]
)
async def test_no_error_repeats_the_key_or_the_prompt(
    model: Model, wire: Format, upstream: ScriptedUpstream, status: int, told: str
) -> None:
    upstream.reply(wire.failure(status, told))
    with pytest.raises(RAGBoostError) as caught:
        await collect(model, PROMPT)
    assert told not in str(caught.value)
    assert str(status) in str(caught.value)


async def test_a_body_that_echoes_the_request_is_not_shown(model: Model, upstream: ScriptedUpstream) -> None:
    upstream.reply(failure(422, {"detail": [{"input": PROMPT.messages[-1].content}]}))
    with pytest.raises(PromptRefused, match=r"^prompt: the provider answered 422$"):
        await collect(model, PROMPT)


async def test_a_long_complaint_is_cut_short(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.failure(400, "z" * 5_000))
    with pytest.raises(PromptRefused) as caught:
        await collect(model, PROMPT)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("status", "kind"), [(200, ModelBroken), (404, PromptRefused), (502, ModelBroken)])
async def test_a_web_page_is_no_answer(
    model: Model, upstream: ScriptedUpstream, status: int, kind: type[RAGBoostError]
) -> None:
    upstream.reply(html(status))
    with pytest.raises(kind) as caught:
        await collect(model, PROMPT)
    assert "<" not in str(caught.value)


async def test_an_error_in_a_reply_that_says_all_is_well_is_an_error(model: Model, upstream: ScriptedUpstream) -> None:
    upstream.reply(Reply((b'{"error": {"message": "no", "type": "server_error"}}',), headers=JSON))
    with pytest.raises(ModelBroken, match="application/json"):
        await collect(model, PROMPT)


async def test_an_empty_stream_is_an_answer_cut_short(model: Model, upstream: ScriptedUpstream) -> None:
    upstream.reply(Reply())
    with pytest.raises(AnswerCutShort):
        await collect(model, PROMPT)


@pytest.mark.parametrize("pieces", [1, 4, 5])
async def test_a_stream_that_ends_before_the_answer_does_is_cut_short(
    model: Model, wire: Format, upstream: ScriptedUpstream, pieces: int
) -> None:
    upstream.reply(wire.answer("It ends in the middle of").ended(after=pieces))
    with pytest.raises(AnswerCutShort):
        await collect(model, PROMPT)


@pytest.mark.parametrize("how", Cut)
@pytest.mark.parametrize("pieces", [0, 1, 5])
async def test_a_connection_that_breaks_says_so(
    model: Model, wire: Format, upstream: ScriptedUpstream, how: Cut, pieces: int
) -> None:
    upstream.reply(wire.answer("It breaks in the middle of").cut(pieces, how))
    with pytest.raises(ModelUnreachable) as caught:
        await collect(model, PROMPT)
    assert isinstance(caught.value, Transient)


@pytest.mark.parametrize(
    "garbage",
    [
        b'event: message_start\ndata: {"mess\n\n',
        b"event: message_start\ndata: 5\n\n",
        b"event: message_start\ndata: null\n\n",
        b'event: message_start\ndata: {"choices": "none", "message": "none", "type": "message_start"}\n\n',
        b"event: message_start\ndata: \xff\xfe\n\n",
    ],
)
async def test_garbage_is_the_provider_s_fault(model: Model, upstream: ScriptedUpstream, garbage: bytes) -> None:
    upstream.reply(Reply((garbage,)))
    with pytest.raises(ModelBroken):
        await collect(model, PROMPT)


@pytest.mark.parametrize("pieces", [0, 5])
async def test_a_silence_longer_than_the_timeout_ends_the_call(
    wire: Format, upstream: ScriptedUpstream, pieces: int
) -> None:
    upstream.reply(wire.answer("It falls silent in the middle").held(NEVER, pieces))
    model = wire.connect(upstream.url, timeout=0.1)
    with pytest.raises(ModelTimedOut):
        await collect(model, PROMPT)
    await until(lambda: upstream.hangups == 1)
    await model.aclose()


async def test_a_slow_stream_that_keeps_talking_may_outlast_the_timeout(
    wire: Format, upstream: ScriptedUpstream
) -> None:
    upstream.reply(wire.answer("one two three four five six seven eight").slowly(0.05))
    model = wire.connect(upstream.url, timeout=0.4)
    assert (await complete(model, PROMPT)).text.endswith("eight")
    await model.aclose()


async def test_a_host_that_is_not_there_is_unreachable(wire: Format) -> None:
    with ScriptedUpstream() as gone:
        url = gone.url
    model = wire.connect(url)
    with pytest.raises(ModelUnreachable):
        await collect(model, PROMPT)
    await model.aclose()


async def test_a_call_is_made_once(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.failure(500))
    with pytest.raises(ModelBroken):
        await collect(model, PROMPT)
    assert len(upstream.requests) == 1


async def test_leaving_early_hangs_up(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.answer("One two three").held(NEVER, after=5))
    async with aclosing(model.stream(PROMPT)) as stream:
        await anext(stream)
    await until(lambda: upstream.hangups == 1)
    await until(lambda: upstream.open_connections == 0)


@pytest.mark.parametrize("pieces", [0, 5])
async def test_cancelling_hangs_up(model: Model, wire: Format, upstream: ScriptedUpstream, pieces: int) -> None:
    upstream.reply(wire.answer("One two three").held(NEVER, after=pieces))
    asking = asyncio.create_task(collect(model, PROMPT))
    await until(lambda: len(upstream.requests) == 1)
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: upstream.hangups == 1)


async def test_one_connection_serves_one_answer_after_another(
    model: Model, wire: Format, upstream: ScriptedUpstream
) -> None:
    upstream.reply(wire.answer("Again."))
    for _ in range(5):
        await collect(model, PROMPT)
    assert upstream.open_connections == 1


async def test_closing_the_model_closes_its_connections(wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.answer("Once."))
    model = wire.connect(upstream.url)
    await collect(model, PROMPT)
    await model.aclose()
    await until(lambda: upstream.open_connections == 0)


async def test_half_a_letter_in_the_prompt_is_the_prompt_s_fault(
    model: Model, wire: Format, upstream: ScriptedUpstream
) -> None:
    upstream.reply(wire.answer("Never said."))
    with pytest.raises(PromptRefused, match=r"^prompt: "):
        await collect(model, Prompt("small", (Message(Role.USER, "broken \ud83d here"),)))


async def test_parameters_go_out_as_they_were_asked(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.answer("Yes."))
    await collect(model, evolve(PROMPT, parameters={"max_tokens": 5, "temperature": 0.25, "top_p": 0.5}))
    sent = upstream.requests[0].json
    assert (sent["max_tokens"], sent["temperature"], sent["top_p"]) == (5, 0.25, 0.5)


async def test_no_parameter_replaces_what_is_ours(model: Model, wire: Format, upstream: ScriptedUpstream) -> None:
    upstream.reply(wire.answer("Yes."))
    await collect(model, evolve(PROMPT, parameters={"model": "dear", "messages": [], "stream": False}))
    sent = upstream.requests[0].json
    assert (sent["model"], sent["stream"]) == ("small", True)
    assert sent["messages"][-1] == {"role": "user", "content": PROMPT.messages[-1].content}


async def test_the_key_goes_out_in_a_header_and_is_seen_nowhere_else(
    model: Model, wire: Format, upstream: ScriptedUpstream
) -> None:
    upstream.reply(wire.answer("Yes."))
    await collect(model, PROMPT)
    assert upstream.requests[0].headers["authorization"] == "Bearer sk-this-is-the-secret-key"
    assert "secret" not in repr(model)


async def test_without_a_key_none_is_taken_from_the_environment(
    wire: Format, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-only")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-for-anthropic-only")
    upstream.reply(wire.answer("Yes."))
    model = wire.adapter.connect(Endpoint(base_url=upstream.url + wire.path))
    await collect(model, PROMPT)
    assert "sk-for" not in str(upstream.requests[0].headers)
    await model.aclose()


def test_an_endpoint_keeps_its_key_to_itself_and_trims_it() -> None:
    endpoint = Endpoint("  sk-secret\n", timeout=2.0)
    assert "secret" not in repr(endpoint)
    assert (endpoint.credential, endpoint.connect_timeout) == ("sk-secret", 2.0)

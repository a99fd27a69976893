"""Anthropic's own Python SDK gets from RAGBoost what it gets from the provider."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic
from attrs import frozen
from openai import OpenAI
from pydantic import BaseModel

from tests.entrypoints.http.doors.anthropic_provider import Message, calls, says, thinks
from tests.entrypoints.http.listening import Server
from tests.upstream import Cut, ScriptedUpstream, anthropic_answer, anthropic_failure, failure

numbers = itertools.count()
WEATHER = {"name": "get_weather", "description": "Tell it.", "input_schema": {"type": "object", "properties": {}}}
CACHED = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
SAYINGS: Mapping[str, tuple[Message, dict[str, Any]]] = {
    "text": (says("A memory for answers — 日本語 🎉."), {}),
    "parameters": (says("Fine."), {"stop_sequences": ["\n"], "service_tier": "auto", "metadata": {"user_id": "u1"}}),
    "instructions": (says("Yes."), {"system": "Be brief."}),
    "instructions to keep": (says("Yes."), {"system": [CACHED]}),
    "a tool": (calls(("get_weather", {"city": "Paris"}), text="Let me see."), {"tools": [WEATHER]}),
    "two tools": (calls(("get_weather", {"city": "Rome"}), ("get_weather", {})), {"tools": [WEATHER]}),
    "thoughts": (thinks("Let me think.", "Yes."), {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
    "two texts": (Message([{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]), {}),
    "stopped": (says("One", stop_reason="stop_sequence", stop_sequence="."), {"stop_sequences": ["."]}),
    "cut short": (says("It goes on and", stop_reason="max_tokens"), {}),
    "a refusal": (says("No.", stop_reason="refusal"), {}),
}
REMEMBERED = sorted(SAYINGS.keys() - {"cut short", "a refusal"})


@frozen
class Clients:
    """One and the same client, at two addresses."""

    direct: Anthropic
    ours: Anthropic


@pytest.fixture(scope="module")
def clients(provider: ScriptedUpstream, ragboost: Server) -> Iterator[Clients]:
    with (
        Anthropic(api_key="no-key-needed", base_url=provider.url, max_retries=0) as direct,
        Anthropic(api_key="no-key-needed", base_url=ragboost.url, max_retries=0) as ours,
    ):
        yield Clients(direct, ours)


@pytest.fixture
def asked() -> Mapping[str, Any]:
    """Ask what nobody asked before, nor anything like it."""
    question = f"gate{next(numbers)} " * 3
    return {"model": "claude-x", "max_tokens": 50, "messages": [{"role": "user", "content": question.strip()}]}


def told(message: BaseModel) -> Mapping[str, Any]:
    """Give all that was told, but for what is each answer's own."""
    return {name: value for name, value in message.model_dump().items() if name != "id"}


def told_in_pieces(stream: Any) -> list[Mapping[str, Any]]:
    events = [event.model_dump() for event in stream]
    for each in events:
        each.get("message", {}).pop("id", None)
    return events


@pytest.mark.parametrize("name", SAYINGS)
class TestItIsAsIfTheProviderWereAsked:
    def test_for_a_whole_answer(self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        direct = clients.direct.messages.create(**asked, **fields)
        ours = clients.ours.messages.create(**asked, **fields)

        assert told(ours) == told(direct)
        assert ours.id.startswith("msg_")
        assert ours.id != direct.id

    def test_for_an_answer_in_pieces(self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        direct = told_in_pieces(clients.direct.messages.create(**asked, **fields, stream=True))
        ours = told_in_pieces(clients.ours.messages.create(**asked, **fields, stream=True))

        assert ours == direct

    def test_and_the_provider_is_asked_the_same(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str
    ) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        provider.requests.clear()
        clients.direct.messages.create(**asked, **fields, extra_headers={"anthropic-beta": "new-2026"})
        clients.ours.messages.create(**asked, **fields, extra_headers={"anthropic-beta": "new-2026"})
        direct, ours = provider.requests

        assert {**direct.json, "stream": True} == ours.json
        assert ours.headers["anthropic-beta"] == "new-2026"


@pytest.mark.parametrize("name", REMEMBERED)
class TestARememberedAnswer:
    def test_is_the_same_again_at_no_cost(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str
    ) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        first = clients.ours.messages.create(**asked, **fields)
        provider.requests.clear()
        again = clients.ours.messages.with_raw_response.create(**asked, **fields)
        message = again.parse()

        assert {**told(message), "usage": None} == {**told(first), "usage": None}
        assert message.id != first.id
        assert (message.usage.input_tokens, message.usage.output_tokens) == (0, 0)
        assert again.headers["x-ragboost-cache"] == "exact"
        assert again.headers["x-ragboost-tokens-saved"] == "29"
        assert provider.requests == []

    def test_is_told_in_pieces_too(self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        whole = clients.ours.messages.create(**asked, **fields)
        with clients.ours.messages.stream(**asked, **fields) as stream:
            again = stream.get_final_message()

        def content(message: Any) -> Any:
            return [{**each.model_dump(exclude={"parsed_output"})} for each in message.content]

        assert content(again) == content(whole)
        assert (again.model, again.stop_reason, again.stop_sequence) == (
            whole.model,
            whole.stop_reason,
            whole.stop_sequence,
        )


@pytest.mark.parametrize("name", ["cut short", "a refusal"])
def test_what_is_no_whole_answer_is_not_remembered(
    clients: Clients, provider: ScriptedUpstream, asked: Any, name: str
) -> None:
    saying, fields = SAYINGS[name]
    provider.answer(saying)
    assert [status(clients, {**asked, **fields})[0] for _ in range(2)] == ["miss", "miss"]


def status(clients: Clients, asked: Any, **more: Any) -> tuple[str, str]:
    reply = clients.ours.messages.with_raw_response.create(**asked, **more)
    message = reply.parse()
    return reply.headers["x-ragboost-cache"], "".join(getattr(each, "text", "") for each in message.content)


class TestConversations:
    def test_with_tools_are_the_same_only_to_the_letter(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(calls(("get_weather", {"city": "Paris"})))
        used = clients.ours.messages.create(**asked, tools=[WEATHER]).content
        result = {"type": "tool_result", "tool_use_id": "toolu_0", "content": "Sunny, 21 °C"}
        turns = [*asked["messages"], {"role": "assistant", "content": used}, {"role": "user", "content": [result]}]
        provider.answer(says("It is sunny."))
        seen = [status(clients, {**asked, "messages": turns}) for _ in range(2)]
        other = {"role": "user", "content": [{**result, "content": "Sunny, 22 °C"}]}

        assert seen == [("miss", "It is sunny."), ("exact", "It is sunny.")]
        assert status(clients, {**asked, "messages": [*turns[:-1], other]})[0] == "miss"
        assert provider.requests[-1].json["messages"][2] == other

    def test_with_images_reach_the_provider_as_they_are(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(says("A cat."))
        turn = {"role": "user", "content": [{"type": "text", "text": asked["messages"][0]["content"]}, IMAGE]}
        seen = [status(clients, {**asked, "messages": [turn]}) for _ in range(2)]

        assert seen == [("miss", "A cat."), ("exact", "A cat.")]
        assert provider.requests[-1].json["messages"] == [turn]

    def test_are_found_in_other_words_where_they_are_plain(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(says("Yes."))
        text = asked["messages"][0]["content"]
        ways = (text, [{"type": "text", "text": text}], f"{text}!")
        words = [status(clients, {**asked, "messages": [{"role": "user", "content": each}]})[0] for each in ways]

        assert words == ["miss", "exact", "semantic"]

    def test_are_the_same_at_every_door(
        self, clients: Clients, ragboost: Server, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(says("Yes."))
        assert status(clients, asked, system="Be brief.", stop_sequences=["."]) == ("miss", "Yes.")
        messages = [{"role": "system", "content": "Be brief."}, *asked["messages"]]
        there = {"x-ragboost-provider": "anthropic"}
        with OpenAI(api_key="no-key-needed", base_url=f"{ragboost.url}/v1", default_headers=there) as client:
            reply = client.chat.completions.with_raw_response.create(
                model="claude-x", messages=messages, max_completion_tokens=50, stop="."
            )
            stream = client.chat.completions.create(
                model="claude-x", messages=messages, max_tokens=50, stop=".", stream=True
            )
            pieces = [each.choices[0].delta.content for each in stream]
        assert reply.headers["x-ragboost-cache"] == "exact"
        assert reply.parse().choices[0].message.content == "Yes."
        assert "".join(filter(None, pieces)) == "Yes."

    def test_of_another_provider_are_told_in_this_format(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any
    ) -> None:
        from tests.entrypoints.http.doors import openai_provider  # noqa: PLC0415 - the other one here

        provider.answer(openai_provider.says("One two three."))
        there = {"x-ragboost-provider": "openai"}
        with clients.ours.messages.stream(**asked, extra_headers=there) as stream:
            live = stream.get_final_message()
        again = clients.ours.messages.create(**asked, extra_headers=there)
        assert [each.text for each in live.content] == [each.text for each in again.content] == ["One two three."]
        assert (live.stop_reason, live.usage.output_tokens, again.usage.output_tokens) == ("end_turn", 10, 0)


class TestErrors:
    @pytest.mark.parametrize(
        "trouble",
        [
            (400, "invalid_request_error", anthropic.BadRequestError),
            (404, "not_found_error", anthropic.NotFoundError),
            (429, "rate_limit_error", anthropic.RateLimitError),
            (500, "api_error", anthropic.InternalServerError),
        ],
    )
    def test_are_the_ones_that_the_provider_causes(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any, trouble: Any
    ) -> None:
        code, word, kind = trouble
        provider.answer(lambda _: anthropic_failure(code, "No.", word, {"retry-after": "7"}))
        for client, stream in itertools.product((clients.direct, clients.ours), (True, False)):
            with pytest.raises(kind) as caught:
                client.messages.create(**asked, stream=stream)
            assert caught.value.body["error"]["type"] == word
        assert caught.value.body["request_id"]

    def test_a_key_that_nobody_knows(self, ragboost: Server, asked: Any) -> None:
        client = Anthropic(api_key="sk-wrong", base_url=ragboost.url, max_retries=0)
        with client, pytest.raises(anthropic.AuthenticationError):
            client.messages.create(**asked)

    def test_inside_a_stream(self, clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
        provider.answer(lambda _: anthropic_answer("It remembers answers.").cut(after=5, how=Cut.CLOSE))
        with pytest.raises(anthropic.APIStatusError, match="api_error"):
            list(clients.ours.messages.create(**asked, stream=True))

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"messages": []}, "messages"),
            ({"messages": [{"role": "system", "content": "x"}]}, "messages[0].role"),
            ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
            ({"max_tokens": 0}, "max_tokens"),
            ({"tools": [{"name": "no spaces"}]}, "tools[0].name"),
            ({"tools": [{"name": "x", "input_schema": []}]}, "tools[0].input_schema"),
        ],
    )
    def test_name_the_field(self, clients: Clients, asked: Any, fields: Any, named: str) -> None:
        with pytest.raises(anthropic.BadRequestError) as caught:
            clients.ours.messages.create(**{**asked, **fields})
        assert caught.value.body["error"]["message"].startswith(f"{named}: ")

    def test_what_only_another_format_can_say_is_refused(self, clients: Clients, asked: Any) -> None:
        with pytest.raises(anthropic.BadRequestError, match="/v1/chat/completions"):
            clients.ours.messages.create(**asked, tools=[WEATHER], extra_headers={"x-ragboost-provider": "openai"})


async def test_the_asynchronous_client(ragboost: Server, provider: ScriptedUpstream, asked: Any) -> None:
    provider.answer(says("One two three."))
    async with AsyncAnthropic(api_key="no-key-needed", base_url=ragboost.url, max_retries=0) as client:
        async with client.messages.stream(**asked) as stream:
            pieces = [text async for text in stream.text_stream]
        whole = await client.messages.create(**asked)
    assert "".join(pieces) == "One two three."
    assert [each.text for each in whole.content] == ["One two three."]


def test_models_are_listed(clients: Clients) -> None:
    assert "claude-haiku-5-5" in [each.id for each in clients.ours.models.list()]
    assert clients.ours.models.retrieve("claude-haiku-5-5").type == "model"


class Verdict(BaseModel):
    sure: bool
    why: str


def test_structured_output(clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
    provider.answer(says('{"sure": true, "why": "It is written."}'))
    for _ in range(2):
        parsed = clients.ours.messages.parse(**asked, output_format=Verdict).parsed_output
        assert parsed == Verdict(sure=True, why="It is written.")
    assert provider.requests[-1].json["output_config"]["format"]["type"] == "json_schema"


class TestCounting:
    def test_is_left_to_the_provider(self, clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
        provider.answer(lambda _: failure(200, {"input_tokens": 42}))
        provider.requests.clear()
        asked = {"model": "claude-x", "messages": asked["messages"], "system": [CACHED], "tools": [WEATHER]}
        counted = [client.messages.count_tokens(**asked).input_tokens for client in (clients.direct, clients.ours)]

        direct, ours = provider.requests
        assert counted == [42, 42]
        assert ours.path.partition("?")[0] == direct.path.partition("?")[0]
        assert ours.json == direct.json

    def test_is_refused_where_the_provider_does_not_count(self, clients: Clients, asked: Any) -> None:
        there = {"x-ragboost-provider": "openai"}
        with pytest.raises(anthropic.NotFoundError, match="does not count"):
            clients.ours.messages.count_tokens(model="gpt-x", messages=asked["messages"], extra_headers=there)

    def test_fails_as_the_provider_does(self, clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
        for reply, kind in (
            (anthropic_failure(429, "No.", "rate_limit_error"), anthropic.RateLimitError),
            (failure(200, {"tokens": "many"}), anthropic.InternalServerError),
        ):
            provider.answer(lambda _, reply=reply: reply)
            with pytest.raises(kind):
                clients.ours.messages.count_tokens(model="claude-x", messages=asked["messages"])

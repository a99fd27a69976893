"""OpenAI's own Python SDK gets from RAGBoost what it gets from the provider."""

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import openai
import pytest
from anthropic import Anthropic
from attrs import frozen
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from tests.entrypoints.http.doors.openai_provider import calls, reasons, refuses, says
from tests.entrypoints.http.listening import Server, listening, wait_until
from tests.entrypoints.http.service import memory_settings
from tests.upstream import Cut, ScriptedUpstream, openai_answer, openai_failure

numbers = itertools.count()
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
SAYINGS = {
    "text": (says("A memory for answers — 日本語 🎉."), {}),
    "parameters": (says("Fine."), {"temperature": 0.2, "max_completion_tokens": 50, "seed": 7, "stop": ["\n"]}),
    "a tool": (calls(("get_weather", '{"city": "Paris"}')), {"tools": [WEATHER]}),
    "two tools": (calls(("get_weather", '{"city": "Rome"}'), ("get_weather", "{}")), {"tools": [WEATHER]}),
    "a refusal": (refuses("I would rather not."), {}),
    "cut short": (says("It goes on and", finish_reason="length"), {"max_tokens": 4}),
    "filtered": (says("It", finish_reason="content_filter"), {}),
    "logprobs": (says("Yes sir", logprobs=[{"token": "Yes", "logprob": -0.1, "bytes": None, "top_logprobs": []}]),
                 {"logprobs": True}),
    "thoughts": (reasons("Let me think.", "Yes."), {}),
    "two at once": (says("Heads."), {"n": 2}),
    "its own tier": (says("Fast.", around={"service_tier": "priority"}), {"service_tier": "priority", "user": "u1"}),
}  # fmt: skip
REMEMBERED = ["text", "parameters", "a tool", "two tools", "logprobs", "thoughts", "its own tier"]


@frozen
class Clients:
    """One and the same client, at two addresses."""

    direct: OpenAI
    ours: OpenAI


@pytest.fixture(scope="module")
def clients(provider: ScriptedUpstream, ragboost: Server) -> Iterator[Clients]:
    with (
        OpenAI(api_key="no-key-needed", base_url=f"{provider.url}/v1", max_retries=0) as direct,
        OpenAI(api_key="no-key-needed", base_url=f"{ragboost.url}/v1", max_retries=0) as ours,
    ):
        yield Clients(direct, ours)


@pytest.fixture
def asked() -> Mapping[str, Any]:
    """Ask what nobody asked before, nor anything like it."""
    return {"model": "gpt-x", "messages": [{"role": "user", "content": f"door{next(numbers)} " * 3}]}


def told(completion: BaseModel) -> Mapping[str, Any]:
    """Give all that was told, but for what is each answer's own."""
    return {name: value for name, value in completion.model_dump().items() if name not in {"id", "created"}}


def told_in_pieces(stream: Any) -> list[Mapping[str, Any]]:
    return [told(chunk) for chunk in stream]


@pytest.mark.parametrize("name", SAYINGS)
class TestItIsAsIfTheProviderWereAsked:
    def test_for_a_whole_answer(self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        direct = clients.direct.chat.completions.create(**asked, **fields)
        ours = clients.ours.chat.completions.create(**asked, **fields)

        assert told(ours) == told(direct)
        assert ours.id.startswith("chatcmpl-")
        assert ours.id != direct.id

    def test_for_an_answer_in_pieces(self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        for options in ({}, {"stream_options": {"include_usage": True}}):
            more = {**fields, **options, "stream": True}
            direct = told_in_pieces(clients.direct.chat.completions.create(**asked, **more))
            provider.requests.clear()
            headers = {"cache-control": "no-cache"}
            ours = told_in_pieces(clients.ours.chat.completions.create(**asked, **more, extra_headers=headers))

            assert ours == direct
            assert len(provider.requests) == 1

    def test_and_the_provider_is_asked_the_same(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str
    ) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        provider.requests.clear()
        clients.direct.chat.completions.create(**asked, **fields)
        clients.ours.chat.completions.create(**asked, **fields)
        direct, ours = (each.json for each in provider.requests)

        assert {**direct, "stream": True, "stream_options": {"include_usage": True}} == ours


@pytest.mark.parametrize("name", REMEMBERED)
class TestARememberedAnswer:
    def test_is_the_same_again_at_no_cost(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str
    ) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        first = clients.ours.chat.completions.create(**asked, **fields)
        provider.requests.clear()
        again = clients.ours.chat.completions.with_raw_response.create(**asked, **fields)
        completion = again.parse()

        assert {**told(completion), "usage": None} == {**told(first), "usage": None}
        assert completion.id != first.id
        assert completion.usage.total_tokens == 0
        assert again.headers["x-ragboost-cache"] == "exact"
        assert again.headers["x-ragboost-tokens-saved"] == "29"
        assert again.headers["x-ragboost-entry"]
        assert again.headers["age"]
        assert provider.requests == []

    def test_is_told_in_pieces_too(self, clients: Clients, provider: ScriptedUpstream, asked: Any, name: str) -> None:
        saying, fields = SAYINGS[name]
        provider.answer(saying)
        whole = clients.ours.chat.completions.create(**asked, **fields)
        with clients.ours.chat.completions.stream(**asked, **fields) as stream:
            again = stream.get_final_completion()

        message, told_again = whole.choices[0].message, again.choices[0].message
        assert (told_again.content, told_again.refusal) == (message.content, message.refusal)
        assert _called(told_again) == _called(message)
        assert again.choices[0].finish_reason == whole.choices[0].finish_reason
        assert again.system_fingerprint == whole.system_fingerprint
        assert again.model == whole.model


def _called(message: Any) -> list[tuple[str, str, str]]:
    return [(each.id, each.function.name, each.function.arguments) for each in message.tool_calls or ()]


@pytest.mark.parametrize("name", sorted(SAYINGS.keys() - {*REMEMBERED}))
def test_what_is_no_whole_answer_is_not_remembered(
    clients: Clients, provider: ScriptedUpstream, asked: Any, name: str
) -> None:
    saying, fields = SAYINGS[name]
    provider.answer(saying)
    words = [
        clients.ours.chat.completions.with_raw_response.create(**asked, **fields).headers["x-ragboost-cache"]
        for _ in range(2)
    ]
    assert words == (["pass"] * 2 if name == "two at once" else ["miss"] * 2)


class TestConversations:
    def test_with_tools_are_the_same_only_to_the_letter(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(calls(("get_weather", '{"city": "Paris"}')))
        called = clients.ours.chat.completions.create(**asked, tools=[WEATHER]).choices[0].message
        result = {"role": "tool", "tool_call_id": "call_0", "content": "Sunny, 21 °C"}
        turns = [*asked["messages"], called, result]
        provider.answer(says("It is sunny."))
        told = [self.status(clients, turns) for _ in range(2)]
        other = {**result, "content": "Sunny, 22 °C"}

        assert told == [("miss", "It is sunny."), ("exact", "It is sunny.")]
        assert self.status(clients, [*turns[:-1], other])[0] == "miss"
        assert provider.requests[-1].json["messages"][2] == other

    def test_with_images_reach_the_provider_as_they_are(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(says("A cat."))
        seen = [{"role": "user", "content": [{"type": "text", "text": asked["messages"][0]["content"]}, IMAGE]}]
        told = [self.status(clients, seen) for _ in range(2)]

        assert told == [("miss", "A cat."), ("exact", "A cat.")]
        assert provider.requests[-1].json["messages"] == seen

    def test_are_found_in_other_words_where_they_are_plain(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(says("Yes."))
        text = asked["messages"][0]["content"]
        told = [self.status(clients, [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": each}])
                for each in (text, [{"type": "text", "text": text}], f"{text}!")]  # fmt: skip
        assert [word for word, _ in told] == ["miss", "exact", "semantic"]

    def status(self, clients: Clients, messages: Any) -> tuple[str, str]:
        reply = clients.ours.chat.completions.with_raw_response.create(model="gpt-x", messages=messages)
        return reply.headers["x-ragboost-cache"], str(reply.parse().choices[0].message.content)


class Verdict(BaseModel):
    sure: bool
    why: str


class TestTheSdksOwnConveniences:
    def test_structured_output(self, clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
        provider.answer(says('{"sure": true, "why": "It is written."}'))
        for _ in range(2):
            parsed = clients.ours.chat.completions.parse(**asked, response_format=Verdict).choices[0].message.parsed
            assert parsed == Verdict(sure=True, why="It is written.")
        assert provider.requests[-1].json["response_format"]["json_schema"]["name"] == "Verdict"

    async def test_the_asynchronous_client(self, ragboost: Server, provider: ScriptedUpstream, asked: Any) -> None:
        provider.answer(says("One two three."))
        async with AsyncOpenAI(api_key="no-key-needed", base_url=f"{ragboost.url}/v1", max_retries=0) as client:
            stream = await client.chat.completions.create(**asked, stream=True)
            pieces = [each.choices[0].delta.content async for each in stream if each.choices]
            whole = await client.chat.completions.create(**asked)
        assert "".join(filter(None, pieces)) == whole.choices[0].message.content == "One two three."

    def test_the_helper_that_gathers_a_stream(self, clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
        provider.answer(calls(("get_weather", '{"city": "Paris"}')))
        tools = [{**WEATHER, "function": {**WEATHER["function"], "strict": True}}]
        with clients.ours.chat.completions.stream(**asked, tools=tools) as stream:
            message = stream.get_final_completion().choices[0].message
        assert _called(message) == [("call_0", "get_weather", '{"city": "Paris"}')]


class TestErrors:
    @pytest.mark.parametrize(
        "trouble",
        [
            (400, None, openai.BadRequestError),
            (404, "model_not_found", openai.NotFoundError),
            (429, "rate_limit_exceeded", openai.RateLimitError),
            (500, None, openai.InternalServerError),
        ],
    )
    def test_are_the_ones_that_the_provider_causes(
        self, clients: Clients, provider: ScriptedUpstream, asked: Any, trouble: Any
    ) -> None:
        status, code, kind = trouble
        provider.answer(lambda _: openai_failure(status, "No.", code, {"retry-after": "7"}))
        for client, stream in itertools.product((clients.direct, clients.ours), (True, False)):
            with pytest.raises(kind) as caught:
                client.chat.completions.create(**asked, stream=stream)
            assert caught.value.code == code
        assert caught.value.request_id
        assert caught.value.response.headers.get("retry-after") == ("7" if status == 429 else None)

    def test_a_key_that_nobody_knows(self, ragboost: Server, asked: Any) -> None:
        client = OpenAI(api_key="sk-wrong", base_url=f"{ragboost.url}/v1", max_retries=0)
        with client, pytest.raises(openai.AuthenticationError) as caught:
            client.chat.completions.create(**asked)
        assert caught.value.code == "invalid_api_key"
        assert "sk-wrong" not in str(caught.value)

    def test_memory_only_is_not_asked_again_in_vain(self, ragboost: Server, asked: Any) -> None:
        headers = {"cache-control": "only-if-cached"}
        client = OpenAI(api_key="no-key-needed", base_url=f"{ragboost.url}/v1", default_headers=headers)
        with client, pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(**asked)
        assert caught.value.status_code == 504
        assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"

    def test_inside_a_stream(self, clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
        provider.answer(lambda _: openai_answer("It remembers answers.").cut(after=3, how=Cut.CLOSE))
        heard = []
        with pytest.raises(openai.APIError, match="Error") as caught:
            heard += [
                each.choices[0].delta.content for each in clients.ours.chat.completions.create(**asked, stream=True)
            ]
        assert caught.value.type == "server_error"

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"messages": []}, "messages"),
            ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
            ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
            ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
            ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
            ({"n": 0}, "n"),
            ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
            ({"stream_options": {"include_usage": True}}, "stream_options"),
            ({"tools": [{"type": "function"}]}, "tools[0].function"),
            ({"tools": [{"type": "function", "function": {"name": "no spaces"}}]}, "tools[0].function.name"),
            ({"tools": [{"type": "function", "function": {"name": "x", "parameters": []}}]},
             "tools[0].function.parameters"),
            ({"extra_headers": {"x-ragboost-ttl": "soon"}}, "X-RAGBoost-Ttl"),
            ({"extra_headers": {"x-ragboost-tags": "fine, not so fine"}}, "X-RAGBoost-Tags"),
            ({"extra_headers": {"x-ragboost-provider": "nobody"}}, "provider"),
        ],
    )  # fmt: skip
    def test_name_the_field(self, clients: Clients, asked: Any, fields: Any, param: str) -> None:
        with pytest.raises(openai.BadRequestError) as caught:
            clients.ours.chat.completions.create(**{**asked, **fields})
        assert caught.value.param == param
        assert param in str(caught.value)

    def test_of_a_body_that_is_none(self, clients: Clients, ragboost: Server) -> None:
        for body, kind in ((b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")):
            headers = {"content-type": kind}
            reply = httpx.post(f"{ragboost.url}/v1/chat/completions", content=body, headers=headers)
            assert reply.json()["error"]["type"] == "invalid_request_error"

    def test_of_a_body_that_is_too_large(self, clients: Clients, asked: Any) -> None:
        large = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x" * 1_000_000}}]}
        with pytest.raises(openai.APIStatusError, match="RAGBOOST_MAX_BODY_BYTES") as caught:
            clients.ours.chat.completions.create(model="gpt-x", messages=[large])
        assert (caught.value.status_code, caught.value.param) == (413, "body")

    @pytest.mark.parametrize("depth", [300, 900, 980, 5_000])
    def test_of_a_body_that_is_nested_too_deeply(
        self, ragboost: Server, provider: ScriptedUpstream, asked: Any, depth: int
    ) -> None:
        provider.answer(says("Yes."))
        nested = "[" * depth + "]" * depth
        body = json.dumps({**asked, "odd": "ODD"}).replace('"ODD"', nested)
        headers = {"content-type": "application/json"}
        reply = httpx.post(f"{ragboost.url}/v1/chat/completions", content=body, headers=headers)
        assert reply.status_code in {200, 400}, reply.text

    def test_never_repeat_what_was_said(self, clients: Clients, provider: ScriptedUpstream) -> None:
        secret = {"role": "user", "content": [{**IMAGE, "caption": "my secret diary"}]}
        provider.answer(lambda _: openai_failure(400, "No good: my secret diary"))
        with pytest.raises(openai.BadRequestError) as caught:
            clients.ours.chat.completions.create(model="gpt-x", messages=[secret])
        assert "diary" not in str(caught.value)

    def test_what_only_another_format_can_say_is_refused(self, clients: Clients, asked: Any) -> None:
        with pytest.raises(openai.BadRequestError, match="/v1/messages"):
            clients.ours.chat.completions.create(
                **asked, tools=[WEATHER], extra_headers={"x-ragboost-provider": "anthropic"}
            )


class TestWishes:
    def test_a_namespace_is_a_memory_of_its_own(self, clients: Clients, provider: ScriptedUpstream, asked: Any) -> None:
        provider.answer(says("Yes."))
        words = [
            clients.ours.chat.completions.with_raw_response.create(
                **asked, extra_headers={"x-ragboost-namespace": name, "x-ragboost-ttl": "60", "x-ragboost-tags": "a,b"}
            ).headers["x-ragboost-cache"]
            for name in ("one", "other", "one")
        ]
        assert words == ["miss", "miss", "exact"]

    def test_a_question_is_the_same_at_our_own_door(
        self, clients: Clients, ragboost: Server, provider: ScriptedUpstream, asked: Any
    ) -> None:
        provider.answer(says("Yes."))
        clients.ours.chat.completions.create(**asked, temperature=1, max_completion_tokens=5)
        ours = {"messages": asked["messages"], "model": "gpt-x", "temperature": 1, "max_tokens": 5}
        reply = httpx.post(f"{ragboost.url}/api/v1/query", json=ours)
        assert (reply.headers["x-ragboost-cache"], reply.json()["response"]) == ("exact", "Yes.")


class TestModels:
    def test_a_provider_s_name_stands_for_its_own_model(self, clients: Clients, asked: Any) -> None:
        asked = {**asked, "model": "extractive"}
        reply = clients.ours.chat.completions.with_raw_response.create(**asked)
        assert reply.headers["x-ragboost-provider"] == "extractive"
        assert reply.parse().model.startswith("docs-")
        with pytest.raises(openai.NotFoundError, match="has only the model"):
            clients.ours.chat.completions.create(
                **{**asked, "model": "x"}, extra_headers={"x-ragboost-provider": "extractive"}
            )

    def test_are_listed(self, clients: Clients) -> None:
        listed = {each.id: each.owned_by for each in clients.ours.models.list()}
        assert listed["gpt-6-luna"] == "openai"
        assert {"openai", "anthropic", "extractive", "ragboost"} == {*listed.values()}

    def test_are_given_one_by_one(self, clients: Clients) -> None:
        assert clients.ours.models.retrieve("gpt-6-luna").owned_by == "openai"
        with pytest.raises(openai.NotFoundError, match="there is"):
            clients.ours.models.retrieve("gpt-nobody-knows")


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory, provider: ScriptedUpstream) -> Iterator[Server]:
    """Listen, and tell of remembered answers what they had cost."""
    there = {"openai": {"base_url": f"{provider.url}/v1"}, "anthropic": {"base_url": provider.url}}
    told = {"usage_of_hits": "remembered"}
    with listening(memory_settings(tmp_path_factory.mktemp("honest"), doors=told, **there)) as server:
        yield server


def test_what_a_remembered_answer_had_cost_can_be_told(honest: Server, provider: ScriptedUpstream, asked: Any) -> None:
    provider.answer(says("Yes."))
    with OpenAI(api_key="no-key-needed", base_url=f"{honest.url}/v1", max_retries=0) as client:
        first, again = (client.chat.completions.create(**asked).usage for _ in range(2))
        options = {"stream_options": {"include_usage": True}}
        *_, last = client.chat.completions.create(**asked, **options, stream=True)
    assert first == again == last.usage
    with Anthropic(api_key="no-key-needed", base_url=honest.url, max_retries=0) as other:
        there = {"x-ragboost-provider": "openai"}
        message = other.messages.create(model="gpt-x", max_tokens=9, messages=asked["messages"], extra_headers=there)
        again = other.messages.create(model="gpt-x", max_tokens=9, messages=asked["messages"], extra_headers=there)
    assert message.usage == again.usage
    assert message.usage.input_tokens == 19


async def test_those_who_ask_the_same_at_once_are_told_the_same_and_pay_once(
    ragboost: Server, provider: ScriptedUpstream, asked: Any
) -> None:
    saying, gate = says("One two three."), threading.Event()
    provider.requests.clear()
    provider.answer(lambda request: saying(request).held(gate, after=3))
    joined = ragboost.flights.joined
    async with AsyncOpenAI(api_key="no-key-needed", base_url=f"{ragboost.url}/v1", max_retries=0) as client:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        askings = [asyncio.create_task(_gathered(client, {**asked, **options})) for _ in range(5)]
        await asyncio.to_thread(wait_until, lambda: ragboost.flights.joined == joined + 5)
        gate.set()
        heard = await asyncio.gather(*askings)
    assert {text for text, _ in heard} == {"One two three."}
    assert sorted(tokens for _, tokens in heard) == [0, 0, 0, 0, 29]
    assert len(provider.requests) == 1


async def _gathered(client: AsyncOpenAI, asked: Any) -> tuple[str, int]:
    chunks = [each async for each in await client.chat.completions.create(**asked)]
    text = "".join(choice.delta.content or "" for each in chunks for choice in each.choices)
    return text, sum(each.usage.total_tokens for each in chunks if each.usage)


class TestEmbeddings:
    @pytest.fixture
    def model(self, clients: Clients) -> str:
        return next(each.id for each in clients.ours.models.list() if each.owned_by == "ragboost")

    def test_are_those_of_our_own_embedder(self, clients: Clients, model: str) -> None:
        texts = ["What is RAGBoost?", "Who was Napoleon?"]
        several = clients.ours.embeddings.create(input=texts, model=model)
        single = clients.ours.embeddings.create(input=texts[0], model=model, encoding_format="float")
        assert [each.index for each in several.data] == [0, 1]
        assert several.data[0].embedding == pytest.approx(single.data[0].embedding)
        assert sum(each * each for each in single.data[0].embedding) == pytest.approx(1)
        assert (several.model, several.usage.prompt_tokens) == (model, several.usage.total_tokens)

    @pytest.mark.parametrize(
        ("fields", "param"),
        [({"input": []}, "input"), ({"input": [" "]}, "input[0]"), ({"input": [[1, 2]]}, "input[0]"),
         ({"dimensions": 5}, "dimensions")],
    )  # fmt: skip
    def test_of_what_is_no_text_are_refused(self, clients: Clients, model: str, fields: Any, param: str) -> None:
        with pytest.raises(openai.BadRequestError) as caught:
            clients.ours.embeddings.create(**{"input": "x", "model": model, **fields})
        assert caught.value.param == param

    def test_of_another_model_are_not_made(self, clients: Clients) -> None:
        with pytest.raises(openai.NotFoundError, match="there is"):
            clients.ours.embeddings.create(input="x", model="text-embedding-4")

"""Answers as server-sent events, over real connections."""

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from attrs import frozen

from entrypoints.http import streaming
from tests.entrypoints.http.listening import Server, hear, listening, wait_until
from tests.entrypoints.http.service import PROBLEM, QUERY, memory_settings
from tests.upstream import Cut, Reply, ScriptedUpstream, openai_answer, openai_failure

numbers = itertools.count()
PATIENCE = 20.0


@frozen
class Event:
    kind: str
    data: Any


@pytest.fixture
def question() -> str:
    """Give a question that nobody asked before, nor one like it."""
    return f"stream{next(numbers)} " * 3


@pytest.fixture
def gate(upstream: ScriptedUpstream) -> Iterator[threading.Event]:
    gate = threading.Event()
    upstream.requests.clear()
    upstream.hangups = 0
    yield gate
    gate.set()


@pytest.fixture(scope="module")
def ending(tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream) -> Iterator[Server]:
    """Listen, and end a call of a model with the last of its askers."""
    model = {"retries": 0, "finish_unheard": False}
    there = {"base_url": f"{upstream.url}/v1"}
    folder = tmp_path_factory.mktemp("ending")
    with listening(memory_settings(folder, language_model=model, openai=there)) as server:
        yield server


def says(upstream: ScriptedUpstream, reply: Reply) -> None:
    upstream.answer(lambda _: reply)


def events_of(body: str) -> list[Event]:
    """Read a body strictly: comments, and events of two lines."""
    blocks = [each for each in body.split("\n\n") if each and not each.startswith(":")]
    assert body == "" or body.endswith("\n\n")
    lines = [block.split("\n") for block in blocks]
    assert all(len(each) == 2 for each in lines), body
    return [Event(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in lines]


def text_of(events: list[Event]) -> str:
    return "".join(each.data["text"] for each in events if each.kind == "chunk")


def ask(server: Server, question: str, **fields: Any) -> httpx.Response:
    return httpx.post(f"{server.url}{QUERY}", json={"query": question, "stream": True, **fields}, timeout=PATIENCE)


@asynccontextmanager
async def stream(server: Server, question: str, **fields: Any) -> AsyncIterator[httpx.Response]:
    asked = {"query": question, "stream": True, **fields}
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as client,
        client.stream("POST", f"{server.url}{QUERY}", json=asked) as response,
    ):
        yield response


class TestAnAnswerThatComes:
    def test_it_is_chunks_and_then_the_whole(self, server: Server, upstream: ScriptedUpstream, question: str) -> None:
        says(upstream, openai_answer("It remembers answers."))
        reply = ask(server, question)
        *chunks, last = events_of(reply.text)

        assert reply.headers["content-type"] == "text/event-stream"
        assert reply.headers["x-ragboost-cache"] == "miss"
        assert reply.headers["cache-control"] == "no-store"
        assert "exact;dur=" in reply.headers["server-timing"]
        assert [each.data["text"] for each in chunks] == ["It ", "remembers ", "answers."]
        assert last.kind == "answer"
        assert last.data["response"] == "It remembers answers."
        assert last.data["usage"]["total"] == 18
        assert not last.data["cache_info"]["cache_hit"]

    async def test_the_first_chunk_comes_before_the_second_was_said(
        self, server: Server, upstream: ScriptedUpstream, gate: threading.Event, question: str
    ) -> None:
        says(upstream, openai_answer("Wait for it.").held(gate, after=2))
        async with stream(server, question) as response:
            lines = response.aiter_lines()
            assert await anext(lines) == "event: chunk"
            assert await anext(lines) == 'data: {"text":"Wait "}'
            gate.set()
            assert "event: answer" in [line async for line in lines]

    def test_a_remembered_answer_is_replayed_at_once(
        self, server: Server, upstream: ScriptedUpstream, question: str
    ) -> None:
        says(upstream, openai_answer("It remembers answers."))
        httpx.post(f"{server.url}{QUERY}", json={"query": question}, timeout=PATIENCE)
        reply = ask(server, question)
        *chunks, last = events_of(reply.text)

        assert reply.headers["x-ragboost-cache"] == "exact"
        assert reply.headers["age"] == "0"
        assert (reply.headers["x-ragboost-cost"], reply.headers["x-ragboost-saved"]) == ("0", "unknown")
        assert text_of(chunks) == last.data["response"] == "It remembers answers."
        assert last.data["cache_info"]["cache_hit"]

    def test_what_was_streamed_is_remembered_for_those_who_want_it_whole(
        self, server: Server, upstream: ScriptedUpstream, question: str
    ) -> None:
        says(upstream, openai_answer("It remembers answers."))
        ask(server, question)
        assert "x-ragboost-cache: exact" in hear(server.start_asking(question)).head

    def test_past_memory_it_comes_too(self, server: Server, upstream: ScriptedUpstream, question: str) -> None:
        says(upstream, openai_answer("It remembers answers."))
        reply = ask(server, question, use_cache=False)

        assert reply.headers["x-ragboost-cache"] == "pass"
        assert text_of(events_of(reply.text)) == "It remembers answers."

    def test_silence_is_filled_with_comments(
        self,
        server: Server,
        upstream: ScriptedUpstream,
        question: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(streaming, "SILENCE", 0.05)
        reply = openai_answer("Wait for it.")
        says(upstream, Reply((*reply.steps[:2], 0.3, *reply.steps[2:])))
        body = ask(server, question).text

        assert 3 <= body.count(": the answer goes on\n\n") <= 6
        assert text_of(events_of(body)) == "Wait for it."

    @pytest.mark.parametrize(
        "pieces",
        [
            ["x" * 1000] * 100,
            [f"{number} " for number in range(5000)],
            list("日本語 🎉👩‍👩‍👧 é\u2028\r\n\n: data: \x00 end."),
        ],
        ids=["100 KB", "5,000 chunks", "many scripts"],
    )
    def test_every_text_arrives_as_it_was_said(
        self, server: Server, upstream: ScriptedUpstream, question: str, pieces: list[str]
    ) -> None:
        says(upstream, openai_answer(pieces))
        for _ in range(2):
            *chunks, last = events_of(ask(server, question).text)
            assert text_of(chunks) == last.data["response"] == "".join(pieces)

    @pytest.mark.parametrize("size", [1, 7])
    def test_however_the_provider_tears_it(
        self, server: Server, upstream: ScriptedUpstream, question: str, size: int
    ) -> None:
        says(upstream, openai_answer(["日本語 ", "🎉"]).commented().split(size))
        assert text_of(events_of(ask(server, question).text)) == "日本語 🎉"

    def test_a_character_in_two_chunks_is_put_together(
        self, server: Server, upstream: ScriptedUpstream, question: str
    ) -> None:
        reply = openai_answer(["half HIGH", "LOW whole, HIGH", " alone"])
        halves = {b"HIGH": b"\\ud83d", b"LOW": b"\\ude00"}
        pieces = [_replaced(each, halves) for each in reply.steps if isinstance(each, bytes)]
        says(upstream, Reply(tuple(pieces)))
        *chunks, last = events_of(ask(server, question).text)
        assert text_of(chunks) == last.data["response"] == "half 😀 whole, \ufffd alone"


def _replaced(piece: bytes, words: Mapping[bytes, bytes]) -> bytes:
    for word, by in words.items():
        piece = piece.replace(word, by)
    return piece


class TestAnAnswerThatFails:
    def test_before_the_first_chunk_it_is_a_problem_like_any_other(
        self, server: Server, upstream: ScriptedUpstream, question: str
    ) -> None:
        says(upstream, openai_failure(500))
        reply = ask(server, question)
        assert reply.status_code == 503
        assert reply.headers["content-type"] == PROBLEM

    @pytest.mark.parametrize("how", [Cut.CLOSE, Cut.RESET])
    def test_in_the_middle_it_is_an_event_and_nothing_is_remembered(
        self, server: Server, upstream: ScriptedUpstream, gate: threading.Event, question: str, how: Cut
    ) -> None:
        says(upstream, openai_answer("It remembers answers.").cut(after=3, how=how))
        reply = ask(server, question)
        *chunks, last = events_of(reply.text)

        assert reply.status_code == 200
        assert text_of(chunks) == "It remembers "
        assert last.kind == "error"
        assert last.data["status"] == 503
        assert last.data["request_id"] == reply.headers["x-request-id"]
        assert len(upstream.requests) == 1, "what was heard is not said again"
        says(upstream, openai_answer("Better now."))
        assert "x-ragboost-cache: miss" in hear(server.start_asking(question)).head

    def test_a_question_that_is_no_good_is_a_problem(self, server: Server) -> None:
        assert ask(server, " ").status_code == 400

    def test_a_batch_does_not_stream(self, server: Server) -> None:
        asked = {"queries": [{"query": "What is RAGBoost?", "stream": True}]}
        (result,) = httpx.post(f"{server.url}/api/v1/queries", json=asked).json()["results"]
        assert result["errors"][0]["field"] == "queries[0].stream"


class TestSharing:
    async def test_streamed_and_plain_askers_share_one_flight_and_whoever_comes_late_hears_all(
        self, server: Server, upstream: ScriptedUpstream, gate: threading.Event, question: str
    ) -> None:
        says(upstream, openai_answer("It remembers answers.").held(gate, after=3))
        async with stream(server, question) as first:
            assert await anext(first.aiter_raw())
            joined = server.flights.joined
            plain = server.start_asking(question)
            late = [asyncio.create_task(_read(server, question)) for _ in range(5)]
            await asyncio.to_thread(wait_until, lambda: server.flights.joined == joined + 6)
            gate.set()
            heard = await asyncio.gather(*late)
        assert {text_of(events_of(each.text)) for each in heard} == {"It remembers answers."}
        assert {each.headers["x-ragboost-cache"] for each in heard} == {"coalesced"}
        assert (await asyncio.to_thread(hear, plain)).json["response"] == "It remembers answers."
        assert len(upstream.requests) == 1

    async def test_who_leaves_does_not_stop_the_answer(
        self, server: Server, upstream: ScriptedUpstream, gate: threading.Event, question: str
    ) -> None:
        says(upstream, openai_answer("It remembers answers.").held(gate, after=2))
        async with stream(server, question) as response:
            assert await anext(response.aiter_raw())
        await asyncio.sleep(0.1)
        assert server.flights.under_way == 1
        gate.set()
        await asyncio.to_thread(wait_until, lambda: server.flights.under_way == 0)
        assert "x-ragboost-cache: exact" in (await asyncio.to_thread(hear, server.start_asking(question))).head
        assert upstream.hangups == 0

    async def test_a_client_that_does_not_read_holds_nobody_up(
        self, server: Server, upstream: ScriptedUpstream, question: str
    ) -> None:
        text = ["x" * 10_000] * 500
        says(upstream, openai_answer(text))
        async with stream(server, question) as slow:
            reply = await _read(server, question)
            assert text_of(events_of(reply.text)) == "".join(text)
            assert text_of(events_of((await slow.aread()).decode())) == "".join(text)


class TestNothingStays:
    async def test_the_call_ends_with_its_last_asker_where_that_is_wanted(
        self, ending: Server, upstream: ScriptedUpstream, gate: threading.Event, question: str
    ) -> None:
        says(upstream, openai_answer("It remembers answers.").held(gate, after=2))
        plain = ending.start_asking(question)
        async with stream(ending, question) as response:
            assert await anext(response.aiter_raw())
        await asyncio.sleep(0.1)
        assert ending.flights.under_way == 1
        plain.close()
        await asyncio.to_thread(wait_until, lambda: ending.flights.under_way == 0 and upstream.hangups == 1)

        gate.set()
        again = await asyncio.to_thread(hear, ending.start_asking(question))
        assert "x-ragboost-cache: miss" in again.head

    async def test_who_stays_gets_an_answer_all_the_same(
        self, ending: Server, upstream: ScriptedUpstream, question: str
    ) -> None:
        says(upstream, openai_answer("It remembers answers."))
        assert hear(ending.start_asking(question)).json["response"] == "It remembers answers."
        assert text_of(events_of((await _read(ending, question)).text)) == "It remembers answers."

    async def test_of_many_broken_streams(
        self, server: Server, upstream: ScriptedUpstream, gate: threading.Event, question: str
    ) -> None:
        says(upstream, openai_answer("It remembers answers.").cut(after=3))
        ask(server, question)
        tasks, connections = await _tasks(server), upstream.open_connections
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            for batch in range(10):
                questions = [{"query": f"{question} {batch} {each}", "stream": True} for each in range(20)]
                replies = await asyncio.gather(*[client.post(f"{server.url}{QUERY}", json=each) for each in questions])
                assert {events_of(each.text)[-1].kind for each in replies} == {"error"}

        await asyncio.to_thread(wait_until, lambda: server.flights.under_way == 0)
        await asyncio.to_thread(wait_until, lambda: upstream.open_connections <= connections)
        assert await _tasks(server) <= tasks


async def _read(server: Server, question: str) -> httpx.Response:
    return await asyncio.to_thread(ask, server, question)


async def _tasks(server: Server) -> int:
    """Count the tasks of the service, in a moment in which nobody asks."""
    await asyncio.sleep(0.2)
    return await asyncio.to_thread(server.count_tasks)

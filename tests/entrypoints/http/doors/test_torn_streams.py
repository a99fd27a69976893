"""Answers whose chunks came from another worker as they did here, and whose rest was only told as text."""

import json
from typing import Any

import pytest

from domain.answers import Answer, Origin, Reason
from domain.generation import Chunk
from domain.tokens import TokenUsage
from domain.wires import ANTHROPIC, OPENAI, Wire
from entrypoints.http.anthropic_stream import Beginning, MessageNarration
from entrypoints.http.foreign_usage import Accounts
from entrypoints.http.narration import Narration
from entrypoints.http.openai_stream import ChatNarration, Frame
from tests.builders import a_completion

WHOLE = Answer(a_completion("One two three."), Origin.COALESCED, Reason.NOTHING_REMEMBERED)
STARTED = {"type": "message_start", "message": {"id": "x", "usage": {"input_tokens": 5}}}


def events(told: bytes) -> list[Any]:
    data = [line.removeprefix("data: ") for line in told.decode().split("\n") if line.startswith("data: {")]
    return [json.loads(each) for each in data]


def torn(narration: Narration, own: Chunk) -> list[Any]:
    return events(narration.so_far([own]) + narration.so_far([Chunk("two three.")]) + narration.whole(WHOLE))


def test_in_openai_s_format() -> None:
    frame = Frame({"id": "ours", "created": 1}, {"object": "chat.completion.chunk", "model": "m"}, tells_usage=True)
    delta = {"role": "assistant", "content": "One "}
    own = Chunk("One ", wires=(Wire(OPENAI, {"id": "x", "choices": [{"index": 0, "delta": delta}]}),))
    told = torn(ChatNarration(frame, Accounts()), own)

    deltas = [each["choices"][0]["delta"] for each in told if each["choices"]]
    assert deltas == [delta, {"content": "two three."}, {}]
    assert [each["choices"][0].get("finish_reason") for each in told if each["choices"]] == [None, None, "stop"]
    assert told[-1]["usage"]["total_tokens"] == 0
    assert {each["id"] for each in told} == {"ours"}


@pytest.mark.parametrize(("closed", "index"), [(False, 0), (True, 1)])
def test_in_anthropic_s_format(closed: bool, index: int) -> None:
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "One "}}
    stop = [{"type": "content_block_stop", "index": 0}] if closed else []
    own = Chunk("One ", wires=tuple(Wire(ANTHROPIC, each) for each in (STARTED, block, *stop)))
    told = torn(MessageNarration(Beginning("ours", "m", tells_usage=False), Accounts()), own)

    kinds = [each["type"] for each in told]
    began = ["message_start", "content_block_start"]
    again = ["content_block_stop", "content_block_start"] if closed else []
    assert kinds == [*began, *again, "content_block_delta", "content_block_stop", "message_delta", "message_stop"]
    assert told[kinds.index("content_block_delta")]["index"] == index
    assert told[0]["message"] == {"id": "ours", "usage": {"input_tokens": 0, "output_tokens": 0}}


def test_what_was_counted_for_another_asker_is_not_told() -> None:
    beginning = Beginning("ours", "m", tells_usage=False)
    assert beginning.passed_on({"type": "message_delta", "usage": {"output_tokens": 9}})["usage"] == {
        "output_tokens": 0
    }
    assert Accounts(remembered=True).spent(WHOLE) == TokenUsage(7, 4)


def test_a_silence_is_filled() -> None:
    frame = Frame({}, {}, tells_usage=False)
    assert ChatNarration(frame, Accounts()).so_far([]).startswith(b": ")
    assert events(MessageNarration(Beginning("x", "m", tells_usage=True), Accounts()).so_far([])) == [{"type": "ping"}]

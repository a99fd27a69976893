"""What Anthropic itself answers, whole and in pieces: the same answer both ways, as a request wants it."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from tests.upstream import JSON, Reply, Request, failure, named_events

Body = dict[str, Any]
numbers = itertools.count(1)


@define
class Message:
    """One answer, block by block."""

    blocks: Sequence[Body]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    usage: Body = field(
        factory=lambda: {
            "input_tokens": 19,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 3,
            "output_tokens": 7,
            "service_tier": "standard",
        }
    )

    def __call__(self, request: Request) -> Reply:
        """Answer as the request wants it."""
        asked = request.json
        return named_events(*self._events(asked)) if asked.get("stream") else self._whole(asked)

    def _frame(self, asked: Body) -> Body:
        number, model = f"msg_{next(numbers)}", f"{asked['model']}-20260401"
        return {"id": number, "type": "message", "role": "assistant", "model": model}

    def _whole(self, asked: Body) -> Reply:
        ended = {"stop_reason": self.stop_reason, "stop_sequence": self.stop_sequence}
        body = {**self._frame(asked), "content": list(self.blocks), **ended, "usage": self.usage}
        return failure(200, body, {"request-id": "req_1", **JSON})

    def _events(self, asked: Body) -> Iterator[Mapping[str, Any]]:
        started = {
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**self.usage, "output_tokens": 1},
        }
        yield {"type": "message_start", "message": {**self._frame(asked), **started}}
        yield {"type": "ping"}
        for index, block in enumerate(self.blocks):
            yield from _told(index, block)
        ended = {"stop_reason": self.stop_reason, "stop_sequence": self.stop_sequence}
        yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": self.usage["output_tokens"]}}
        yield {"type": "message_stop"}


def says(text: str, **more: Any) -> Message:
    """Say *text*."""
    return Message([{"type": "text", "text": text}], **more)


def thinks(thought: str, text: str) -> Message:
    """Say *text* after a thought."""
    return Message([{"type": "thinking", "thinking": thought, "signature": "EqQBCg=="}, {"type": "text", "text": text}])


def calls(*tools: tuple[str, Body], text: str = "") -> Message:
    """Call tools, with a word before it or without."""
    said = [{"type": "text", "text": text}] if text else []
    used = [
        {"type": "tool_use", "id": f"toolu_{place}", "name": name, "input": given}
        for place, (name, given) in enumerate(tools)
    ]
    return Message([*said, *used], "tool_use")


def _told(index: int, block: Body) -> Iterator[Mapping[str, Any]]:
    grown = {"text": "", "thinking": "", "signature": "", "input": {}}
    emptied = {name: grown.get(name, value) for name, value in block.items()}
    yield {"type": "content_block_start", "index": index, "content_block": emptied}
    for delta in _deltas(block):
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _deltas(block: Body) -> Iterator[Body]:
    if block["type"] == "text":
        yield from ({"type": "text_delta", "text": each} for each in _halves(block["text"]))
    elif block["type"] == "thinking":
        yield from ({"type": "thinking_delta", "thinking": each} for each in _halves(block["thinking"]))
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["input"]:
        yield from ({"type": "input_json_delta", "partial_json": each} for each in _halves(json.dumps(block["input"])))


def _halves(text: str) -> Iterator[str]:
    middle = len(text) // 2
    return filter(None, (text[:middle], text[middle:]))

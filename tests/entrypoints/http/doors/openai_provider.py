"""What OpenAI itself answers, whole and in pieces: the same answer both ways, as a request wants it."""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from tests.upstream import JSON, Reply, Request, Script, events, failure

Body = dict[str, Any]
numbers = itertools.count(1)


@define
class Saying:
    """One answer: *message* is the whole message, *pieces* are the deltas that make it up."""

    message: Body
    pieces: Sequence[Body]
    finish_reason: str = "stop"
    around: Body = field(factory=lambda: {"service_tier": "default", "system_fingerprint": "fp_50cad350e4"})
    usage: Body = field(
        factory=lambda: {
            "prompt_tokens": 19,
            "completion_tokens": 10,
            "total_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 2, "accepted_prediction_tokens": 0},
        }
    )
    logprobs: Sequence[Body] | None = None

    def __call__(self, request: Request) -> Reply:
        """Answer as the request wants it."""
        return self._streamed(request.json) if request.json.get("stream") else self._whole(request.json)

    def _frame(self, asked: Body, kind: str) -> Body:
        number = f"chatcmpl-{next(numbers)}"
        return {"id": number, "object": kind, "created": int(time.time()), "model": _exact(asked), **self.around}

    def _whole(self, asked: Body) -> Reply:
        message = {"role": "assistant", "content": None, "refusal": None, "annotations": [], **self.message}
        logprobs = {"content": list(self.logprobs), "refusal": None} if self.logprobs else None
        choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": self.finish_reason}
        choices = [{**choice, "index": index} for index in range(asked.get("n") or 1)]
        body = {**self._frame(asked, "chat.completion"), "choices": choices, "usage": self.usage}
        return failure(200, body, {"x-request-id": "req_1", **JSON})

    def _streamed(self, asked: Body) -> Reply:
        return events(*self._events(asked), done=True)

    def _events(self, asked: Body) -> Iterator[Body]:
        frame = self._frame(asked, "chat.completion.chunk")
        wants_usage = (asked.get("stream_options") or {}).get("include_usage")
        usage = {"usage": None} if wants_usage else {}
        for choice in self._choices(asked.get("n") or 1):
            yield {**frame, "choices": [choice], **usage}
        if wants_usage:
            yield {**frame, "choices": [], "usage": self.usage}

    def _choices(self, number: int) -> Iterator[Body]:
        opening = {"role": "assistant", "content": None, "refusal": None}
        spoken = "" if self.message.get("content") is not None else None
        logprobs = iter(self.logprobs or ())
        deltas = [{**opening, "content": spoken}, *self.pieces]
        for delta in deltas:
            said = [*itertools.islice(logprobs, 1)] if delta.get("content") else []
            logged = {"content": said, "refusal": None} if said else None
            for index in range(number):
                yield {"index": index, "delta": delta, "logprobs": logged, "finish_reason": None}
        for index in range(number):
            yield {"index": index, "delta": {}, "logprobs": None, "finish_reason": self.finish_reason}


def says(text: str, **more: Any) -> Saying:
    """Say *text*, word by word."""
    words = text.split(" ")
    pieces = [{"content": f"{word} "} for word in words[:-1]] + [{"content": words[-1]}]
    return Saying({"content": text}, pieces, **more)


def reasons(thought: str, text: str) -> Saying:
    """Say *text* after a thought, as DeepSeek and those who serve it do."""
    spoken = says(text)
    message = {**spoken.message, "reasoning_content": thought}
    return Saying(message, [{"reasoning_content": thought[:5]}, {"reasoning_content": thought[5:]}, *spoken.pieces])


def calls(*functions: tuple[str, str]) -> Saying:
    """Call tools: their names, and their arguments as JSON, which come in pieces."""
    whole, pieces = [], []
    for index, (name, arguments) in enumerate(functions):
        call = {"id": f"call_{index}", "type": "function"}
        whole.append({**call, "function": {"name": name, "arguments": arguments}})
        pieces.append({"tool_calls": [{"index": index, **call, "function": {"name": name, "arguments": ""}}]})
        for at in range(0, len(arguments), 4):
            part = {"arguments": arguments[at : at + 4]}
            pieces.append({"tool_calls": [{"index": index, "function": part}]})
    return Saying({"content": None, "tool_calls": whole}, pieces, "tool_calls")


def refuses(words: str) -> Saying:
    """Decline in the message's own place for it."""
    return Saying({"content": None, "refusal": words}, [{"refusal": words[:4]}, {"refusal": words[4:]}])


def by_question(answers: Mapping[str, Saying]) -> Script:
    """Answer each question as is given, by the last message's text."""
    return lambda request: answers[request.question](request)


def _exact(asked: Body) -> str:
    return f"{asked['model']}-2026-04-01"

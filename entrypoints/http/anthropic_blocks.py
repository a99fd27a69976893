"""What an answer is in Anthropic's format: blocks, a reason to stop, and usage."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.answers import Answer
from domain.generation import PIECE, Completion, FinishReason
from domain.tokens import TokenUsage
from domain.wires import ANTHROPIC
from entrypoints.http.foreign import said_in
from entrypoints.http.foreign_usage import Accounts
from entrypoints.http.json_events import written

STOP_WORDS = {
    FinishReason.LENGTH: "max_tokens",
    FinishReason.FILTERED: "refusal",
    FinishReason.TOOL_CALLS: "tool_use",
}
"""How the format calls what is not just the end of a turn."""

Event = Mapping[str, Any]


def blocks_of(done: Completion) -> Sequence[Event]:
    """Give the blocks; one of text where the response was in another format."""
    told = said_in(ANTHROPIC, done).get("content")
    blocks = told if told is not None else [{"type": "text"}]
    return [{**each, "text": each.get("text", done.text)} if each.get("type") == "text" else each for each in blocks]


def ending_of(done: Completion) -> dict[str, Any]:
    """Give why it stopped, and whatever else was told with that."""
    word = STOP_WORDS.get(done.finish_reason, "end_turn")
    told = said_in(ANTHROPIC, done)
    rest = {name: value for name, value in told.items() if name not in {"content", "usage"}}
    return {"stop_reason": word, "stop_sequence": None, **rest}


def usage_of(answer: Answer, accounts: Accounts) -> Event:
    """Give the tokens to tell of, in the provider's own words where they stand."""
    told = said_in(ANTHROPIC, answer.completion).get("usage")
    return told if told and accounts.tells_all(answer.origin) else counted(accounts.spent(answer))


def counted(usage: TokenUsage) -> Mapping[str, int]:
    """Give *usage* in the words of this format."""
    return {"input_tokens": usage.prompt, "output_tokens": usage.completion}


def told_in_events(index: int, block: Event) -> Iterator[Event]:
    """Give *block* as it may have been told: its beginning, its pieces, its end."""
    deltas = list(_deltas(block))
    emptied = {name: _emptied(name, value) for name, value in block.items() if name != "citations"}
    yield {"type": "content_block_start", "index": index, "content_block": emptied if deltas else block}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _deltas(block: Event) -> Iterator[Event]:
    kind = block.get("type")
    if kind == "text":
        yield from ({"type": "citations_delta", "citation": each} for each in block.get("citations") or ())
        yield from ({"type": "text_delta", "text": piece} for piece in _pieces(block["text"]))
    elif kind == "thinking":
        yield {"type": "thinking_delta", "thinking": block.get("thinking", "")}
        yield {"type": "signature_delta", "signature": block.get("signature", "")}
    elif "input" in block:
        yield {"type": "input_json_delta", "partial_json": written(block["input"]).decode()}


def _pieces(text: str) -> Iterator[str]:
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE))


def _emptied(name: str, value: Any) -> Any:
    return {} if name == "input" else "" if name in {"text", "thinking", "signature"} else value

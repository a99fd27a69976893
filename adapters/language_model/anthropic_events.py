"""What a stream in Anthropic's format says besides text: a fold over its events, in the words of a whole message."""

import json
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from adapters.language_model.listener import Gathering
from adapters.language_model.soundness import sound
from domain.wires import ANTHROPIC, Wire

FRAME = frozenset({"content", "id", "model", "role", "type"})
"""What a message has of its own, and what the completion knows already."""


def says_something(event: Mapping[str, Any]) -> bool:
    """Tell whether *event* holds a piece of an answer, be it text or anything else."""
    block = event.get("content_block") or {}
    if block.get("type") not in {None, "text", "thinking"}:
        return True
    piece = {**block, **(event.get("delta") or {})}
    return event.get("type") != "message_delta" and any(value for name, value in piece.items() if name != "type")


@define
class Extras(Gathering):
    """Gathers what the events say, less the text, where it is in one place. They must have been checked."""

    _around: dict[str, Any] = field(factory=dict)
    _usage: dict[str, Any] = field(factory=dict)
    _blocks: dict[int, dict[str, Any]] = field(factory=dict)
    _written: dict[int, str] = field(factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        """Take the next event."""
        index = event.get("index") or 0
        if (block := event.get("content_block")) is not None:
            self._blocks[index] = dict(block)
        elif event.get("type") == "content_block_delta":
            self._grow(index, event.get("delta") or {})
        else:
            message = event.get("message") or {}
            self._note({**message, **(event.get("delta") or {})})
            self._count({**(message.get("usage") or {}), **(event.get("usage") or {})})

    def whole(self) -> Wire:
        """Give what was taken; a single text is left out, for the completion has it."""
        blocks = [self._finished(index) for index in sorted(self._blocks)]
        texts = [each for each in blocks if each.get("type") == "text"]
        if len(texts) == 1:
            del texts[0]["text"]
        usage = {"usage": self._usage} if self._usage else {}
        return Wire(ANTHROPIC, sound({**self._around, **usage, "content": blocks}))

    def _note(self, said: Mapping[str, Any]) -> None:
        known = {name: value for name, value in said.items() if name not in FRAME and name != "usage"}
        self._around.update({name: value for name, value in known.items() if value is not None})

    def _count(self, usage: Mapping[str, Any]) -> None:
        self._usage.update({name: value for name, value in usage.items() if value is not None})

    def _grow(self, index: int, delta: Mapping[str, Any]) -> None:
        block = self._blocks.setdefault(index, {"type": "text", "text": ""})
        if "partial_json" in delta:
            self._written[index] = self._written.get(index, "") + (delta["partial_json"] or "")
        elif "citation" in delta:
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        else:
            block.update({name: _joined(block.get(name), value) for name, value in delta.items() if name != "type"})

    def _finished(self, index: int) -> dict[str, Any]:
        block = (
            {"text": "", **self._blocks[index]} if self._blocks[index].get("type") == "text" else self._blocks[index]
        )
        return {**block, "input": _parsed(self._written[index])} if self._written.get(index) else dict(block)


def _joined(known: Any, told: Any) -> Any:
    return known + told if isinstance(known, str) and isinstance(told, str) else told


def _parsed(written: str) -> Any:
    """Read what a tool is given; a call that was cut short has nothing."""
    try:
        return json.loads(written)
    except ValueError:
        return {}

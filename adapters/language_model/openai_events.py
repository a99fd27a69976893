"""What a stream in OpenAI's format says besides text: a fold over its events, in the words of a whole response."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from adapters.language_model.listener import Gathering
from adapters.language_model.soundness import sound
from domain.wires import OPENAI, Wire

TOLD_WHOLE = frozenset({"finish_reason", "format", "id", "index", "name", "object", "role", "type"})
"""Texts that are no pieces of a longer one, however often they are told."""

FRAME = frozenset({"choices", "created", "id", "model", "obfuscation", "object"})
"""What an event has of its own, and what the completion knows already."""


def says_something(event: Mapping[str, Any]) -> bool:
    """Tell whether *event* holds a piece of an answer, be it text or anything else."""
    return any(value for delta in _deltas(event) for name, value in delta.items() if name != "role")


@define
class Extras(Gathering):
    """Gathers what the events say, less the text of the first choice. They must have been checked."""

    _around: dict[str, Any] = field(factory=dict)
    _choices: dict[int, dict[str, Any]] = field(factory=dict)
    _spoken: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Take the next event."""
        self._around.update({name: value for name, value in event.items() if name not in FRAME and value is not None})
        for each in event.get("choices") or ():
            self._take_choice(each, each.get("index") or 0)

    def whole(self) -> Wire:
        """Give what was taken; ``content`` of the first choice is there, as null, only where there was no text."""
        choices = [{"index": index, **choice} for index, choice in sorted(self._choices.items())]
        return Wire(OPENAI, sound({**self._around, "choices": list(map(self._finished, choices))}))

    def _take_choice(self, choice: Mapping[str, Any], index: int) -> None:
        delta = dict(choice.get("delta") or {})
        if index == 0:
            self._spoken |= isinstance(delta.pop("content", None), str)
        known = self._choices.get(index, {})
        told = {name: value for name, value in choice.items() if name not in {"delta", "index"}}
        self._choices[index] = _merged(known, {**told, "message": delta})

    def _finished(self, choice: Mapping[str, Any]) -> Mapping[str, Any]:
        message = {name: value for name, value in choice["message"].items() if (name, value) != ("role", "assistant")}
        if "tool_calls" in message:
            message["tool_calls"] = [_without_index(each) for each in message["tool_calls"]]
        if choice["index"] == 0 and not self._spoken:
            message["content"] = None
        return {**choice, "message": message}


def _deltas(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (each.get("delta") or {} for each in event.get("choices") or ())


def _merged(known: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    new = {name: _grown(name, known.get(name), value) for name, value in told.items() if value is not None}
    return {**known, **new}


def _grown(name: str, known: Any, told: Any) -> Any:
    if isinstance(told, Mapping):
        return _merged(known if isinstance(known, Mapping) else {}, told)
    if isinstance(told, list):
        return _listed(known if isinstance(known, list) else [], told)
    joins = isinstance(known, str) and isinstance(told, str) and name not in TOLD_WHOLE
    return known + told if joins else told


def _listed(known: Sequence[Any], told: Sequence[Any]) -> list[Any]:
    """Put pieces of the same index together; others follow one another."""
    places = {each["index"]: place for place, each in enumerate(known) if _has_index(each)}
    grown = list(known)
    for each in told:
        if _has_index(each) and each["index"] in places:
            grown[places[each["index"]]] = _merged(grown[places[each["index"]]], each)
        else:
            grown.append(_merged({}, each) if isinstance(each, Mapping) else each)
    return grown


def _has_index(piece: Any) -> bool:
    return isinstance(piece, Mapping) and isinstance(piece.get("index"), int)


def _without_index(piece: Any) -> Any:
    return {name: value for name, value in piece.items() if name != "index"} if isinstance(piece, Mapping) else piece

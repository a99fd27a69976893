"""Conversations in other formats: what is plain text of them, and what is more."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.errors import Malformed
from domain.parameters import SHARED
from domain.prompts import Message, Role
from domain.questions import MAX_TEXT, may_be_fuzzy


def text_of(content: Any, place: str) -> str:
    """Give what is text of a message's *content*, a text or a list of parts; raises ``Malformed``."""
    return "\n".join(_texts(content, place))


def is_plain(content: Any) -> bool:
    """Tell whether *content* is nothing but a text; a list of a single one is this text, differently written."""
    if isinstance(content, str):
        return True
    return len(content) == 1 and content[0].keys() == {"type", "text"} and content[0]["type"] == "text"


def all_plain(messages: Sequence[Message]) -> bool:
    """Tell whether they are a conversation whose last text could be asked in other words."""
    sized = all(each.original is None and len(each.content) <= MAX_TEXT for each in messages)
    return sized and messages[-1].role is Role.USER and may_be_fuzzy(messages[-1].content)


def title(messages: Sequence[Message]) -> str:
    """Give the last text of the user, by which people know the question; it may be cut short."""
    return next((each.content[:MAX_TEXT] for each in reversed(messages) if each.role is Role.USER), "")


def only_one_format_says(messages: Sequence[Message], parameters: dict[str, object]) -> bool:
    """Tell whether there is anything in them that other formats have no words for."""
    return not parameters.keys() <= SHARED or any(each.original for each in messages)


def _texts(content: Any, place: str) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif not isinstance(content, list | None):
        raise Malformed.field(place, "must be a text, or a list of parts")
    else:
        yield from _texts_of_parts(content or (), place)


def _texts_of_parts(parts: Sequence[Any], place: str) -> Iterator[str]:
    for number, part in enumerate(parts):
        if not isinstance(part, dict):
            raise Malformed.field(f"{place}[{number}]", "must be an object with a type, such as text or an image's")
        if isinstance(text := part.get("text"), str):
            yield text

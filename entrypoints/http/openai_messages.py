"""Messages in OpenAI's format: plain where they say no more than who says which text, else as they came."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.errors import Malformed
from domain.generation import Message, Role

ROLES: Mapping[str, Role] = {**{each.value: each for each in Role}, "function": Role.TOOL}


def to_messages(sent: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Read all of them; raises ``Malformed``, which names the message."""
    return tuple(_message(each, f"messages[{place}]") for place, each in enumerate(sent))


def _message(sent: Mapping[str, Any], place: str) -> Message:
    role = ROLES.get(sent.get("role") or "") if isinstance(sent.get("role"), str | None) else None
    if role is None:
        raise Malformed.field(f"{place}.role", f"must be one of {', '.join(ROLES)}")
    texts = list(_texts(sent.get("content"), f"{place}.content"))
    said = {name for name, value in sent.items() if value is not None and value != []}
    plain = said == {"role", "content"} and role is not Role.TOOL and _is_plain(sent["content"])
    return Message(role, "\n".join(texts), None if plain else sent)


def _is_plain(content: Any) -> bool:
    """A list of a single text is this text, differently written."""
    if isinstance(content, str):
        return True
    return len(content) == 1 and content[0].keys() == {"type", "text"} and content[0]["type"] == "text"


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
            raise Malformed.field(f"{place}[{number}]", "must be an object with a type, such as text or image_url")
        if isinstance(text := part.get("text"), str):
            yield text

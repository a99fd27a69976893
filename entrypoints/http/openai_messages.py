"""Messages in OpenAI's format: plain where they say no more than who says which text, else as they came."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import Malformed
from domain.prompts import Message, Role
from entrypoints.http.conversations import is_plain, text_of

ROLES: Mapping[str, Role] = {**{each.value: each for each in Role}, "function": Role.TOOL}


def to_messages(sent: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Read all of them; raises ``Malformed``, which names the message."""
    return tuple(_message(each, f"messages[{place}]") for place, each in enumerate(sent))


def _message(sent: Mapping[str, Any], place: str) -> Message:
    role = ROLES.get(sent.get("role") or "") if isinstance(sent.get("role"), str | None) else None
    if role is None:
        raise Malformed.field(f"{place}.role", f"must be one of {', '.join(ROLES)}")
    text = text_of(sent.get("content"), f"{place}.content")
    said = {name for name, value in sent.items() if value is not None and value != []}
    plain = said == {"role", "content"} and role is not Role.TOOL and is_plain(sent["content"])
    return Message(role, text, None if plain else sent)

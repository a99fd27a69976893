"""What language models receive: messages, and the prompt that they make."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from domain.wires import Wire


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    DEVELOPER = "developer"
    TOOL = "tool"


@frozen
class Message:
    """
    One turn of what a model is told.

    *original* is the message as it came, in the prompt's format, where it says more than *content*, which then is
    what is text of it: images, calls of tools and their results, thoughts.
    """

    role: Role
    content: str
    original: Mapping[str, object] | None = None


@frozen
class Prompt:
    """
    What a model receives: the messages in order, and the sampling parameters.

    *parameters* holds what the asker set and nothing else: ``max_tokens`` (int), ``temperature`` (float).
    *format* names the wire format of those that not every provider knows, and of original messages; it is empty
    where there are none. *handling* is what the provider is told beside: who asks, what to file it under.
    """

    model: str
    messages: tuple[Message, ...]
    parameters: Mapping[str, object] = field(factory=dict)
    format: str = ""
    handling: Wire | None = None

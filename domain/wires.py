"""What is said in the words of one wire format, beside what all formats say alike."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

OPENAI: Final = "openai"
ANTHROPIC: Final = "anthropic"


@frozen
class Wire:
    """A piece of JSON in a wire format, which is one of the above; *body* is kept as it came."""

    format: str
    body: Mapping[str, Any]

"""What may be said to a provider of one format, and what only those of another would understand."""

from domain.generation import PromptRefused
from domain.prompts import Prompt

DOORS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


def check_format(prompt: Prompt, spoken: str) -> None:
    """
    Refuse what cannot be said in the *spoken* format.

    Raises:
        PromptRefused: messages or parameters are in the words of another one.
    """
    if prompt.format not in {"", spoken}:
        said = f"holds what only {prompt.format}'s format can say, and this provider speaks {spoken}'s"
        remedy = f"send plain text and common parameters only, or ask this model at {DOORS[spoken]}"
        raise PromptRefused.field("messages", f"{said}; {remedy}")

"""A prompt as a request in Anthropic's format."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.prompts import Message, Prompt, Role
from domain.wires import ANTHROPIC

OURS = frozenset({"messages", "model", "stream", "system"})
"""Fields that no asker may set: they would change what is sent, or how it comes back."""

MAX_TOKENS = 4096
"""The longest answer, in tokens, where the asker sets none: this format has no default."""

SAMPLING = frozenset({"temperature", "top_k", "top_p"})
"""Parameters that the current version of the API refuses, whatever their value, and the older one takes."""

LAST_WITH_SAMPLING = "2023-06-01"
"""The last version of the API that takes them. Newer models refuse them there, too, and say so."""

NAMES = {"max_completion_tokens": "max_tokens", "stop": "stop_sequences"}
"""What this format calls parameters that another one calls otherwise."""

BETA = "anthropic-beta"
"""A parameter that is sent as a header: what of the API's that is not settled yet the asker wants."""

INSTRUCTING = frozenset({Role.SYSTEM, Role.DEVELOPER})


def body_of(prompt: Prompt) -> dict[str, object]:
    """Give what is sent."""
    beside = prompt.handling.body if prompt.handling and prompt.handling.format == ANTHROPIC else {}
    return {**beside, "max_tokens": MAX_TOKENS, **counted_of(prompt), "stream": True}


def counted_of(prompt: Prompt) -> dict[str, object]:
    """Give what is sent to be counted: the prompt and nothing else."""
    system = _instructions([each for each in prompt.messages if each.role in INSTRUCTING])
    return {
        **_parameters(prompt),
        "model": prompt.model,
        "messages": [_turn(each) for each in prompt.messages if each.role not in INSTRUCTING],
        **({"system": system} if system else {}),
    }


def _parameters(prompt: Prompt) -> dict[str, object]:
    asked = {NAMES.get(name, name): value for name, value in prompt.parameters.items() if name not in {*OURS, BETA}}
    stop = asked.get("stop_sequences")
    return {**asked, "stop_sequences": [stop]} if isinstance(stop, str) else asked


def headers_of(prompt: Prompt) -> dict[str, str]:
    """Give the headers that are not always the same."""
    version = {"anthropic-version": LAST_WITH_SAMPLING} if SAMPLING & prompt.parameters.keys() else {}
    return {**version, BETA: str(prompt.parameters[BETA])} if BETA in prompt.parameters else version


def _instructions(messages: Sequence[Message]) -> object:
    """This format has one place for what a system says, before all turns: a text, or a list of blocks."""
    if not any(each.original for each in messages):
        return "\n\n".join(each.content for each in messages)
    return [block for each in messages for block in _blocks(each)]


def _blocks(message: Message) -> Any:
    return message.original["system"] if message.original else [{"type": "text", "text": message.content}]


def _turn(message: Message) -> Mapping[str, object]:
    return message.original or {"role": message.role, "content": message.content}

"""What an answer is in OpenAI's format: choices, and usage."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.answers import Answer
from domain.generation import Completion, FinishReason
from domain.tokens import TokenUsage
from domain.wires import OPENAI
from entrypoints.http.foreign import said_in
from entrypoints.http.foreign_usage import Accounts

FINISH_WORDS = {
    FinishReason.LENGTH: "length",
    FinishReason.FILTERED: "content_filter",
    FinishReason.TOOL_CALLS: "tool_calls",
}
"""How the format calls what is not just ``stop``."""


def choices_of(done: Completion) -> Iterator[dict[str, Any]]:
    """Give the choices, less the text of the first; one where the response was in another format."""
    word = FINISH_WORDS.get(done.finish_reason, "stop")
    told: Sequence[Mapping[str, Any]] = said_in(OPENAI, done).get("choices") or ({},)
    for each in told:
        yield {"index": 0, "logprobs": None, "finish_reason": word, "message": {}, **each}


def around_of(done: Completion) -> dict[str, Any]:
    """Give what the response held around its choices: a fingerprint of the system, and the like."""
    return {name: value for name, value in said_in(OPENAI, done).items() if name not in {"choices", "usage"}}


def usage_of(answer: Answer, accounts: Accounts) -> Mapping[str, Any]:
    """Give the tokens to tell of, in the provider's own words where they stand."""
    told = said_in(OPENAI, answer.completion).get("usage")
    return told if told and accounts.tells_all(answer.origin) else _counted(accounts.spent(answer))


def _counted(usage: TokenUsage) -> Mapping[str, int]:
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": usage.total}

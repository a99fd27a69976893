"""What is known of models without asking their providers: context windows, and how texts become tokens."""

import warnings
from functools import cache, lru_cache
from typing import Any

from domain.prompts import Prompt

PIECE = 100_000
"""Characters that are counted at once; the library refuses a million."""

FRAME = 4
"""Tokens that a message takes besides its text, about."""


@lru_cache(1024)
def context_window(kind: str, base_url: str | None, model: str) -> int | None:
    """Give the tokens that prompt and answer may have together; ``None`` for a model that nobody knows."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - takes a tenth of a second

    try:
        _, found = get_snapshot().find_provider_model(model, None, None if base_url else kind, base_url)
    except LookupError:
        return None
    return found.context_window


def count_tokens(prompt: Prompt) -> int:
    """Estimate them as OpenAI counts; others' tokens are about as many, or more. It may take a second: use a thread."""
    return sum(FRAME + _count(each.content) for each in prompt.messages)


def _count(text: str) -> int:
    pieces = (text[at : at + PIECE] for at in range(0, len(text), PIECE))
    return sum(len(_encoding().encode_ordinary(each)) for each in pieces)


@cache
def _encoding() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it opens its files in a manner that Python deprecates
        # Takes half a second and 130 MB, and few prompts are so long that they must be counted.
        import bpe_openai  # type: ignore[import-untyped] # noqa: PLC0415 - as above

        return bpe_openai.get_encoding("o200k_base")

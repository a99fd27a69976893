"""What a provider says instead of an answer, and what that means to us."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import TypeVar

from attrs import frozen

from domain.generation import ModelBroken, ModelFailed, ModelOverloaded, ModelRefusedKey, ModelTimedOut, PromptRefused
from domain.prompts import Prompt

LONGEST_MESSAGE = 300
"""Characters of a provider's own message that an error repeats."""

TELLTALE = 12
"""Characters in a row that a message may not share with the key or the prompt."""

WORDS = frozenset({"id", "media_type", "name", "role", "tool_call_id", "tool_use_id", "type"})
"""Fields of a message that hold nothing of what people say."""

OVERLOADED = 529
"""Anthropic's own status for too many callers."""


@frozen
class Refusal:
    """
    What a provider says instead of an answer.

    *status* is HTTP's; it counts only from 400: inside a stream that began well, *code* alone tells.
    *code* is the provider's word for what is wrong, *message* its sentence about it, empty unless it may be shown.
    """

    status: int
    code: str
    message: str = ""
    resets_in: float | None = None

    @property
    def meaning(self) -> int:
        """Give the status that this amounts to, wherever in the reply it stood."""
        if self.status >= HTTPStatus.BAD_REQUEST:
            return self.status
        return int(self.code) if re.fullmatch(r"[45]\d\d", self.code) else _MEANINGS.get(self.code, 500)

    def error(self) -> Exception:
        """Give it as one of our errors."""
        otherwise = ModelBroken if self.meaning >= HTTPStatus.INTERNAL_SERVER_ERROR else ModelFailed
        make = _ERRORS.get(self.meaning)
        return make(self) if make else otherwise(str(self))

    def __str__(self) -> str:
        code = self.code if re.fullmatch(r"[A-Za-z_.-]{1,64}", self.code) else ""
        facts = f"the provider answered {self.meaning} {code}".rstrip()
        return f"{facts}: {self.message}" if self.message else facts


_MEANINGS = {
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def _prompt_refused(refusal: Refusal) -> Exception:
    return PromptRefused.field("model" if refusal.meaning == HTTPStatus.NOT_FOUND else "prompt", str(refusal))


def _key_refused(refusal: Refusal) -> Exception:
    """Leave the message out: providers quote the key in it, half masked."""
    return ModelRefusedKey(str(Refusal(refusal.status, refusal.code)))


def _timed_out(refusal: Refusal) -> Exception:
    return ModelTimedOut(str(refusal))


def _overloaded(refusal: Refusal) -> Exception:
    return ModelOverloaded(str(refusal), refusal.resets_in)


_ERRORS: Mapping[int, Callable[[Refusal], Exception]] = {
    HTTPStatus.BAD_REQUEST: _prompt_refused,
    HTTPStatus.UNAUTHORIZED: _key_refused,
    HTTPStatus.PAYMENT_REQUIRED: _key_refused,
    HTTPStatus.FORBIDDEN: _key_refused,
    HTTPStatus.NOT_FOUND: _prompt_refused,
    HTTPStatus.REQUEST_TIMEOUT: _timed_out,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _prompt_refused,
    HTTPStatus.UNPROCESSABLE_ENTITY: _prompt_refused,
    HTTPStatus.TOO_MANY_REQUESTS: _overloaded,
    HTTPStatus.GATEWAY_TIMEOUT: _timed_out,
    OVERLOADED: _overloaded,
}

E = TypeVar("E", bound=Exception)


@contextmanager
def translating_refusals(kind: type[E], read: Callable[[E], Refusal]) -> Iterator[None]:
    """Raise ours wherever the body raises *kind*; unlike a table, *read* sees the reply and its headers."""
    try:
        yield
    except kind as error:
        raise read(error).error() from error


def presentable(message: object, prompt: Prompt, api_key: str) -> str:
    """Cut a provider's message short; leave it out where it repeats a piece of the key or of the prompt."""
    shown = message.strip()[:LONGEST_MESSAGE] if isinstance(message, str) else ""
    private = (api_key, *(text for each in prompt.messages for text in (each.content, *_said(each.original))))
    return "" if any(_repeats(shown, text) for text in private) else shown


def _said(original: object) -> Iterator[str]:
    """Give all texts in a message, but for the words of its format."""
    if isinstance(original, str):
        yield original
    elif isinstance(original, Mapping):
        yield from (text for name, value in original.items() if name not in WORDS for text in _said(value))
    elif isinstance(original, list):
        yield from (text for each in original for text in _said(each))


def _repeats(shown: str, text: str) -> bool:
    width = min(TELLTALE, len(text))
    return width > 0 and any(shown[at : at + width] in text for at in range(len(shown) - width + 1))


def resets_in(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``, in seconds or as a date; ``None`` where it is missing or no such thing."""
    text = headers.get("retry-after", "")
    try:
        seconds = float(text) if re.fullmatch(r"[\d.]+", text) else _seconds_until(text)
    except ValueError:
        return None
    return max(0.0, seconds) if isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time.time()

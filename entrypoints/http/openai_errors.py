"""Errors as OpenAI tells them, so that its SDKs raise their own."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from entrypoints.http.foreign_errors import Trouble, handlers_in, in_words

CODES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "invalid_api_key",
    HTTPStatus.NOT_FOUND: "model_not_found",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_exceeded",
}


def openai_shape(trouble: Trouble) -> Mapping[str, Any]:
    """Give the body of *trouble*."""
    server = trouble.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return {
        "error": {
            "message": trouble.problem.detail,
            "type": "server_error" if server else _kind(trouble.status),
            "param": trouble.field,
            "code": CODES.get(trouble.status),
        }
    }


def told_as_openai(error: Exception) -> Mapping[str, Any]:
    """Give the event that tells of *error* in a stream."""
    return in_words(openai_shape, error)


def _kind(status: int) -> str:
    return "rate_limit_error" if status == HTTPStatus.TOO_MANY_REQUESTS else "invalid_request_error"


openai_handlers = handlers_in(openai_shape)
"""The table that Litestar asks."""

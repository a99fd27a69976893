"""Errors as Anthropic tells them, so that its SDKs raise their own."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from entrypoints.http.foreign_errors import Trouble, handlers_in, in_words

KINDS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout_error",
}


def anthropic_shape(trouble: Trouble) -> Mapping[str, Any]:
    """Give the body of *trouble*."""
    server = trouble.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = KINDS.get(trouble.status, "api_error" if server else "invalid_request_error")
    told = {"type": kind, "message": trouble.problem.detail}
    return {"type": "error", "error": told, "request_id": trouble.problem.request_id}


def told_as_anthropic(error: Exception) -> Mapping[str, Any]:
    """Give the event that tells of *error* in a stream."""
    return in_words(anthropic_shape, error)


anthropic_handlers = handlers_in(anthropic_shape)
"""The table that Litestar asks."""

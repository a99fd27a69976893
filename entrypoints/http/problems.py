"""Errors as RFC 9457 problem details: one table of families, one shape."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from domain.errors import (
    Absent,
    Forbidden,
    LimitReached,
    Malformed,
    NotRemembered,
    RAGBoostError,
    Refused,
    Unavailable,
)
from entrypoints.logs import request_id

STATUS: Mapping[type[RAGBoostError], HTTPStatus] = {
    Malformed: HTTPStatus.BAD_REQUEST,
    Refused: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    Absent: HTTPStatus.NOT_FOUND,
    LimitReached: HTTPStatus.TOO_MANY_REQUESTS,
    NotRemembered: HTTPStatus.GATEWAY_TIMEOUT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    RAGBoostError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

log = structlog.get_logger()


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field of the request, and the remedy."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem as RFC 9457 has it; *request_id* finds it in the logs, *errors* names the fields to change."""

    title: str
    status: int
    detail: str
    request_id: str
    type: str = "about:blank"
    errors: tuple[FieldError, ...] = ()


def handlers() -> ExceptionHandlersMap:
    """Give the table that Litestar asks."""
    return {
        RAGBoostError: from_domain,
        ValidationException: from_nothing,
        HTTPException: from_litestar,
        Exception: from_surprise,
    }


def from_domain(_: Request[Any, Any, Any], error: RAGBoostError) -> Response[Problem]:
    """Translate one of our own errors by its family."""
    status = next(STATUS[family] for family in type(error).__mro__ if family in STATUS)
    found = error.problems if isinstance(error, Malformed) else ()
    errors = tuple(FieldError(each.field, each.message) for each in found)
    return problem(status, str(error), errors, _headers(error))


def from_litestar(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Translate what the framework refuses: routes, methods, sizes, query parameters."""
    return problem(HTTPStatus(error.status_code), error.detail, _field_errors(error), dict(error.headers or {}))


def from_nothing(request: Request[Any, Any, Any], _: ValidationException) -> Response[Problem]:
    """Translate the only thing that Litestar itself finds wrong with a body: that there is none."""
    return from_domain(request, Malformed.field("body", "is required, as JSON"))


def from_surprise(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Say nothing of what went wrong to the caller, and everything to the log."""
    log.error("unexpected_error", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "something unexpected went wrong; the request id finds it")


def problem(
    status: HTTPStatus, detail: str, errors: tuple[FieldError, ...] = (), headers: dict[str, str] | None = None
) -> Response[Problem]:
    """Make the response."""
    content = Problem(status.phrase, status, detail, request_id.get(), errors=errors)
    return Response(content, status_code=status, headers=headers, media_type="application/problem+json")


def _headers(error: RAGBoostError) -> dict[str, str]:
    wait = getattr(error, "resets_in", None)
    challenge = {"WWW-Authenticate": "Bearer"} if isinstance(error, Refused) else {}
    return challenge | ({"Retry-After": f"{max(1, round(wait))}"} if wait else {})


def _field_errors(error: HTTPException) -> tuple[FieldError, ...]:
    extra = error.extra if isinstance(error.extra, list) else []
    return tuple(FieldError(str(each.get("key", "")), str(each.get("message", ""))) for each in extra)

"""Errors as RFC 9457 problem details: one table of families, one shape."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import ExceptionHandlersMap

from domain.errors import (
    Absent,
    FieldProblem,
    Forbidden,
    LimitReached,
    Malformed,
    NotRemembered,
    PartUnavailable,
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
    """
    A problem as RFC 9457 has it; *request_id* finds it in the logs, *errors* names the fields to change.

    *retry_after*: seconds after which the same request may succeed, where somebody said so.
    """

    title: str
    status: int
    detail: str
    request_id: str
    type: str = "about:blank"
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None


def handlers() -> ExceptionHandlersMap:
    """Give the table that Litestar asks."""
    return {
        RAGBoostError: from_domain,
        ValidationException: from_nothing,
        RequestEntityTooLarge: from_excess,
        HTTPException: from_litestar,
        Exception: from_surprise,
    }


def from_domain(_: Request[Any, Any, Any], error: RAGBoostError) -> Response[Problem]:
    """Translate one of our own errors by its family."""
    problem = told(error)
    wait = {"Retry-After": f"{problem.retry_after}"} if problem.retry_after else {}
    challenge = {"WWW-Authenticate": "Bearer"} if isinstance(error, Refused) else {}
    return _response(problem, wait | challenge)


def from_litestar(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Translate what the framework refuses: routes, methods, query parameters."""
    problem = _problem(HTTPStatus(error.status_code), error.detail, errors=_field_errors(error))
    return _response(problem, dict(error.headers or {}))


def from_excess(request: Request[Any, Any, Any], _: RequestEntityTooLarge) -> Response[Problem]:
    """Say how much would have been read, and who can change that."""
    limit = request.route_handler.resolve_request_max_body_size()
    message = f"has more than {limit:,} bytes; send less at once, or have the service's RAGBOOST_MAX_BODY_BYTES raised"
    errors = (FieldError("body", message),)
    return _response(_problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"body: {message}", errors=errors))


def from_nothing(request: Request[Any, Any, Any], _: ValidationException) -> Response[Problem]:
    """Translate the only thing that Litestar itself finds wrong with a body: that there is none."""
    return from_domain(request, Malformed.field("body", "is required, as JSON"))


def from_surprise(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Translate what nobody expected."""
    return _response(told(error))


def told(error: Exception) -> Problem:
    """Describe *error*; of a surprise, or of what is wrong with a part, the caller hears nothing and the log all."""
    if not isinstance(error, RAGBoostError):
        log.error("unexpected_error", exc_info=error)
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "something unexpected went wrong; the request id finds it")
    status = next(STATUS[family] for family in type(error).__mro__ if family in STATUS)
    if isinstance(error, PartUnavailable):
        log.error("part_unavailable", part=error.part, error=str(error))
        return _problem(status, f"{error.part} cannot be used just now; the request id finds the reason in the log")
    found = error.problems if isinstance(error, Malformed) else ()
    wait = getattr(error, "resets_in", None)
    return _problem(
        status,
        str(error),
        errors=tuple(FieldError(each.field, each.message) for each in found),
        retry_after=max(1, round(wait)) if wait else None,
    )


def located(error: Malformed, item: str) -> Malformed:
    """Say in which *item* of the request the fields are."""
    fields = [(item if each.field == "body" else f"{item}.{each.field}", each.message) for each in error.problems]
    return Malformed(*(FieldProblem(*each) for each in fields))


def _problem(status: HTTPStatus, detail: str, **more: Any) -> Problem:
    return Problem(status.phrase, status, detail, request_id.get(), **more)


def _response(problem: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    return Response(problem, status_code=problem.status, headers=headers, media_type="application/problem+json")


def _field_errors(error: HTTPException) -> tuple[FieldError, ...]:
    extra = error.extra if isinstance(error.extra, list) else []
    return tuple(FieldError(str(each.get("key", "")), str(each.get("message", ""))) for each in extra)

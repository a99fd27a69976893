"""Errors as other formats tell them: the statuses that their SDKs know, in their own shapes."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from attrs import frozen
from litestar import Request, Response
from litestar.types import ExceptionHandlersMap

from domain.errors import NotRemembered, Transient, Unavailable
from domain.generation import ModelOverloaded, ModelTimedOut, PromptRefused
from entrypoints.http.problems import Problem, handlers, told
from entrypoints.http.unknown_model import UnknownModel

STATUS: Mapping[type[Exception], HTTPStatus] = {
    UnknownModel: HTTPStatus.NOT_FOUND,
    ModelOverloaded: HTTPStatus.TOO_MANY_REQUESTS,
    ModelTimedOut: HTTPStatus.GATEWAY_TIMEOUT,
}
"""Where the providers say it otherwise than we do at our own doors."""


@frozen
class Trouble:
    """A problem on its way into another format."""

    problem: Problem
    error: Exception
    status: int

    @property
    def field(self) -> str | None:
        """Name the first field to change."""
        return self.problem.errors[0].field if self.problem.errors else None

    @property
    def hopeless(self) -> bool:
        """Tell whether it is of no use that an SDK asks again by itself, though the status invites it to."""
        return isinstance(self.error, Unavailable) and not isinstance(self.error, Transient)


Shape = Callable[[Trouble], Mapping[str, Any]]


def in_words(shape: Shape, error: Exception) -> Mapping[str, Any]:
    """Tell of *error* inside a stream."""
    return shape(_trouble(told(error), error))


def handlers_in(shape: Shape) -> ExceptionHandlersMap:
    """Give the table that Litestar asks, for doors whose errors have this *shape*."""
    return {kind: partial(_reshaped, shape, handler) for kind, handler in handlers().items()}


def _reshaped(
    shape: Shape, handler: Callable[..., Response[Problem]], request: Request[Any, Any, Any], error: Exception
) -> Response[Mapping[str, Any]]:
    response = handler(request, error)
    trouble = _trouble(response.content, error)
    retry = {"x-should-retry": "false"} if trouble.hopeless or isinstance(error, NotRemembered) else {}
    return Response(shape(trouble), status_code=trouble.status, headers={**response.headers, **retry})


def _trouble(problem: Problem, error: Exception) -> Trouble:
    # The provider itself says so of a model that it does not have.
    kinds = UnknownModel.__mro__ if _blames_model(error) else type(error).__mro__
    statuses = (STATUS[kind] for kind in kinds if kind in STATUS)
    return Trouble(problem, error, next(statuses, HTTPStatus(problem.status)))


def _blames_model(error: Exception) -> bool:
    return isinstance(error, PromptRefused) and any(each.field == "model" for each in error.problems)

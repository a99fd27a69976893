"""Receive a request: who asks, what is asked, and what memory may do."""

from typing import Any

from attrs import frozen
from litestar import Request

from application.admit_caller import AdmitCaller
from application.route_models import Routes
from domain.answers import Asking
from domain.clock import Clock, Stopwatch
from entrypoints.http.directives import directives, parse_cache_control
from entrypoints.http.query_request import QueryRequest, to_question

AnyRequest = Request[Any, Any, Any]


@frozen
class Reception:
    """Stands behind every door: no handler looks at a key, or believes a caller about the tenant."""

    admit: AdmitCaller
    routes: Routes
    clock: Clock

    async def tenant(self, request: AnyRequest) -> str:
        """Give the caller's tenant; raises ``KeyRefused``."""
        return await self.admit(_secret(request))

    async def asking(self, request: AnyRequest, asked: QueryRequest) -> Asking:
        """Turn a request into an asking; raises ``KeyRefused`` and ``Malformed``."""
        stopwatch = Stopwatch(self.clock)
        with stopwatch.time("admit"):
            tenant = await self.tenant(request)
            question = to_question(tenant, asked, self.routes)
            cache_control = parse_cache_control(_header(request, b"cache-control"))
            wishes = directives(cache_control, asked.use_cache, asked.ttl, tuple(asked.tags))
        return Asking(question, wishes, stopwatch)


def _secret(request: AnyRequest) -> str | None:
    return _header(request, b"x-api-key") or _bearer(_header(request, b"authorization"))


def _bearer(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _header(request: AnyRequest, name: bytes) -> str | None:
    """Read one header; Litestar would decode all of them for it."""
    return next((value.decode("latin-1") for header, value in request.scope["headers"] if header == name), None)

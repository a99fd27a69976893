"""Receive a request: who asks, what is asked, and what memory may do."""

from collections.abc import Mapping

from attrs import frozen

from application.admit_caller import AdmitCaller
from application.route_models import Routes
from domain.answers import Asking
from domain.clock import Clock, Stopwatch
from entrypoints.http.directives import directives, parse_cache_control
from entrypoints.http.lean_request import LeanRequest
from entrypoints.http.query_request import QueryRequest, to_question


@frozen
class Reception:
    """Stands behind every door: no handler looks at a key, or believes a caller about the tenant."""

    admit: AdmitCaller
    routes: Routes
    clock: Clock

    async def tenant(self, request: LeanRequest) -> str:
        """Give the caller's tenant; raises ``KeyRefused``."""
        return await self.admit(_secret(request.raw_headers))

    async def asking(self, request: LeanRequest, asked: QueryRequest) -> Asking:
        """Turn a request into an asking; raises ``KeyRefused`` and ``Malformed``."""
        stopwatch = Stopwatch(self.clock)
        with stopwatch.time("admit"):
            headers = request.raw_headers
            question = to_question(await self.admit(_secret(headers)), asked, self.routes)
            cache_control = parse_cache_control(headers.get(b"cache-control"))
            wishes = directives(cache_control, asked.use_cache, asked.ttl, tuple(asked.tags))
        return Asking(question, wishes, stopwatch)


def _secret(headers: Mapping[bytes, bytes]) -> str | None:
    secret = headers.get(b"x-api-key") or _bearer(headers.get(b"authorization", b""))
    return secret.decode("latin-1") if secret else None


def _bearer(authorization: bytes) -> bytes:
    scheme, _, token = authorization.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""

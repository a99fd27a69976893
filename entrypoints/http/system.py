"""/health, /ready and /metrics: what operators and their machines ask."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from application.check_health import CheckHealth
from domain.health import PartHealth

METRICS = "text/plain; version=0.0.4"
"""Litestar adds the charset."""


class Health(msgspec.Struct, frozen=True):
    """The process is alive."""

    status: str
    version: str


class Dependency(msgspec.Struct, frozen=True):
    """One part: whether it answered, how long that took, and what was wrong."""

    name: str
    alive: bool
    latency_ms: float
    error: str | None


class Readiness(msgspec.Struct, frozen=True):
    """
    ``ready``: everything works. ``degraded``: questions are answered, but part of the memory is away.

    ``unavailable``: callers cannot be told apart, so nobody is served.
    """

    status: str
    dependencies: list[Dependency]


def system_doors(
    version: str, check_health: CheckHealth, metrics: Callable[[], Awaitable[bytes]]
) -> list[HTTPRouteHandler]:
    """Make the routes; *metrics* gives the Prometheus text."""

    @get("/health", tags=["System"], summary="Is the process alive?", sync_to_thread=False)
    def health() -> Health:
        """Answer, which is all that is asked."""
        return Health("ok", version)

    @get("/metrics", tags=["System"], summary="Prometheus metrics", media_type=MediaType.TEXT)
    async def show_metrics() -> Response[bytes]:
        """Give all instruments in Prometheus' text format."""
        return Response(await metrics(), media_type=METRICS)

    return [health, _ready_door(check_health), show_metrics]


def _ready_door(check_health: CheckHealth) -> HTTPRouteHandler:
    @get(
        "/ready",
        tags=["System"],
        summary="Do its dependencies work?",
        responses={503: ResponseSpec(Readiness, generate_examples=False, description="Nobody can be served.")},
    )
    async def ready() -> Response[Readiness]:
        """Ping every dependency; 503 only when no question can be answered."""
        found = await check_health()
        status = _status(found)
        body = Readiness(status, [_dependency(each) for each in found])
        return Response(body, status_code=503 if status == "unavailable" else 200)

    return ready


def _status(found: Sequence[PartHealth]) -> str:
    dead = {each.part for each in found if not each.is_alive}
    if "key_ring" in dead:
        return "unavailable"
    return "degraded" if dead else "ready"


def _dependency(health: PartHealth) -> Dependency:
    return Dependency(health.part, health.is_alive, round(health.seconds * 1000, 3), health.error)

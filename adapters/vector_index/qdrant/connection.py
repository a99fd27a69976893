"""The one way to a Qdrant server: how it is reached, how long it is waited for, what is said when it fails."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from attrs import field, frozen
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from adapters.guard import Away, Guard
from adapters.translation import translating
from domain.similarity import VectorIndexUnavailable

T = TypeVar("T")
Call = Callable[[], Awaitable[T]]

SEARCH = 0.2
"""Seconds after which a search is given up where nobody says otherwise."""

OTHERS = 10.0
"""So many times as long may take what no asker, or hardly any, waits for: writing, paging, reading back."""

MAINTENANCE = 60
"""Seconds for what is done once, such as making a collection; and the client's own limit, in whole seconds."""

CONNECTIONS = httpx.Limits(max_connections=64, max_keepalive_connections=64)
"""Said because the client keeps none open to a server on its own machine."""

CHANNELS = {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 2_000,
}
"""Of gRPC: a server that was away for long is found again within a second, a broken path within half a minute."""

_REMEDIES = {
    401: "Qdrant wants a key: set QDRANT_API_KEY",
    403: "Qdrant refuses the key, or the key may not do this: check QDRANT_API_KEY",
}
_LIKE_STATUSES = {"UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403}
_BROKEN_CODES = {"UNAVAILABLE", "INTERNAL", "UNKNOWN", "DATA_LOSS", "DEADLINE_EXCEEDED"}

_LONGEST = 300
"""Characters of a server's own words that are passed on."""


class QdrantBroken(VectorIndexUnavailable):
    """The server could not be reached, or broke; one that merely refuses is in order."""


@frozen
class QdrantAddress:
    """Where a server is, and what it wants to see; *grpc_port* counts only where gRPC is preferred."""

    url: str
    api_key: str = field(default="", repr=False)
    prefer_grpc: bool = False
    grpc_port: int = 6334

    def client(self) -> AsyncQdrantClient:
        """Make a client; it connects when it is first used."""
        return AsyncQdrantClient(
            url=self.url,
            grpc_port=self.grpc_port,
            prefer_grpc=self.prefer_grpc,
            grpc_options=dict(CHANNELS),
            # Not as api_key: the client warns of that on every http:// address, private networks included.
            headers={"api-key": self.api_key} if self.api_key else None,
            timeout=MAINTENANCE,
            check_compatibility=False,  # it would ask in a thread, and print
            cloud_inference=True,  # it need not look for texts to embed among our vectors
            limits=CONNECTIONS,
        )


class QdrantConnection:
    """
    A client behind a guard: every call passes through ``search`` or ``ask``, which raise no other error than ours.

    A search may take *patience* seconds, anything else ten times as long.
    """

    def __init__(self, client: AsyncQdrantClient, patience: float = SEARCH) -> None:
        self.client = client
        self._patience = patience
        self._guard = Guard("Qdrant", client.info, (QdrantBroken,), patience)

    async def search(self, call: Call[T]) -> T:
        """
        Give what the server answers to *call*; somebody's question waits for it.

        Raises:
            VectorIndexUnavailable: whatever went wrong, without keys.
        """
        with translating({Away: VectorIndexUnavailable, TimeoutError: self._too_late(self._patience)}):
            return await self._guard(_told_well(call))

    async def ask(self, call: Call[T], patience: float | None = None) -> T:
        """Give what the server answers to *call*, in *patience* seconds; raises what ``search`` does."""
        seconds = patience or self._patience * OTHERS
        with translating({Away: VectorIndexUnavailable, TimeoutError: self._too_late(seconds)}):
            return await self._guard.patiently(_told_well(call), seconds)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._guard.close()
        await self.client.close()

    def _too_late(self, seconds: float) -> Callable[[str], VectorIndexUnavailable]:
        return lambda _: VectorIndexUnavailable(f"Qdrant gave no answer within {seconds:g} s")


async def _told_well(call: Call[T]) -> T:
    """Give the answer to *call*; whatever the client raises becomes ours."""
    try:
        return await call()
    except (VectorIndexUnavailable, Away, TimeoutError):
        raise
    except Exception as error:  # the client lets through what its parts raise
        raise _ours(error) from error


def _ours(error: Any) -> VectorIndexUnavailable:
    if isinstance(error, UnexpectedResponse):
        return _ours_by_status(error.status_code or 0, _body(error.content))
    if isinstance(error, ResponseHandlingException):
        return QdrantBroken(f"Qdrant cannot be reached, or understood: {_named(error.source)}")
    if callable(getattr(error, "details", None)):  # of gRPC, whose own text fills a page
        return _ours_by_code(error.code().name, str(error.details()))
    return VectorIndexUnavailable(f"Qdrant cannot be used: {_named(error)}")


def _ours_by_status(status: int, words: str) -> VectorIndexUnavailable:
    kind = QdrantBroken if status >= HTTPStatus.INTERNAL_SERVER_ERROR else VectorIndexUnavailable
    return kind(_REMEDIES.get(status) or f"Qdrant answers {status}: {words}")


def _ours_by_code(code: str, words: str) -> VectorIndexUnavailable:
    kind = QdrantBroken if code in _BROKEN_CODES else VectorIndexUnavailable
    return kind(_REMEDIES.get(_LIKE_STATUSES.get(code, 0)) or f"Qdrant answers {code}: {words[:_LONGEST]}")


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST]


def _body(content: bytes) -> str:
    return content[:_LONGEST].decode("utf-8", "replace")

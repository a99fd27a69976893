"""Looks at a Qdrant server as a worker would use it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import Final, Protocol, TypeVar

from attrs import frozen
from qdrant_client import AsyncQdrantClient, models

from adapters.examiner.latency import Deadline
from adapters.examiner.succession import Successor
from domain.clock import Clock
from domain.examination import Examiner, Finding, Judgement
from domain.similarity import VectorIndexDiffers, VectorIndexUnavailable

T = TypeVar("T")

PART: Final = "qdrant"
CALLS: Final = 11
PATIENCE: Final = 5.0
"""Seconds that an answer may take before there is none."""

OLDEST: Final = (1, 16)
"""The oldest version that will do: those before keep no metadata of a collection."""

KEY: Final = "QDRANT_API_KEY"
REMEDY: Final = "QDRANT_URL, and with gRPC RAGBOOST_QDRANT_GRPC_PORT, must name a Qdrant that runs"


class Connection(Protocol):
    """A way to a server, which raises no other error than ``VectorIndexUnavailable``."""

    client: AsyncQdrantClient

    async def ask(self, call: Callable[[], Awaitable[T]], patience: float | None = None) -> T:
        """Give what the server answers to *call*."""
        ...


class Expected(Protocol):
    """The collection that there should be."""

    @property
    def name(self) -> str:
        """Name it."""
        ...

    def refuse(self, info: models.CollectionInfo) -> None:
        """Do nothing when the collection is as it must be; raises ``VectorIndexDiffers``."""


@frozen
class Wanted:
    """The collection that is *expected*, and whom it succeeds."""

    expected: Expected
    successor: Successor


@frozen
class QdrantExaminer(Examiner):
    """Looks at the server, and at the collection that is *wanted*, unless nobody knows which."""

    connection: Connection
    wanted: Wanted | None
    deadline: Deadline
    clock: Clock
    patience: float = PATIENCE

    @property
    def part(self) -> str:  # noqa: D102
        return PART

    async def examine(self) -> Sequence[Finding]:
        """Look at the server first: where nobody answers, there is nothing else to be seen."""
        client = self.connection.client
        try:
            told, held = await self._ask(client.info), await self._ask(client.get_collections)
            names = {each.name for each in held.collections}
            contents = await self._contents(self.wanted, names) if self.wanted else []
            latency = self.deadline.judge([await self._ping() for _ in range(CALLS)])
        except VectorIndexUnavailable as error:
            return [_refused(error)]
        return [of_version(told.version), *contents, latency]

    async def _contents(self, wanted: Wanted, names: set[str]) -> Sequence[Finding]:
        name = wanted.expected.name
        return [
            await self._rights(name),
            await self._collection(wanted.expected) if name in names else _not_yet(name),
            await wanted.successor.look(PART),
        ]

    async def _rights(self, name: str) -> Finding:
        """Remove nothing: whoever may only read is refused that too."""
        nothing = models.PointIdsList(points=[])
        try:
            await self._ask(lambda: self.connection.client.delete(name, nothing))
        except VectorIndexUnavailable as error:
            if KEY in str(error):
                remedy = f"{KEY} must be one that may write"
                return Finding(PART, "rights", "the key may only read", Judgement.WRONG, remedy)
        return Finding(PART, "rights", "writes are taken")

    async def _collection(self, expected: Expected) -> Finding:
        info = await self._ask(lambda: self.connection.client.get_collection(expected.name))
        if not (info.points_count or info.payload_schema):
            return Finding(PART, "collection", f"{expected.name} is begun, and finished at the next start")
        try:
            expected.refuse(info)
        except VectorIndexDiffers as error:
            found, _, remedy = str(error).partition(". ")
            return Finding(PART, "collection", found, Judgement.WRONG, remedy)
        return of_status(expected.name, info)

    async def _ping(self) -> float:
        began = self.clock.monotonic()
        await self._ask(self.connection.client.info)
        return self.clock.monotonic() - began

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T:
        return await self.connection.ask(call, self.patience)


def of_version(told: str) -> Finding:
    """Judge the server's version."""
    ours = version("qdrant-client")
    found = f"Qdrant {told}; our client is {ours}"
    if _numbers(told) < OLDEST:
        return Finding(PART, "server", found, Judgement.WRONG, "use Qdrant 1.16 or newer")
    if abs(_numbers(told)[1] - _numbers(ours)[1]) > 1 or _numbers(told)[0] != _numbers(ours)[0]:
        remedy = "use a Qdrant that is one minor version away at most: its makers promise nothing of others"
        return Finding(PART, "server", found, Judgement.ADVICE, remedy)
    return Finding(PART, "server", found)


def of_status(name: str, info: models.CollectionInfo) -> Finding:
    """Judge how the collection is."""
    found = f"{name}, {info.points_count or 0:,} points, {info.status.value}"
    if info.status is models.CollectionStatus.RED:
        return Finding(PART, "collection", f"{found}: {info.optimizer_status}", Judgement.WRONG, "see the server's log")
    return Finding(PART, "collection", found)


def _not_yet(name: str) -> Finding:
    return Finding(PART, "collection", f"{name} is not there, and made when it is first used")


def _numbers(told: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else (0, 0)


def _refused(error: VectorIndexUnavailable) -> Finding:
    found, _, remedy = str(error).rpartition(": ")
    if KEY in remedy:
        return Finding(PART, "server", found, Judgement.WRONG, remedy)
    return Finding(PART, "server", str(error), Judgement.WRONG, REMEDY)

"""Looks at a Redis as a worker would use it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from adapters.examiner import redis_judgements as judge
from adapters.examiner.latency import Deadline
from adapters.redis_connection import RedisConnection
from adapters.redis_refusals import RedisRefused
from adapters.redis_rights import least_rights, refused_commands
from domain.clock import Clock
from domain.errors import Unavailable
from domain.examination import Examiner, Finding, Judgement
from domain.health import Pingable

PINGS: Final = 21

REMEDY: Final = "REDIS_URL must name a Redis that runs, as it must be spoken to"


@frozen
class RedisExaminer(Examiner):
    """
    Asks by way of *connection*, which must be more patient than a worker's, and of *answers*, the cache on it.

    *bases* are hash tags of keys that the cache uses. Keys that are written are gone within a second.
    """

    connection: RedisConnection
    answers: Pingable
    bases: Sequence[bytes]
    demands: judge.Demands
    deadline: Deadline
    clock: Clock

    @property
    def part(self) -> str:  # noqa: D102
        return judge.PART

    async def examine(self) -> Sequence[Finding]:
        """Look at the server first: where that cannot serve, there is nothing else to be seen."""
        try:
            await self.connection.ping()
            return [await self._server(), *await self._access(), *await self._state()]
        except Unavailable as error:
            return [_refused("server", error)]

    async def _access(self) -> Sequence[Finding]:
        rights = await self._rights()
        return [rights, await self._writes()] if rights.judgement is Judgement.OK else [rights]

    async def _server(self) -> Finding:
        told = await self.connection.everywhere("HELLO")
        address, versions = self.connection.address, sorted({each[b"version"].decode() for each in told})
        kind = f", a cluster of {len(told)} primaries" if address.is_cluster else ""
        safe = ", TLS" if address.is_tls else ""
        return Finding(self.part, "server", f"Redis {', '.join(versions)}{kind}, as {address.user}{safe}")

    async def _rights(self) -> Finding:
        address = self.connection.address
        refused = await refused_commands(self.connection, self.bases if address.is_cluster else self.bases[:1])
        if not refused:
            return Finding(self.part, "rights", "all that is needed")
        rule = least_rights(self.connection.prefix, in_cluster=address.is_cluster)
        found = f"{address.user} may not: {', '.join(refused).upper()}"
        return Finding(self.part, "rights", found, Judgement.WRONG, f"ACL SETUSER {address.user} {rule}")

    async def _writes(self) -> Finding:
        try:
            await self.answers.ping()
        except Unavailable as error:
            return _refused("writes", error)
        return Finding(self.part, "writes", "are taken")

    async def _state(self) -> Sequence[Finding]:
        """Have the servers tell of themselves."""
        info, demands = self.connection.info, self.demands
        ahead = await self._ahead()
        return [
            judge.of_memory(await info("memory"), demands),
            judge.of_persistence(await info("persistence"), await self._saves()),
            judge.of_replicas(await info("replication")),
            judge.of_connections(await info("clients"), demands),
            self.deadline.judge([await self._ping() for _ in range(PINGS)]),
            judge.of_clock(ahead),
        ]

    async def _saves(self) -> Sequence[str] | None:
        """Tell when each server makes snapshots; ``None`` where the user may not ask."""
        try:
            told = await self.connection.everywhere("CONFIG", "GET", "save")
        except RedisRefused:
            return None
        return [_saves(each) for each in told]

    async def _ping(self) -> float:
        began = self.clock.monotonic()
        await self.connection.everywhere("PING")
        return self.clock.monotonic() - began

    async def _ahead(self) -> Sequence[float]:
        began = self.clock.now()
        told = await self.connection.info("server")
        here = (began + self.clock.now()) / 2
        return [int(each["server_time_usec"]) / 1e6 - here for each in told]


def _saves(told: Mapping[Any, Any] | Sequence[Any]) -> str:
    values = list(told.values()) if isinstance(told, Mapping) else list(told)[1::2]
    return str(values[0].decode() if isinstance(values[0], bytes) else values[0]) if values else ""


def _refused(subject: str, error: Unavailable) -> Finding:
    cause = error.__cause__ if isinstance(error.__cause__, Unavailable) else error
    if isinstance(cause, RedisRefused):
        return Finding(judge.PART, subject, cause.found, Judgement.WRONG, cause.remedy or REMEDY)
    return Finding(judge.PART, subject, str(cause), Judgement.WRONG, REMEDY)

"""Answers in Redis, one server or a cluster, which many workers share."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from adapters.answer_cache import redis_listing as listing
from adapters.answer_cache.redis_entries import BATCH, PATIENCE, RedisEntries
from adapters.answer_cache.redis_survey import expendable
from adapters.answer_cache.redis_tallies import Tallies
from adapters.answer_cache.redis_values import decode, is_newer
from adapters.redis_connection import RedisConnection, redis_errors
from adapters.redis_memory import RedisMemory, read_memory
from adapters.translation import ErrorTable, translating
from domain.caching import AnswerCache, AnswerCacheUnavailable, StoredAnswer
from domain.catalogue import AnswerCatalogue, Holdings, Selection
from domain.errors import Unavailable
from domain.questions import Fingerprint

ERRORS: Final[ErrorTable] = redis_errors(AnswerCacheUnavailable)


class RedisAnswerCache(AnswerCache, AnswerCatalogue):
    """
    Entries in 64 buckets, each with all that lists it (``redis_scripts.py`` says what), so that nothing is searched.

    An entry is replaced or removed with all that lists it, or not at all; several are so one by one. Hits reach Redis
    within a second. What Redis has evicted by itself is unlisted when it is missed, or when room is made. A value of a
    newer version is a miss, and stays.
    """

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._entries = RedisEntries(connection)
        self._tallies = Tallies(self._entries)

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Read them in one go, together with what others ask for just now."""
        with translating(ERRORS):
            values = await self._entries.read(fingerprints)
        found = dict(zip(fingerprints, values, strict=True))
        answers = {name: answer for name, value in found.items() if value and (answer := self._revive(name, value))}
        if len(answers) < len(found):
            await self._look_into({name: value for name, value in found.items() if name not in answers})
        return answers

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Write them in one round trip; the last of two with the same fingerprint counts."""
        latest = {each.fingerprint: each for each in answers}
        with translating(ERRORS):
            self._tallies.change(await self._entries.write(latest.values()))
        self._tallies.hits.forget(latest)

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Remove them, a thousand at a time."""
        with translating(ERRORS):
            for start in range(0, len(fingerprints), BATCH):
                some = fingerprints[start : start + BATCH]
                self._tallies.change(await self._entries.remove(some))
                self._tallies.hits.forget(some)

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count here, and tell Redis what was counted in a second."""
        self._tallies.hit(fingerprint, now)

    async def select(self, selection: Selection) -> Sequence[Fingerprint]:
        """Intersect, in each bucket, what lists the tenant's entries."""
        with translating(ERRORS):
            return await listing.select(self._connection, selection)

    async def measure(self, tenant: str | None = None) -> Holdings:
        """Add up the totals of the buckets; those of all tenants may be a second old, but for our own changes."""
        with translating(ERRORS):
            await self._tallies.tell()
            known = self._tallies.totals if tenant is None else None
            held = known or await listing.measure(self._connection, tenant)
        if tenant is None and not known:
            self._tallies.learn(held)
        return held

    async def expendable(self, now: float, excess: int) -> Sequence[Fingerprint]:
        """Walk what lists the entries by time of death and by last use, in all buckets."""
        with translating(ERRORS):
            await self._tallies.tell(PATIENCE)
            names, change = await expendable(self._connection, now, excess)
        self._tallies.change(change)
        return names

    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
        """Go through the buckets, which are in order."""
        with translating(ERRORS):
            return await listing.page(self._connection, after, limit)

    async def memory(self) -> RedisMemory:
        """Ask Redis for what it says of its memory."""
        with translating(ERRORS):
            return await read_memory(self._connection)

    async def ping(self) -> None:
        """Raise ``AnswerCacheUnavailable`` unless all servers answer, can serve us, and take something."""
        with translating(ERRORS):
            await self._connection.ping()
            await self._connection.pipeline(self._entries.buckets.probes)

    async def close(self) -> None:
        """Tell what was counted; whoever made the connection closes it."""
        await self._tallies.close()

    def _revive(self, name: Fingerprint, value: bytes) -> StoredAnswer | None:
        answer = decode(value, self._tallies.hits.of(name))
        return answer if answer and answer.fingerprint == name else None

    async def _look_into(self, misses: Mapping[Fingerprint, bytes | None]) -> None:
        """Unlist what is gone, in a while, and remove what cannot be read, at once; what is newer stays."""
        self._tallies.miss(name for name, value in misses.items() if value is None)
        broken = {name: value for name, value in misses.items() if value is not None and not is_newer(value)}
        if broken:
            with suppress(Unavailable):  # a miss it is all the same
                self._tallies.change(await self._entries.drop(broken))

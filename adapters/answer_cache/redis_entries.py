"""What the Redis answer cache has its server do: entries written, removed and counted, each bucket in one go."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from adapters.answer_cache.pending_hits import Hits
from adapters.answer_cache.redis_buckets import Buckets, bucket_of, by_bucket, facets, member_of
from adapters.answer_cache.redis_scripts import DROP, PUT, REMOVE, SETTLE
from adapters.answer_cache.redis_values import IDENTITY, encode, time_in_value
from adapters.redis_commands import Command
from adapters.redis_connection import RedisConnection
from domain.caching import StoredAnswer
from domain.catalogue import Holdings
from domain.questions import Fingerprint

OVERHEAD: Final = 1_000
"""Bytes that an entry takes in Redis besides its value: its key, and all that lists it."""

SLACK: Final = 3_600.0
LONGEST: Final = 10 * 365 * 86_400.0
"""Seconds: Redis itself forgets an entry so long after its death, and whatever its lifetime so long after its birth."""

PATIENCE: Final = 5.0
"""Seconds that a call may take for which nobody's question waits."""

BATCH: Final = 1_000
"""Entries that are read or removed by one call."""


@frozen
class RedisEntries:
    """Entries on the other side of *connection*. Whatever changes them gives by how much that changed the totals."""

    connection: RedisConnection
    buckets: Buckets = field(init=False)

    @buckets.default
    def _buckets(self) -> Buckets:
        return Buckets(self.connection.prefix)

    async def write(self, answers: Iterable[StoredAnswer]) -> Holdings:
        """Replace *answers*, each with all that lists it; nothing is sent unless all can be encoded."""
        return changes(await self.connection.pipeline([self._put(each) for each in answers]))

    async def read(self, names: Sequence[Fingerprint]) -> Sequence[bytes | None]:
        """Give the values, a thousand at a time."""
        keys = [self.buckets.entry(member_of(each)) for each in names]
        if len(keys) <= BATCH:
            return await self.connection.read(keys) if keys else ()
        batches = [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
        return [value for batch in batches for value in await self.connection.read(batch)]

    async def remove(self, names: Iterable[Fingerprint]) -> Holdings:
        """Remove *names*, those of a bucket together."""
        members = by_bucket(map(member_of, names))
        commands = [REMOVE.on(self.buckets.base(bucket), *some) for bucket, some in members.items()]
        return changes(await self.connection.pipeline(commands, PATIENCE))

    async def drop(self, values: Mapping[Fingerprint, bytes]) -> Holdings:
        """Remove names whose *values* are not what they should be, unless they have been replaced meanwhile."""
        pairs = [(member_of(name), value[:IDENTITY]) for name, value in values.items()]
        commands = [DROP.on(self.buckets.base(bucket_of(member)), member, value) for member, value in pairs]
        return changes(await self.connection.pipeline(commands))

    async def settle(
        self, hits: Mapping[Fingerprint, Hits], missing: Iterable[Fingerprint], patience: float | None
    ) -> Holdings:
        """Count *hits*, and unlist those of *missing* that are listed and not there."""
        counted: dict[int, list[Any]] = defaultdict(list)
        for name, each in hits.items():
            member = member_of(name)
            counted[bucket_of(member)] += (member, each.number, each.last, time_in_value(each.last))
        gone = by_bucket(map(member_of, missing))
        commands = [
            SETTLE.on(self.buckets.base(each), len(counted[each]) // 4, *counted[each], *gone.get(each, ()))
            for each in counted.keys() | gone.keys()
        ]
        return changes(await self.connection.pipeline(commands, patience))

    def _put(self, answer: StoredAnswer) -> Command:
        member, value, tenant = member_of(answer.fingerprint), encode(answer), answer.tenant.encode()
        lasts = min(answer.lifetime.total, LONGEST) + SLACK
        times = (answer.stored_at, answer.stored_at + answer.lifetime.total, answer.accessed_at)
        totals = (answer.accesses, len(value) + OVERHEAD)
        base = self.buckets.base(bucket_of(member))
        return PUT.on(base, member, value, int(1_000 * lasts), tenant, *times, *totals, *facets(answer))


def changes(replies: Iterable[Sequence[int]]) -> Holdings:
    """Add up what buckets say of their totals: entries, size, accesses."""
    entries, size, accesses = map(sum, zip((0, 0, 0), *replies, strict=True))
    return Holdings(entries, size, accesses)


def added(one: Holdings, other: Holdings) -> Holdings:
    """Add two holdings."""
    return Holdings(one.entries + other.entries, one.size + other.size, one.accesses + other.accesses)

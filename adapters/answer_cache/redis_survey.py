"""Which entries in Redis may go: the dead of all buckets, and then whoever was idle longest in any of them."""

from collections.abc import Sequence
from heapq import merge
from math import inf
from typing import Final

from attrs import frozen

from adapters.answer_cache.redis_buckets import Buckets, name_of
from adapters.answer_cache.redis_entries import PATIENCE, added, changes
from adapters.answer_cache.redis_scripts import SURVEY
from adapters.redis_connection import RedisConnection
from domain.caching import CLOCK_SKEW
from domain.catalogue import Holdings
from domain.questions import Fingerprint

FIRST_LOOK: Final = 32
"""So many of the idle of each bucket are looked at, eight times as many when that was not enough, and so on."""


@frozen
class Idle:
    """An entry by the time of its last use."""

    used_at: float
    member: bytes
    size: int


@frozen
class Survey:
    """
    What the buckets said.

    *idle* are those that were looked at, in order; there may be others that were used later than *known_until*.
    *change* is what unlisting the lost has changed.
    """

    dead: dict[bytes, int]
    idle: Sequence[Idle]
    known_until: float
    change: Holdings

    def expendable(self, excess: int) -> Sequence[Fingerprint] | None:
        """Give the dead, and the idle until *excess* bytes would be free; ``None`` when more must be looked at."""
        excess -= sum(self.dead.values())
        names = [name_of(each) for each in self.dead]
        for each in self.idle:
            if excess <= 0 or each.used_at > self.known_until:
                break
            if each.member not in self.dead:
                excess -= each.size
                names.append(name_of(each.member))
        return names if excess <= 0 or self.known_until == inf else None


async def expendable(connection: RedisConnection, now: float, excess: int) -> tuple[Sequence[Fingerprint], Holdings]:
    """Give who may go, and by how much the totals have changed because some had gone already."""
    look, change, names = FIRST_LOOK, Holdings(), None
    while names is None:
        found = await survey(connection, now, look)
        change, names, look = added(change, found.change), found.expendable(excess), 8 * look
    return names, change


async def survey(connection: RedisConnection, now: float, look: int) -> Survey:
    """Look at all that is dead at *now*, and at so many of the idle of each bucket."""
    bases = Buckets(connection.prefix).bases
    commands = [SURVEY.on(each, now, now + CLOCK_SKEW, look) for each in bases]
    replies = await connection.pipeline(commands, PATIENCE)
    idle = [[Idle(float(used_at), member, size) for member, used_at, size in each[2]] for each in replies]
    ends = [_end(some, seen=each[3], look=look) for some, each in zip(idle, replies, strict=True)]
    return Survey(
        {member: size for each in replies for member, size in each[1]},
        list(merge(*idle, key=_by_use)),
        min(ends),
        changes(each[0] for each in replies),
    )


def _by_use(entry: Idle) -> float:
    return entry.used_at


def _end(idle: Sequence[Idle], seen: int, look: int) -> float:
    if seen < look:
        return inf
    return idle[-1].used_at if idle else -inf

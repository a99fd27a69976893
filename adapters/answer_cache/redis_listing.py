"""What lists the entries in Redis, asked bucket by bucket: selected, added up, gone through."""

from collections.abc import Sequence

from adapters.answer_cache.redis_buckets import Buckets, member_of, name_of
from adapters.answer_cache.redis_entries import PATIENCE, changes
from adapters.redis_connection import RedisConnection
from domain.catalogue import Holdings, Selection
from domain.questions import Fingerprint


async def select(connection: RedisConnection, wanted: Selection) -> Sequence[Fingerprint]:
    """Give the names that have all that is wanted."""
    replies = await connection.pipeline(list(Buckets(connection.prefix).selected(wanted)), PATIENCE)
    return [name_of(member) for each in replies for member in each]


async def measure(connection: RedisConnection, tenant: str | None) -> Holdings:
    """Add up the totals."""
    replies = await connection.pipeline(list(Buckets(connection.prefix).totals(tenant)))
    return changes([int(each or 0) for each in reply] for reply in replies)


async def page(connection: RedisConnection, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
    """Ask one bucket, and then more at once as long as they are nearly empty."""
    left = list(Buckets(connection.prefix).following(None if after is None else member_of(after), limit))
    members: list[bytes] = []
    some = 1
    while left and len(members) < limit:
        for found in await connection.pipeline(left[:some], PATIENCE):
            members += found
        left, some = left[some:], 8 * some
    return [name_of(each) for each in members[:limit]]

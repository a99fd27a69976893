"""The journal of purges in Redis: a stream, whose entries are numbered by us."""

from collections.abc import Sequence

from attrs import evolve, frozen

from adapters.purge_journal.encoding import decode, encode, is_readable
from adapters.redis_commands import Command, Script
from adapters.redis_connection import RedisConnection, redis_errors
from adapters.translation import translating
from domain.purging import KEPT, Continuity, Excerpt, Purge, PurgeJournal, PurgeJournalUnavailable

ERRORS = redis_errors(PurgeJournalUnavailable)

PATIENCE = 1.0
"""Seconds that a purge may take: no question waits for it."""

PAGE = 500
"""Purges that are read at once: a few milliseconds, for a question may be waiting."""

APPEND = Script("""
local added, names = {}, KEYS[1] .. ':names'
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
-- Names without a stream are of no use. A script that has begun with a removal may also write to a server that is full:
-- a purge must be possible then above all.
redis.call('DEL', newest and KEYS[1] .. ':nothing' or names)
local number = math.max(newest and tonumber(newest[1]:match('^%d+')) or 0, tonumber(ARGV[1]))
for at = 3, #ARGV, 2 do
    local uid, purge = ARGV[at], ARGV[at + 1]
    if redis.call('HEXISTS', names, uid) == 0 then
        number = number + 1
        redis.call('XADD', KEYS[1], string.format('%.0f-0', number), 'uid', uid, 'purge', purge)
        redis.call('HSET', names, uid, '')
        table.insert(added, {uid, number})
    end
end
local excess = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[2])
if excess > 0 then
    for _, old in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', excess)) do
        redis.call('XDEL', KEYS[1], old[1])
        redis.call('HDEL', names, old[2][2])
    end
end
return added
""")
"""The key is the stream, behind it the names of what it holds. Arguments: beyond, kept, then name and purge of each."""

READ = Script("""
local function from(start) return redis.call('XRANGE', KEYS[1], start, '+', 'COUNT', ARGV[3]) end
if ARGV[1] == '0' then return {'seamless', from('-')} end
local last = ARGV[1] .. '-0'
local known = redis.call('XRANGE', KEYS[1], last, last)[1]
if known and known[2][2] == ARGV[2] then return {'seamless', from('(' .. last)} end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if oldest and tonumber(oldest[1]:match('^%d+')) > tonumber(ARGV[1]) then return {'trimmed', from('-')} end
return {'broken', from('-')}
""")
"""The key is the stream. Arguments: number and name of the last one known, or 0 and nothing; how many to give."""


@frozen
class RedisPurgeJournal(PurgeJournal):
    """
    Durable as far as Redis is; a copy of it that was behind is told what it has lost by those who know.

    An entry that cannot be read, because a later version wrote it, is a purge of nobody knows what.
    """

    connection: RedisConnection
    kept: int = KEPT

    async def append(self, purges: Sequence[Purge], beyond: int = 0) -> Sequence[Purge]:
        """Number and write them in one step."""
        written = [word for each in purges for word in (each.uid, encode(each))]
        with translating(ERRORS):
            added = await self.connection.run(APPEND.on(self._key, beyond, self.kept, *written), PATIENCE)
        of = {each.uid: each for each in purges}
        return [evolve(of[uid.decode()], number=number) for uid, number in added]

    async def read(self, last: Purge | None) -> Excerpt:
        """See whether the last one is there as it was known, and give the later ones, page by page."""
        page = whole = await self._page(last)
        while len(page.purges) == PAGE:
            page = await self._page(page.purges[-1])
            worse = page.continuity if whole.continuity is Continuity.SEAMLESS else whole.continuity
            whole = Excerpt((*whole.purges, *page.purges), worse)
        return whole

    async def ping(self) -> None:
        """Append nothing; raises ``PurgeJournalUnavailable``."""
        await self.append(())

    async def _page(self, last: Purge | None) -> Excerpt:
        known = (last.number, last.uid) if last else (0, "")
        with translating(ERRORS):
            continuity, entries = await self.connection.run(READ.on(self._key, *known, PAGE))
        purges = [decode(fields[1].decode(), int(entry.split(b"-")[0]), fields[3]) for entry, fields in entries]
        readable = all(map(is_readable, purges))
        goes_on = Continuity(continuity.decode())
        return Excerpt(purges, Continuity.TRIMMED if goes_on is Continuity.SEAMLESS and not readable else goes_on)

    async def wait(self, last: Purge | None, seconds: float) -> None:
        """Have Redis tell us."""
        after = f"{last.number if last else 0}-0"
        words = ("XREAD", "BLOCK", round(seconds * 1000), "COUNT", 1, "STREAMS", self._key, after)
        with translating(ERRORS):
            await self.connection.run(Command(words, self._key), seconds + PATIENCE)

    @property
    def _key(self) -> bytes:
        return f"{{{self.connection.prefix}:purges}}".encode()

"""The board of flights in Redis."""

from collections.abc import Sequence

from attrs import frozen

from adapters.flight_board.encoding import decode, decode_chunks, encode, encode_chunks
from adapters.redis_commands import Command, Script
from adapters.redis_connection import RedisConnection, redis_errors
from adapters.translation import translating
from domain.flights import HELD, LEASE, TOLD_FOR, Flight, FlightBoard, FlightBoardUnavailable, Outcome, Sighting
from domain.generation import Chunk

ERRORS = redis_errors(FlightBoardUnavailable)

JOIN = Script("""
local awaited = KEYS[1] .. ':' .. ARGV[2]
local told, heard = {}, tonumber(ARGV[4])
if heard >= 0 then
  redis.call('SET', KEYS[1] .. ':wanted', 1, 'PX', ARGV[3])
  local batch = redis.call('GET', awaited .. ':' .. heard)
  while batch do
    told[#told + 1] = batch
    heard = heard + tonumber(string.match(batch, '^%d+'))
    batch = redis.call('GET', awaited .. ':' .. heard)
  end
end
local outcome = redis.call('GET', awaited)
if outcome then return {ARGV[2], outcome, told} end
local pilot = redis.call('GET', KEYS[1])
if pilot and pilot ~= ARGV[1] then return {pilot, '', told} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return {ARGV[1], '', told}
""")
"""
The key is the lease; behind it, with the name of a pilot, the outcome, and with a number of chunks those that follow.

Arguments: pilot, awaited, milliseconds, chunks heard or -1. No command but those of other scripts is used: each one is
a right that a user of Redis must have.
"""

RENEW = Script("""
local pilot = redis.call('GET', KEYS[1])
if not pilot or pilot == ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return redis.call('EXISTS', KEYS[1] .. ':wanted')
""")

LAND = Script("""
if ARGV[2] ~= '' then redis.call('SET', KEYS[1] .. ':' .. ARGV[1], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
""")


@frozen
class RedisFlightBoard(FlightBoard):
    """Leases, outcomes and what is told are keys that Redis lets expire; *lease* and *held* are in seconds."""

    connection: RedisConnection
    lease: float = LEASE
    held: float = HELD

    async def join(self, flight: Flight, pilot: str, awaited: str | None = None, heard: int | None = None) -> Sighting:
        """Look for the outcome, for what was told and for the lease in one step."""
        known = -1 if heard is None else heard
        command = JOIN.on(self._key(flight), pilot, awaited or "", _milliseconds(self.lease), known)
        with translating(ERRORS):
            flying, landed, told = await self.connection.run(command)
        outcome = decode(landed) if landed else None
        if landed and outcome is None:  # another version wrote it
            return await self.join(flight, pilot)
        return Sighting(flying.decode(), outcome, tuple(each for batch in told for each in decode_chunks(batch)))

    async def renew(self, flight: Flight, pilot: str) -> bool:
        """Move the end of the lease, or take it again where it was lost."""
        with translating(ERRORS):
            return bool(await self.connection.run(RENEW.on(self._key(flight), pilot, _milliseconds(self.lease))))

    async def tell(self, flight: Flight, pilot: str, after: int, chunks: Sequence[Chunk]) -> None:
        """Write them under the number of those before: written twice, they are told once."""
        key = b"%s:%s:%d" % (self._key(flight), pilot.encode(), after)
        with translating(ERRORS):
            await self.connection.run(Command(("SET", key, encode_chunks(chunks), "PX", _milliseconds(TOLD_FOR)), key))

    async def land(self, flight: Flight, pilot: str, outcome: Outcome | None) -> None:
        """Write the outcome and give the lease back in one step."""
        brought = encode(outcome) if outcome else b""
        with translating(ERRORS):
            await self.connection.run(LAND.on(self._key(flight), pilot, brought, _milliseconds(self.held)))

    def _key(self, flight: Flight) -> bytes:
        return f"{{{self.connection.prefix}:flight:{flight.name}}}".encode()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

"""The board of flights in Redis."""

from attrs import frozen

from adapters.flight_board.encoding import decode, encode
from adapters.redis_commands import Script
from adapters.redis_connection import RedisConnection, redis_errors
from adapters.translation import translating
from domain.flights import HELD, LEASE, Flight, FlightBoard, FlightBoardUnavailable, Outcome, Sighting

ERRORS = redis_errors(FlightBoardUnavailable)

JOIN = Script("""
local outcome = redis.call('GET', KEYS[1] .. ':' .. ARGV[2])
if outcome then return {ARGV[2], outcome} end
local pilot = redis.call('GET', KEYS[1])
if pilot and pilot ~= ARGV[1] then return {pilot} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return {ARGV[1]}
""")
"""The key is the lease; behind it, with the name of a pilot, the outcome. Arguments: pilot, awaited, milliseconds."""

RENEW = Script("""
local pilot = redis.call('GET', KEYS[1])
if not pilot or pilot == ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
""")

LAND = Script("""
redis.call('SET', KEYS[1] .. ':' .. ARGV[1], ARGV[2], 'PX', ARGV[3])
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
""")


@frozen
class RedisFlightBoard(FlightBoard):
    """Leases and outcomes are keys that Redis lets expire; *lease* and *held* are in seconds."""

    connection: RedisConnection
    lease: float = LEASE
    held: float = HELD

    async def join(self, flight: Flight, pilot: str, awaited: str | None = None) -> Sighting:
        """Look for the outcome and for the lease in one step."""
        command = JOIN.on(self._key(flight), pilot, awaited or "", _milliseconds(self.lease))
        with translating(ERRORS):
            flying, *landed = await self.connection.run(command)
        outcome = decode(landed[0]) if landed else None
        if landed and outcome is None:  # another version wrote it
            return await self.join(flight, pilot)
        return Sighting(flying.decode(), outcome)

    async def renew(self, flight: Flight, pilot: str) -> None:
        """Move the end of the lease, or take it again where it was lost."""
        with translating(ERRORS):
            await self.connection.run(RENEW.on(self._key(flight), pilot, _milliseconds(self.lease)))

    async def land(self, flight: Flight, pilot: str, outcome: Outcome) -> None:
        """Write the outcome and give the lease back in one step."""
        with translating(ERRORS):
            await self.connection.run(LAND.on(self._key(flight), pilot, encode(outcome), _milliseconds(self.held)))

    def _key(self, flight: Flight) -> bytes:
        return f"{{{self.connection.prefix}:flight:{flight.name}}}".encode()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

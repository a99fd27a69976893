"""The way to Redis, for all adapters that keep something there: one place through which every call goes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from attrs import define, field
from redis.exceptions import NoScriptError, ReadOnlyError, RedisClusterException, RedisError

from adapters.guard import Away, Guard
from adapters.redis_address import RedisAddress
from adapters.redis_clients import Client, ask_all, connected, drop_connections, read
from adapters.redis_commands import Command
from adapters.redis_reads import Found, MergedReads
from adapters.redis_refusals import AWAY, RedisAway, RedisNotAsked, check_server, explained
from adapters.redis_turns import Turns
from adapters.translation import ErrorTable
from domain.errors import Unavailable

T = TypeVar("T")


@define(eq=False)
class RedisConnection:
    """
    The server or the cluster at *address*, by way of up to *pool_size* connections to each node.

    A call takes *timeout* seconds at most, or as many as its *patience*; one that fails is the last for a while
    (``guard.py``). Keys begin with *prefix*, in braces where those of one slot belong together.

    Raises ``RedisAway`` and ``RedisRefused``, whose words are for operators and hold no password. After a
    failed or cancelled call nobody knows whether it was done, and one on a connection that broke may be done twice.
    """

    address: RedisAddress
    prefix: str = "ragboost"
    timeout: float = 0.1
    pool_size: int = 16
    guard: Guard = field(init=False, repr=False)
    read: MergedReads = field(init=False, repr=False)
    _client: Client = field(init=False, repr=False)
    _turns: Turns = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.guard = Guard("Redis", self._try_again, AWAY, self.timeout)
        self.read = MergedReads(self._read)
        self._client = connected(self.address, self.pool_size)
        self._turns = Turns(self.pool_size)

    async def run(self, command: Command, patience: float | None = None) -> Any:
        """Do one thing, and give the reply."""
        (reply,) = await self.pipeline([command], patience)
        return reply

    async def pipeline(self, commands: Sequence[Command], patience: float | None = None) -> Sequence[Any]:
        """Send all *commands* in one round trip, give the reply to each; raises when one was refused."""
        replies = await self._ask(lambda: self._exchange(commands), patience) if commands else []
        refusal = next((each for each in replies if isinstance(each, Exception)), None)
        if isinstance(refusal, ReadOnlyError):
            await drop_connections(self._client)  # who is at the other end was the primary once
        if refusal:
            raise explained(refusal, self.address) from refusal
        return replies

    async def everywhere(self, *words: str) -> Sequence[Any]:
        """Ask every server that has keys of its own."""
        return await self._ask(lambda: ask_all(self._client, *words))

    async def info(self, section: str) -> Sequence[Mapping[str, Any]]:
        """Give a section of what each server says of itself."""
        return await self.everywhere("INFO", section)

    async def ping(self) -> None:
        """Raise unless all servers answer, and can serve us."""
        for each in await self.everywhere("HELLO"):
            check_server(each, self.address)

    async def close(self) -> None:
        """Close all connections."""
        await self.guard.close()
        await self.read.close()
        await self._turns.close()
        await self._client.aclose()

    async def _ask(self, call: Callable[[], Awaitable[T]], patience: float | None = None) -> T:
        """Wait for *call*: this is the one place that every call goes through."""
        waiting = self._turns(call)
        try:
            return await (self.guard(waiting) if patience is None else self.guard.patiently(waiting, patience))
        except Away as error:
            raise RedisNotAsked(str(error)) from error
        except TimeoutError as error:
            busy = f", and all {self.pool_size} connections are in use" if self._turns.are_taken else ""
            raise RedisAway(f"no answer within {patience or self.timeout:g} s{busy}") from error
        except (RedisError, RedisClusterException, OSError) as error:
            raise explained(error, self.address) from error

    async def _read(self, keys: Sequence[bytes]) -> Found:
        return await self._ask(lambda: read(self._client, keys))

    async def _try_again(self) -> None:
        try:
            await self._turns(lambda: ask_all(self._client, "HELLO"))
        except (Exception, asyncio.CancelledError):
            await drop_connections(self._client)  # those that nobody uses may be dead too, without knowing it
            raise

    async def _exchange(self, commands: Sequence[Command]) -> Sequence[Any]:
        replies = await self._send(commands)
        unknown = [place for place, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        again = await self._send([commands[place].with_script for place in unknown]) if unknown else []
        for place, reply in zip(unknown, again, strict=True):
            replies[place] = reply
        return replies

    async def _send(self, commands: Sequence[Command]) -> list[Any]:
        pipeline: Any = self._client.pipeline(transaction=False)
        for each in commands:
            pipeline.execute_command(*each.words)
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        return replies


def redis_errors(ours: type[Exception]) -> ErrorTable:
    """Give the table by which an adapter's ``translating`` turns what goes wrong here into *ours*."""
    return {Unavailable: ours}

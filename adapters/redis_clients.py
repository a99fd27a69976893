"""redis-py's clients as we want them: bounded, quiet, and nothing tried more than twice."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from adapters.redis_address import RedisAddress

Client = Redis | RedisCluster

LAST_RESORT: Final = 2.0
"""Seconds until the driver gives up a connection on which nothing comes; whoever asked has long gone by then."""


def connected(address: RedisAddress, pool_size: int) -> Client:
    """Make a client of up to *pool_size* connections to each server; none is opened yet."""
    options: dict[str, Any] = {**address.options, **_options(), "max_connections": pool_size}
    if address.is_cluster:
        nodes = [ClusterNode(*each) for each in address.servers]
        return RedisCluster(startup_nodes=nodes, ssl=address.is_tls, **options)
    if "path" not in options:
        options["host"], options["port"] = address.servers[0]
    kind: Any = address.kind
    return Redis.from_pool(BlockingConnectionPool(connection_class=kind, **options))  # and closes it in the end


async def read(client: Any, keys: Sequence[bytes]) -> Sequence[bytes | None]:
    """Read the strings at *keys* in one round trip."""
    found = client.mget_nonatomic(keys) if isinstance(client, RedisCluster) else client.mget(keys)
    values: Sequence[bytes | None] = await found
    return values


async def ask_all(client: Any, *words: str) -> Sequence[Any]:
    """Ask every server that has keys of its own."""
    if not isinstance(client, RedisCluster):
        return [await client.execute_command(*words)]
    ask: Any = client.execute_command
    await client.initialize()
    return await gather(*(ask(*words, target_nodes=[each]) for each in client.get_primaries()))


async def drop_connections(client: Any) -> None:
    """Have new connections made for whatever comes next."""
    if isinstance(client, RedisCluster):
        await client.aclose()  # it opens again by itself, and asks who has what
    else:
        await client.connection_pool.disconnect(inuse_connections=False)


def _options() -> Mapping[str, Any]:
    return {
        "protocol": 3,
        "socket_timeout": LAST_RESORT,
        "socket_connect_timeout": LAST_RESORT,
        "health_check_interval": 0,  # it is a PING, which a Redis that cannot write to its disk refuses
        # Once more on a new connection, where the old one had broken since its last use.
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        "driver_info": None,  # else each connection begins with two more commands, which a user may not be allowed
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }

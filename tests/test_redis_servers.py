"""The servers that other tests rely on: they do what they are told, and never outlive the tests."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.redis_servers import HOST, RedisCluster, RedisServer, wait_until
from tests.tcp_proxy import CERTIFICATE, TcpProxy

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.usefixtures("redis_server")

ORPHAN = """
import os, signal
from tests.redis_servers import RedisServer
server = RedisServer()
server.freeze()
print(server.port, server._process.pid, server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def ask(port: int, *words: str, **options: object) -> object:
    with closing(redis.Redis(HOST, port, socket_timeout=0.3, retry=Retry(NoBackoff(), 0), **options)) as client:
        return client.execute_command(*words)


def test_a_frozen_server_hangs_until_it_is_thawed() -> None:
    with RedisServer() as server:
        server.freeze()
        with pytest.raises(redis.TimeoutError):
            ask(server.port, "PING")
        server.thaw()
        assert server.command("PING")


def test_a_server_starts_anew_with_its_data_or_without() -> None:
    with RedisServer() as server:
        server.command("SET", "a", 1)
        server.restart()
        assert server.command("GET", "a") == b"1"
        server.restart(keep=False)
        assert server.command("GET", "a") is None


def test_a_killed_server_refuses_connections() -> None:
    with RedisServer() as server:
        server.kill()
        with pytest.raises(redis.ConnectionError):
            server.command("PING")


def test_passwords_and_users_are_as_configured() -> None:
    with RedisServer(("user alice on >wonder ~a* +get",), password="letmein") as server:
        assert ask(server.port, "GET", "a", username="alice", password="wonder") is None
        with pytest.raises(redis.exceptions.NoPermissionError):
            ask(server.port, "GET", "b", username="alice", password="wonder")
        with pytest.raises(redis.AuthenticationError):
            ask(server.port, "PING")


def test_a_cluster_is_whole(redis_cluster: RedisCluster) -> None:
    with closing(redis.RedisCluster.from_url(redis_cluster.url)) as client:
        for number in range(100):
            client.set(f"key{number}", number)
        assert [client.get(f"key{number}") for number in range(100)] == [str(number).encode() for number in range(100)]


def test_servers_and_their_folders_do_not_outlive_the_tests() -> None:
    told = subprocess.run([sys.executable, "-c", ORPHAN], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    _, pid, folder = told.stdout.split()
    try:
        wait_until(lambda: not Path(folder).exists() and _is_gone(int(pid)), "the server is gone")
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def _is_gone(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
    return True


def test_a_proxy_slows_down_silences_cuts_off_and_leads_elsewhere(redis_server: RedisServer) -> None:
    with RedisServer() as other, TcpProxy(redis_server.port) as proxy:
        proxy.delay = 0.1
        began = time.monotonic()
        assert ask(proxy.port, "PING")
        assert time.monotonic() - began > 0.1

        proxy.delay, proxy.silent = 0.0, True
        with pytest.raises(redis.TimeoutError):
            ask(proxy.port, "PING")

        proxy.silent = False
        other.command("SET", "who", "other")
        proxy.lead_to(other.port)
        assert ask(proxy.port, "GET", "who") == b"other"

        proxy.refuse()
        with pytest.raises(redis.ConnectionError):
            ask(proxy.port, "PING")
        proxy.listen()
        assert ask(proxy.port, "PING")


def test_a_cut_is_felt_by_who_is_connected(redis_server: RedisServer) -> None:
    with TcpProxy(redis_server.port) as proxy, socket.create_connection((HOST, proxy.port), timeout=5) as client:
        client.sendall(b"PING\r\n")
        assert client.recv(100) == b"+PONG\r\n"
        proxy.cut()
        assert client.recv(100) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, proxy.port), timeout=5)


def test_a_proxy_speaks_tls_for_a_server_that_does_not(redis_server: RedisServer) -> None:
    with TcpProxy(redis_server.port, tls=True) as proxy:
        assert ask(proxy.port, "PING", ssl=True, ssl_ca_certs=str(CERTIFICATE))
        with pytest.raises((redis.ConnectionError, ssl.SSLError)):
            ask(proxy.port, "PING", ssl=True)

"""Heads that never end: on a real listener, since only there they come in pieces."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from entrypoints.cli.serve import SERVER
from entrypoints.http.header_limits import LimitedHeads
from tests.entrypoints.http.listening import PATIENCE, hear, wait_until
from tests.entrypoints.http.running import running

GET = b"GET / HTTP/1.1\r\nhost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"


class HurriedHeads(LimitedHeads):
    patience = 0.5
    linger = 0.5


async def count_body(_scope: object, receive: Any, send: Any) -> None:
    """Answer with the size of the body; one that says "wait" takes longer than a head may."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if body == b"wait":
        await asyncio.sleep(HurriedHeads.patience * 1.5)
    text = b"%d" % len(body)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(text))]})
    await send({"type": "http.response.body", "body": text})


@contextmanager
def serving(protocol: type[LimitedHeads]) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(count_body, **{**SERVER, "http": protocol, "lifespan": "off"}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(SERVER["http"]) as port:
        yield port


@pytest.fixture(scope="module")
def hurried_port() -> Iterator[int]:
    with serving(HurriedHeads) as port:
        yield port


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send_in_pieces(connection: socket.socket, data: bytes, size: int) -> None:
    for start in range(0, len(data), size):
        connection.sendall(data[start : start + size])


@pytest.mark.parametrize(
    "head",
    [
        GET + b"long: " + b"x" * 100_000,
        GET + b"a: b\r\n" * 100_000,
        GET + b"long: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        GET + b"x" * 100_000,
    ],
    ids=["endless value", "many headers", "complete", "address", "endless name"],
)
@pytest.mark.parametrize("size", [4_000, 1_000_000])
def test_a_head_that_is_too_long_is_refused(port: int, head: bytes, size: int) -> None:
    connection = connect(port)
    send_in_pieces(connection, head, size)

    heard = hear(connection)

    assert heard.status == 431
    assert heard.head.startswith("HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert "connection: close" in heard.head
    assert f"content-length: {len(heard.body)}" in heard.head
    assert b"65536" in heard.body


def test_nobody_else_waits_while_a_header_does_not_end(port: int) -> None:
    hostile = connect(port)
    hostile.sendall(GET + b"long: ")
    sender = threading.Thread(target=lambda: send_in_pieces(hostile, b"x" * 20_000_000, 100_000))
    slowest = 0.0
    with hostile:
        sender.start()
        while sender.is_alive():
            began = time.perf_counter()
            with connect(port) as other:
                other.sendall(GET + b"connection: close\r\n\r\n")
                assert other.recv(100).startswith(b"HTTP/1.1 200")
            slowest = max(slowest, time.perf_counter() - began)
        sender.join()

    assert slowest < 0.5


@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_an_ordinary_long_head_and_a_large_body_pass(port: int, size: int) -> None:
    connection = connect(port)
    head = GET.replace(b"GET", b"POST") + b"cookie: " + b"x" * 8_000
    send_in_pieces(connection, head + b"\r\nconnection: close\r\ncontent-length: 300000\r\n\r\n" + b"y" * 300_000, size)

    heard = hear(connection)

    assert (heard.status, heard.body) == (200, b"300000")


def test_requests_on_one_connection_do_not_add_up(port: int) -> None:
    with connect(port) as connection:
        for _ in range(20):
            connection.sendall(GET + b"cookie: " + b"x" * 4_000)
            time.sleep(0.01)  # so that this is a piece of its own
            connection.sendall(b"x" * 4_000 + b"\r\n\r\n")
            assert connection.recv(1_000).startswith(b"HTTP/1.1 200")


def test_many_requests_may_come_at_once(port: int) -> None:
    connection = connect(port)
    connection.sendall((GET + b"cookie: " + b"x" * 8_000 + b"\r\n\r\n") * 20 + GET + b"connection: close\r\n\r\n")

    with connection, connection.makefile("rb") as stream:
        assert stream.read().count(b"HTTP/1.1 200 OK") == 21


def test_trailers_that_do_not_end_are_cut_off(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(CHUNKED)
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            send_in_pieces(connection, b"a: b\r\n" * 1_000_000, 4_000)


def test_who_says_nothing_is_shown_out(hurried_port: int) -> None:
    with connect(hurried_port) as connection:
        began = time.perf_counter()

        assert connection.recv(1) == b""

    assert HurriedHeads.patience * 0.8 < time.perf_counter() - began < HurriedHeads.patience + 2


@pytest.mark.parametrize("before", [0, 1], ids=["first head", "second head"])
def test_who_never_comes_to_an_end_is_shown_out(hurried_port: int, before: int) -> None:
    with connect(hurried_port) as connection:
        for _ in range(before):
            connection.sendall(GET + b"\r\n")
            assert connection.recv(1_000).startswith(b"HTTP/1.1 200")
        connection.settimeout(0.1)
        began, said = time.perf_counter(), None
        connection.sendall(GET)
        while said is None and time.perf_counter() - began < PATIENCE:
            said = drip(connection)

    assert said == b""
    assert time.perf_counter() - began < HurriedHeads.patience + 2


def drip(connection: socket.socket) -> bytes | None:
    """Send a little more of the head, and give what is heard: nothing at the end, ``None`` when all is silent."""
    try:
        connection.sendall(b"a: b\r\n")
        return connection.recv(1_000)
    except TimeoutError:
        return None
    except OSError:
        return b""


def test_a_complete_head_is_hurried_no_more(hurried_port: int) -> None:
    connection = connect(hurried_port)
    connection.sendall(GET.replace(b"GET", b"POST") + b"connection: close\r\ncontent-length: 4\r\n\r\nwa")
    time.sleep(HurriedHeads.patience * 1.5)
    connection.sendall(b"it")
    connection.sendall(b"\r\n")  # as some clients end a body: no head has begun

    assert hear(connection).body == b"4"


def test_the_service_itself_has_these_limits(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        assert service.client.get("/health", headers={"long": "x" * 100_000}).status_code == 431
        assert service.client.get("/health", headers={"long": "x" * 8_000}).status_code == 200

"""
The application on a port of this machine, served by uvicorn in a thread: for what only real connections show.

    with listening(settings) as server:
        connection = server.start_asking("What is RAGBoost?")
        assert hear(connection).status == 200
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from attrs import frozen
from dependency_injector.providers import Object

from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.settings import Settings
from tests.entrypoints.http.service import QUERIES, QUERY, WatchedFlights

PATIENCE = 20.0


@frozen
class Server:
    """A service that listens; *flights* tell who waits for an answer."""

    port: int
    flights: WatchedFlights

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_asking(self, question: str) -> socket.socket:
        """Send a question on a connection of its own, and do not wait for the answer."""
        return self._start_posting(QUERY, {"query": question})

    def start_asking_many(self, *questions: str) -> socket.socket:
        """Send a batch on a connection of its own, and do not wait for the answers."""
        return self._start_posting(QUERIES, {"queries": [{"query": each} for each in questions]})

    def _start_posting(self, path: str, asked: object) -> socket.socket:
        body = json.dumps(asked).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return connection

    def count_tasks(self) -> int:
        """Count the tasks that have not ended; somebody must have asked before."""
        return len(asyncio.all_tasks(self.flights.loop))

    def start_a_crowd(self, question: str, number: int) -> list[socket.socket]:
        """Let *number* people ask, and go on when all of them wait for the model."""
        joined = self.flights.joined
        crowd = [self.start_asking(question) for _ in range(number)]
        wait_until(lambda: self.flights.joined == joined + number)
        return crowd


@frozen
class Heard:
    """What came back on a connection."""

    status: int
    head: str
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        decoded: dict[str, object] = json.loads(self.body)
        return decoded


def hear(connection: socket.socket) -> Heard:
    """Read the whole response, and close."""
    with connection, connection.makefile("rb") as stream:
        head, _, body = stream.read().partition(b"\r\n\r\n")
    return Heard(int(head.split(b" ", 2)[1]), head.decode("latin-1"), body)


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.002)


@contextmanager
def listening(settings: Settings) -> Iterator[Server]:
    """Serve as `ragboost serve` does, on a free port."""
    container, flights = Container(settings=settings), WatchedFlights(goes_on=settings.language_model.finish_unheard)
    container.flights.override(Object(flights))
    config = uvicorn.Config(
        create_app(container), loop="uvloop", http="httptools", log_config=None, access_log=False, lifespan="on"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            yield Server(listener.getsockname()[1], flights)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)

"""
The process that holds a Qdrant Edge shard: ``python -m adapters.vector_index.edge.engine <socket>``.

The engine's Python binding keeps the interpreter locked through every call (optimising included: minutes),
so a thread would not spare the event loop anything. Hence a process, which also keeps a damaged file from
taking the service along. It ends when the other end of the socket is closed.
"""

import fcntl
import os
import select
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import singledispatchmethod
from pathlib import Path

import qdrant_edge as edge

from adapters.vector_index.edge import shard, wire

IDLE = 1.0
"""After so many seconds without a request, what is only in the write-ahead log is flushed."""

FLUSH_AFTER = 5_000
"""So many unflushed points are flushed even under load: they would be replayed at the next start, 60 us each."""


class Engine:
    """One shard, answering one request after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._shard: edge.EdgeShard
        self._unflushed = 0

    def serve(self) -> None:
        """Answer until the other end is closed."""
        while request := self._next():
            self._connection.sendall(wire.frame(self._answer(request)))
            if self._unflushed >= FLUSH_AFTER:
                self._flush()

    def _next(self) -> wire.Request | None:
        if self._unflushed and not select.select([self._connection], [], [], IDLE)[0]:
            self._flush()
        header = self._receive(wire.HEADER.size)
        return wire.decode_request(self._receive(*wire.HEADER.unpack(header))) if header else None

    def _receive(self, size: int) -> bytes:
        return self._connection.recv(size, socket.MSG_WAITALL)

    def _answer(self, request: wire.Request) -> wire.Reply:
        try:
            return self._do(request)
        except Exception as error:  # noqa: BLE001  the binding raises plain exceptions; the other end decides
            return wire.Reply(error=f"{type(error).__name__}: {error}")

    @singledispatchmethod
    def _do(self, request: wire.Request) -> wire.Reply:
        raise TypeError(f"the engine knows no {type(request).__name__}")

    @_do.register
    def _open(self, request: wire.Open) -> wire.Reply:
        self._shard = shard.opened(Path(request.path), request.dimensions)
        return self._counted()

    @_do.register
    def _upsert(self, request: wire.Upsert) -> wire.Reply:
        self._shard.update(shard.upserting(request.entries))
        self._unflushed += len(request.entries)
        return wire.Reply()

    @_do.register
    def _remove(self, request: wire.Remove) -> wire.Reply:
        self._shard.update(shard.removing(request.fingerprints))
        self._unflushed += len(request.fingerprints)
        return wire.Reply()

    @_do.register
    def _nearest(self, request: wire.Search) -> wire.Reply:
        searches = (shard.searching(each.partition, each.vector, request.limit) for each in request.wanted)
        return wire.Reply(found=[shard.neighbours(self._shard.search(each)) for each in searches])

    @_do.register
    def _read(self, request: wire.Read) -> wire.Reply:
        return wire.Reply(entries=shard.retrieved(self._shard, request.fingerprints))

    @_do.register
    def _page(self, request: wire.Page) -> wire.Reply:
        found, _ = self._shard.scroll(shard.scrolling(request.after, request.limit + 1))
        names = [each for each in shard.fingerprints(found) if each != request.after]
        return wire.Reply(fingerprints=names[: request.limit])

    @_do.register
    def _greet(self, request: wire.Hello) -> wire.Reply:
        return wire.Reply()

    @_do.register
    def _bring_to_disk(self, request: wire.Flush) -> wire.Reply:
        self._flush()
        return wire.Reply()

    @_do.register
    def _optimise(self, request: wire.Optimise) -> wire.Reply:
        with _ending_with_the_other_end(self._connection):
            _optimise_politely(self._shard)
        self._flush()
        return self._counted()

    def _counted(self) -> wire.Reply:
        info = self._shard.info()
        return wire.Reply(points=info.points_count, indexed=info.indexed_vectors_count)

    def _flush(self) -> None:
        self._shard.flush()
        self._unflushed = 0


@contextmanager
def _ending_with_the_other_end(connection: socket.socket) -> Iterator[None]:
    """
    Have the kernel end this process when *connection* stirs.

    While the engine optimises nothing in this interpreter can run, so nobody here could see
    that the service is gone; nothing else than its end can come in, for it awaits the answer.
    """
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        yield
    finally:
        fcntl.fcntl(connection, fcntl.F_SETFL, flags)


def _optimise_politely(index: edge.EdgeShard) -> None:
    """Optimise in a thread of the lowest priority, which its own threads inherit."""
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(19,)) as thread:
        thread.submit(index.optimize).result()


def main() -> None:
    """Serve the socket that was handed down."""
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        Engine(connection).serve()


if __name__ == "__main__":
    main()

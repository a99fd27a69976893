"""The service's end of an engine process: it is started, asked, and ended here."""

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence

from adapters.vector_index.edge import wire
from domain.similarity import VectorIndexUnavailable

PATIENCE = 10.0
"""So many seconds an engine may take to end before it is killed: its last flush is all it has to do."""


class EngineProcess(asyncio.Protocol):
    """One engine process. It answers in the order in which it is asked."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._transport: asyncio.WriteTransport
        self._waiting: deque[asyncio.Future[wire.Reply]] = deque()
        self._received = bytearray()
        self.alive = True

    @classmethod
    async def start(cls, inherited: Sequence[int] = ()) -> "EngineProcess":
        """
        Start one that keeps the file descriptors *inherited* open for as long as it lives.

        When this is cancelled it still waits until the process is there, and ends it: the thread
        that starts it cannot be stopped, and would hand down what others have closed meanwhile.
        """
        starting = asyncio.create_task(cls._start(inherited))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await (await starting).kill()
            raise

    @classmethod
    async def _start(cls, inherited: Sequence[int]) -> "EngineProcess":
        process, connection = await asyncio.to_thread(_spawn, inherited)
        _, engine = await asyncio.get_running_loop().create_unix_connection(lambda: cls(process), sock=connection)
        return engine

    async def ask(self, request: wire.Request) -> wire.Reply:
        """
        Give the engine's answer.

        Raises:
            VectorIndexUnavailable: the engine refused or failed, or the process is gone.
        """
        if not self.alive:
            raise VectorIndexUnavailable("the index's engine has ended")
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._transport.write(wire.frame(request))
        return _sound(await answer)

    async def end(self) -> None:
        """Let it answer what it was asked, flush and end, if it has not ended by itself."""
        self.alive = False
        if not self._transport.is_closing():  # uvloop raises where asyncio does nothing
            self._transport.write_eof()
        try:
            await asyncio.to_thread(self._process.wait, PATIENCE)
        except subprocess.TimeoutExpired:
            await self.kill()
        finally:
            self._transport.close()

    async def kill(self) -> None:
        """End it at once: what it acknowledged is on the disk."""
        self.alive = False
        self._process.kill()
        self._transport.close()
        await asyncio.to_thread(self._process.wait)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Hand each complete reply to the one that waits longest."""
        self._received += data
        while (reply := self._next_reply()) is not None:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail all who wait."""
        self.alive = False
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(VectorIndexUnavailable("the index's engine ended while it was asked"))
        self._waiting.clear()

    def _next_reply(self) -> wire.Reply | None:
        if len(self._received) < wire.HEADER.size:
            return None
        (size,) = wire.HEADER.unpack_from(self._received)
        end = wire.HEADER.size + size
        if len(self._received) < end:
            return None
        body = bytes(self._received[wire.HEADER.size : end])
        del self._received[:end]
        return wire.decode_reply(body)


def _sound(reply: wire.Reply) -> wire.Reply:
    if reply.error:
        raise VectorIndexUnavailable(reply.error)
    return reply


def _spawn(inherited: Sequence[int]) -> tuple["subprocess.Popen[bytes]", socket.socket]:
    """Start the engine, and give the service's end of the socket between the two."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            return _engine(theirs.fileno(), inherited), ours
        except BaseException:
            ours.close()
            raise


def _engine(connection: int, inherited: Sequence[int]) -> "subprocess.Popen[bytes]":
    """Start the engine in its own session, so that a terminal's Ctrl-C reaches only the service, which ends it."""
    return subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-m", "adapters.vector_index.edge.engine", str(connection)],
        pass_fds=(connection, *inherited),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
        start_new_session=True,
    )

"""
Stands between a client and a server on loopback: slows them down, cuts them off, leads them to another server.

    with TcpProxy(server.port) as proxy:
        ...  # a client of proxy.port
        proxy.delay = 0.5
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import define, field

HOST = "127.0.0.1"
CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""A key and a certificate for localhost; clients must be told to trust it."""

READ = 1_000_000


@define(eq=False)
class TcpProxy:
    """
    Passes bytes on between its own *port* and *upstream*, from here until ``stop``.

    All of this may be changed while it runs: answers come *delay* seconds later than they would; while it is *silent*
    nothing is passed on in either direction, and after that what was held back; whoever connects is led to *upstream*.
    With *tls* clients speak TLS, and the server does not know.
    """

    upstream: int
    tls: bool = False
    delay: float = 0.0
    silent: bool = False
    port: int = field(default=0, init=False)
    connections: int = field(default=0, init=False)
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.new_event_loop, init=False)
    _thread: threading.Thread = field(init=False)
    _server: asyncio.Server | None = field(default=None, init=False)
    _pairs: dict[asyncio.StreamWriter, asyncio.StreamWriter] = field(factory=dict, init=False)
    _dead: set[asyncio.StreamWriter] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._thread.start()
        self.listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def listen(self) -> None:
        """Accept clients, again after ``refuse``."""
        self._do(self._listen())

    def refuse(self) -> None:
        """Accept nobody, and cut off whoever is there."""
        self._do(self._refuse())

    def cut(self) -> None:
        """Cut off whoever is there; they may come again."""
        self._do(self._cut())

    def forget(self) -> None:
        """Pass nothing on any more for whoever is there, and do not tell them, as a router does that was restarted."""
        self._do(self._forget())

    def lead_to(self, upstream: int) -> None:
        """Cut off whoever is there, and lead those who come to *upstream*."""
        self.upstream = upstream
        self.cut()

    def stop(self) -> None:
        if not self._loop.is_closed():
            self._do(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        context = _server_tls() if self.tls else None
        self._server = await asyncio.start_server(self._meet, HOST, self.port, limit=READ, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server:
            self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        for client, server in list(self._pairs.items()):
            client.transport.abort()
            server.transport.abort()

    async def _forget(self) -> None:
        self._dead = {*self._pairs.keys(), *self._pairs.values()}

    async def _end(self) -> None:
        await self._refuse()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.upstream, limit=READ)
        except OSError:
            writer.transport.abort()
            return
        self._pairs[writer] = far_writer
        try:
            with suppress(asyncio.CancelledError):  # asyncio's streams would complain of it
                await self._join((reader, far_writer), (far_reader, writer))
        finally:
            del self._pairs[writer]
            writer.transport.abort()
            far_writer.transport.abort()

    async def _join(
        self,
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        back: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        ways = [
            asyncio.create_task(self._pass_on(*there, lambda: 0.0)),
            asyncio.create_task(self._pass_on(*back, lambda: self.delay)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ways:
                each.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: Callable[[], float]
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(READ):
                await asyncio.sleep(delay())
                while self.silent or writer in self._dead:  # noqa: ASYNC110 - it is set from another thread
                    await asyncio.sleep(0.005)
                writer.write(data)
                await writer.drain()


def _server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context

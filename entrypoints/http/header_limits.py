"""What a connection may ask of the server before it has said what it wants: 64 KB, and 30 s."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

MOST = 65_536
"""Bytes that a head may take; trailers behind a body may take as many."""
PATIENCE = 30.0
"""Seconds in which a head must be complete."""
LINGER = 2.0
"""Seconds in which what still comes is read and dropped: closed at once, a sender would never read the refusal."""


class LimitedHeads(HttpToolsProtocol):
    """
    Uvicorn's protocol, which alone would join the pieces of an endless header on the event loop.

    A head longer than *most* bytes is answered with 431; a connection that completes none in *patience* seconds is
    closed. How long a connection may rest between two requests is uvicorn's own affair.
    """

    most = MOST
    patience = PATIENCE
    linger = LINGER

    _unfinished = 0
    _moved_on = False
    _refused = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Wait for the first head, but not for ever."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.patience, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Let no more reach the parser at once than an unfinished head may still take."""
        if len(data) < self.most - self._unfinished and not self._refused:
            self._parse(data)
            return
        while data and not (self._refused or self.transport.is_closing()):
            room = self.most - self._unfinished
            self._parse(data[:room])
            data = data[room:]

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._moved_on = True
        HttpToolsProtocol.on_headers_complete(self)  # super() is dearer, and this is every request's way

    def on_body(self, body: bytes) -> None:
        """Bodies have a limit of their own."""
        self._moved_on = True
        HttpToolsProtocol.on_body(self, body)

    def _parse(self, piece: bytes) -> None:
        self._moved_on = False
        HttpToolsProtocol.data_received(self, piece)
        if not self._moved_on:
            self._count(len(piece))
        elif self._unfinished or self._deadline:
            self._unfinished = 0
            self._stop_waiting()

    def _count(self, size: int) -> None:
        """Count bytes that completed nothing."""
        self._unfinished += size
        if self._unfinished >= self.most:
            self._refuse()
        elif self._deadline is None and not self._is_answering:
            self._deadline = self.loop.call_later(self.patience, self.transport.close)

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # none before the first head, whatever uvicorn's types say
        return cycle is not None and not cycle.response_complete

    def _refuse(self) -> None:
        self._stop_waiting()
        if self._is_answering or self.transport.is_closing():  # a refusal would be taken for the answer
            self.transport.close()
            return
        self._refused = True
        self.transport.write(_refusal(self.most))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(self.linger, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _refusal(most: int) -> bytes:
    words = b"the head of a request must take less than %d bytes\n" % most
    head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(words)
    return STATUS_LINE[HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE] + head + words

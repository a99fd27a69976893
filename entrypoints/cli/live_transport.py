"""Speak HTTP to an application in this process, and hear what it sends while it sends it."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
from attrs import define, field
from litestar.types import ASGIApp

Message = MutableMapping[str, Any]


@define(eq=False)
class _Exchange(httpx.AsyncByteStream):
    """One request and its response, whose body is given as it comes; who stops reading has left."""

    body: bytes
    head: asyncio.Future[Message] = field(factory=lambda: asyncio.get_running_loop().create_future())
    serving: asyncio.Task[None] = field(init=False)
    _pieces: asyncio.Queue[bytes | None] = field(factory=asyncio.Queue)
    _was_read: bool = False
    _over: asyncio.Event = field(factory=asyncio.Event)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
        await self.serving

    async def aclose(self) -> None:
        self.serving.cancel()
        await asyncio.gather(self.serving, return_exceptions=True)

    async def receive(self) -> Message:
        if self._was_read:
            await self._over.wait()
            return {"type": "http.disconnect"}
        self._was_read = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.head.set_result(message)
            return
        self._pieces.put_nowait(message.get("body", b""))
        if not message.get("more_body"):
            self.end()

    def end(self) -> None:
        self._over.set()
        self._pieces.put_nowait(None)


@define
class LiveTransport(httpx.AsyncBaseTransport):
    """Like httpx's own transport for applications, which gives a body when it is complete."""

    app: ASGIApp

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Give the response once its head is there."""
        exchange = _Exchange(await request.aread())
        exchange.serving = asyncio.create_task(
            self.app(_scope(request), exchange.receive, exchange.send)  # type: ignore[arg-type] # Litestar's are narrower
        )
        exchange.serving.add_done_callback(lambda _: exchange.end())
        await asyncio.wait((exchange.head, exchange.serving), return_when=asyncio.FIRST_COMPLETED)
        if not exchange.head.done():
            await exchange.serving
        head = exchange.head.result()
        return httpx.Response(head["status"], headers=head["headers"], stream=exchange)


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }

"""An answer as server-sent events: each chunk as it comes, then the whole answer, or what went wrong."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
from attrs import frozen
from litestar import Response
from litestar.openapi.spec import OpenAPIMediaType, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.types import Receive, Scope, Send

from application.tell_answers import Telling
from domain.answers import Answer
from domain.generation import Chunk
from entrypoints.http.narration import COMMENT, Narration
from entrypoints.http.presence import leaving
from entrypoints.http.problems import told
from entrypoints.http.replies import RawHeader

SILENCE = 15.0
"""Seconds without a chunk after which a comment is sent, or proxies would take the connection for dead."""

LINE_BREAKS = tuple((each.encode(), b"\\u%04x" % ord(each)) for each in "\x85\u2028\u2029")
"""What some clients, httpx's among them, take for the end of a line, and JSON does not escape."""

HEAD: Sequence[RawHeader] = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold the chunks back
)

_encode = msgspec.json.Encoder().encode


class ChunkEvent(msgspec.Struct, frozen=True):
    """A piece of the answer's text; all of them, in order, are the text."""

    text: str


@frozen
class QueryNarration(Narration):
    """Chunks of text, then the answer that *describe* gives, or a problem."""

    describe: Callable[[Answer], msgspec.Struct]

    def so_far(self, chunks: Sequence[Chunk]) -> bytes:
        """Give the events of *chunks*, each its own; a comment where there are none."""
        if not chunks:
            return COMMENT
        return b"".join([_event(b"chunk", ChunkEvent(each.text)) for each in chunks if each.text])

    def whole(self, answer: Answer) -> bytes:
        """Give the whole answer."""
        return _event(b"answer", self.describe(answer))

    def broken(self, error: Exception) -> bytes:
        """Give the problem."""
        return _event(b"error", told(error))


@frozen
class _Streamed:
    """The response as ASGI has it. It ends with the answer, or when the client leaves."""

    telling: Telling
    headers: Sequence[RawHeader]
    narration: Narration

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left, speaking = asyncio.create_task(leaving(receive)), asyncio.create_task(self._speak(send))
        try:
            await asyncio.wait((left, speaking), return_when=asyncio.FIRST_COMPLETED)
            if speaking.done():
                speaking.result()  # what nobody expected is for the server to log
        finally:
            left.cancel()
            speaking.cancel()
            await asyncio.gather(left, speaking, return_exceptions=True)
            await self.telling.aclose()

    async def _speak(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*HEAD, *self.headers]})
        async with aclosing(self._events()) as events:
            async for event in events:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self.telling.chunks(SILENCE)) as news:
            async for chunks in news:
                if event := self.narration.so_far(chunks):
                    yield event
        yield await self._end()

    async def _end(self) -> bytes:
        try:
            return self.narration.whole(await self.telling.answer())
        except Exception as error:  # noqa: BLE001 - told as the exception handlers would, had nothing been sent
            return self.narration.broken(error)


class EventStream(Response[Any]):
    """Status 200, and the events of *telling*, in the words of *narration*."""

    def __init__(self, telling: Telling, headers: Sequence[RawHeader], narration: Narration) -> None:
        self._streamed = _Streamed(telling, headers, narration)

    def to_asgi_response(self, *_: object, **__: object) -> Any:
        """Give what Litestar calls to send it."""
        return self._streamed


@dataclass
class StreamableOperation(Operation):
    """An operation of the OpenAPI document whose response may also be a stream of events."""

    def __post_init__(self) -> None:
        """Add the stream to what a success looks like."""
        content = getattr((self.responses or {}).get("200"), "content", None)
        if content is not None:  # its type says that it may be missing, or a reference
            words = 'Events `chunk` (`{"text"}`), then `answer` (the JSON above) or `error` (a problem).'
            content["text/event-stream"] = OpenAPIMediaType(Schema(type=OpenAPIType.STRING, description=words))


def _event(kind: bytes, data: msgspec.Struct) -> bytes:
    encoded = _encode(data)
    for character, escaped in LINE_BREAKS:
        encoded = encoded.replace(character, escaped)
    return b"event: %s\ndata: %s\n\n" % (kind, encoded)

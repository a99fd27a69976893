"""
A provider on loopback that replies what it is told: as it should, slowly, wrongly, or not to the end.

    with ScriptedUpstream() as upstream:
        upstream.reply(openai_failure(429, headers={"retry-after": "1"}), openai_answer("Hello"))
        ...  # a client of upstream.url + "/v1", or of upstream.url for Anthropic's
        assert upstream.requests[0].json["model"] == "small"
"""

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from attrs import define, evolve, field, frozen

STREAM = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}


class Cut(Enum):
    """How a connection breaks in the middle of a reply."""

    CLOSE = "close"
    RESET = "reset"


Step = bytes | float | threading.Event | Cut
"""Send these bytes, wait these seconds, wait for the event, or break the connection."""


@frozen
class Reply:
    """What to reply: each piece of bytes is one HTTP chunk, and so mostly one TCP segment."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(factory=lambda: STREAM)

    def slowly(self, seconds: float) -> "Reply":
        """Wait before each piece."""
        return evolve(self, steps=tuple(step for piece in self.steps for step in (seconds, piece)))

    def held(self, gate: threading.Event, after: int = 0) -> "Reply":
        """Wait for *gate* after so many pieces."""
        return evolve(self, steps=(*self.steps[:after], gate, *self.steps[after:]))

    def ended(self, after: int) -> "Reply":
        """Stop after so many pieces, as if that were all."""
        return evolve(self, steps=self.steps[:after])

    def cut(self, after: int, how: Cut = Cut.RESET) -> "Reply":
        """Break the connection after so many pieces."""
        return evolve(self, steps=(*self.steps[:after], how))

    def split(self, size: int) -> "Reply":
        """Send the same bytes in pieces of *size*, whatever they tear apart."""
        whole = b"".join(step for step in self.steps if isinstance(step, bytes))
        return evolve(self, steps=tuple(whole[at : at + size] for at in range(0, len(whole), size)))

    def commented(self) -> "Reply":
        """Send a comment before each piece, as proxies do to keep a connection alive."""
        return evolve(self, steps=tuple(step for piece in self.steps for step in (b": ping\n\n", piece)))


@frozen
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def question(self) -> str:
        """Give the last message's text, in either format."""
        return str(self.json["messages"][-1]["content"])


Script = Callable[[Request], Reply]


@define(eq=False)
class ScriptedUpstream:
    """
    An HTTP/1.1 server in a thread of its own.

    *requests* are those it received; *open_connections* counts clients just now, *hangups* those that left
    in the middle of a reply.
    """

    requests: list[Request] = field(factory=list)
    open_connections: int = 0
    hangups: int = 0
    _replies: list[Reply] = field(factory=list)
    _script: Script | None = None
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.new_event_loop)
    _thread: threading.Thread = field(init=False)
    _server: asyncio.Server = field(init=False)
    _tasks: set["asyncio.Task[None]"] = field(factory=set)

    def reply(self, *replies: Reply) -> None:
        """Give these in turn; the last is given to everyone who comes later."""
        self._replies = list(replies)

    def answer(self, script: Script) -> None:
        """Let *script* make each reply from its request, where none is queued."""
        self._script = script

    @property
    def url(self) -> str:
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._accept, "127.0.0.1", 0))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)

    async def _stop(self) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        try:
            with suppress(ConnectionError):
                while (request := await _read(reader)) is not None:
                    self.requests.append(request)
                    if not await self._play(self._next(request), reader, writer):
                        break
        finally:
            self.open_connections -= 1
            writer.transport.abort()

    def _next(self, request: Request) -> Reply:
        if self._replies:
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        assert self._script, "nothing to reply: call reply() or answer() first"
        return self._script(request)

    async def _play(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Tell whether the client is still there, and may ask again."""
        playing = self._loop.create_task(_send(reply, writer))
        leaving = self._loop.create_task(reader.read(1))
        try:
            await asyncio.wait((playing, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not playing.done() or isinstance(playing.exception(), ConnectionError):
                self.hangups += 1
                return False
            return playing.result()
        finally:
            for task in (playing, leaving):
                task.cancel()
            await asyncio.gather(playing, leaving, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None  # the client was killed, or has hung up
    method, path, _ = line.split(" ")
    return Request(method, path, headers, body)


async def _send(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    headers = {**reply.headers, "transfer-encoding": "chunked"}
    head = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}", *(f"{name}: {headers[name]}" for name in headers)]
    writer.write("\r\n".join((*head, "", "")).encode())
    for step in reply.steps:
        if isinstance(step, Cut):
            _break(writer, step)
            return False
        await _take(step, writer)
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def _take(step: bytes | float | threading.Event, writer: asyncio.StreamWriter) -> None:
    if isinstance(step, bytes):
        writer.write(f"{len(step):x}\r\n".encode() + step + b"\r\n")
        await writer.drain()
    elif isinstance(step, threading.Event):
        while not step.is_set():  # noqa: ASYNC110 - the test that sets it lives in another loop
            await asyncio.sleep(0.002)
    else:
        await asyncio.sleep(step)


def _break(writer: asyncio.StreamWriter, how: Cut) -> None:
    if how is Cut.CLOSE:
        writer.close()
        return
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in {*HTTPStatus} else "Unnamed"


def events(*payloads: object, done: bool = False) -> Reply:
    """Reply a stream of ``data:`` events, in OpenAI's manner."""
    pieces = [f"data: {json.dumps(each, ensure_ascii=False)}\n\n".encode() for each in payloads]
    return Reply((*pieces, b"data: [DONE]\n\n") if done else tuple(pieces))


def named_events(*payloads: Mapping[str, object]) -> Reply:
    """Reply a stream of events that carry their type as a name, in Anthropic's manner."""
    return Reply(
        tuple(f"event: {each['type']}\ndata: {json.dumps(each, ensure_ascii=False)}\n\n".encode() for each in payloads)
    )


def openai_answer(
    text: str | Sequence[str],
    finish_reason: str = "stop",
    usage: tuple[int, int] = (11, 7),
    model: str = "gpt-scripted",
) -> Reply:
    """Reply as OpenAI does: a piece for each word, or as given; then the finish reason, the usage, ``[DONE]``."""
    return events(*_openai_chunks(text, finish_reason, usage, model), done=True)


def _openai_chunks(
    text: str | Sequence[str], finish_reason: str, usage: tuple[int, int], model: str
) -> Iterator[dict[str, object]]:
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    yield {**frame, "choices": [_choice({"role": "assistant", "content": ""})], "usage": None}
    for piece in pieces(text):
        yield {**frame, "choices": [_choice({"content": piece})], "usage": None}
    yield {**frame, "choices": [_choice({}, finish_reason)], "usage": None}
    counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    yield {**frame, "choices": [], "usage": counts}


def _choice(delta: Mapping[str, object], finish_reason: str | None = None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def anthropic_answer(
    text: str | Sequence[str],
    stop_reason: str = "end_turn",
    usage: tuple[int, int] = (11, 7),
    model: str = "claude-scripted",
) -> Reply:
    """Reply as Anthropic does: a piece for each word, or as given, a ``ping`` among the events."""
    return named_events(*_anthropic_events(text, stop_reason, usage, model))


def _anthropic_events(
    text: str | Sequence[str], stop_reason: str, usage: tuple[int, int], model: str
) -> Iterator[dict[str, object]]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": []}
    counts = {"input_tokens": usage[0], "output_tokens": 1}
    yield {"type": "message_start", "message": {**message, "stop_reason": None, "usage": counts}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "ping"}
    for piece in pieces(text):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    delta = {"stop_reason": stop_reason, "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": usage[1]}}
    yield {"type": "message_stop"}


def pieces(text: str | Sequence[str]) -> Sequence[str]:
    """Give *text* word by word, unless it comes in pieces already."""
    return text if not isinstance(text, str) else [f"{word} " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]


def failure(status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
    """Reply with a status and a JSON body."""
    return Reply((json.dumps(body).encode(),), status, {**JSON, **(headers or {})})


def openai_failure(
    status: int, message: str = "No.", code: str | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Refuse as OpenAI does."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return failure(status, {"error": error}, headers)


def anthropic_failure(
    status: int, message: str = "No.", kind: str = "invalid_request_error", headers: Mapping[str, str] | None = None
) -> Reply:
    """Refuse as Anthropic does."""
    return failure(status, {"type": "error", "error": {"type": kind, "message": message}}, headers)


def html(status: int = 200) -> Reply:
    """Reply a web page, as a proxy or a wrong address does."""
    return Reply((b"<!DOCTYPE html><html><body>Welcome</body></html>",), status, HTML)


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for *condition* to hold; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        await asyncio.sleep(0.002)

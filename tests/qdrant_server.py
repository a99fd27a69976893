"""
A Qdrant server on loopback, as far as our driver asks one, that fails as it is told to.

It speaks REST as the real one does (`qdrant_grpc.py` adds gRPC), and keeps everything in the client's local mode.
With `QDRANT_URL` set, the contract suite runs against a real server as well (`make test-qdrant`).

    with ScriptedQdrant() as server:
        ...                                  # a client of server.url
        server.manner = Hanging()            # or Refusing(401), Slow(0.5), Garbled()
        server.stop(); server.start()        # on the same ports
        server.flush()
"""

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from attrs import define, field, frozen
from pydantic_core import to_json
from qdrant_client import models

from tests.qdrant_local import LocalQdrant

Body = Mapping[str, Any]
Found = re.Match[str]


@frozen
class Willing:
    """Answer."""


@frozen
class Hanging:
    """Accept, read, and never answer."""


@frozen
class Slow:
    """Answer after so many *seconds*."""

    seconds: float


@frozen
class Refusing:
    """Answer with this *status* and an error."""

    status: int = 500
    words: str = "Service internal error: no space left on device"


@frozen
class ReadOnly:
    """Refuse whatever changes something, as a server does to a key that may only read."""


@frozen
class Garbled:
    """Answer 200 with this *text*, as a proxy or a wrong address does."""

    text: str = "<html>Welcome</html>"


Manner = Willing | Hanging | Slow | Refusing | ReadOnly | Garbled


@define(eq=False)
class ScriptedQdrant:
    """
    A server in a thread of its own.

    *asked* holds every request by method and path; *store* is what answers, to be used between requests only.
    """

    manner: Manner = field(factory=Willing)
    api_key: str = ""
    asked: list[str] = field(factory=list)
    store: LocalQdrant = field(factory=LocalQdrant)
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.new_event_loop)
    _thread: threading.Thread = field(init=False)
    _server: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = self._run(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Break all connections, and refuse new ones; what is stored stays."""
        self._run(self._stop())

    def flush(self) -> None:
        """Forget everything, and be willing again."""
        self._run(self.store.flush())
        self.manner = Willing()
        self.asked.clear()

    def do(self, work: Awaitable[Any]) -> Any:
        """Do something with the *store*, in the thread that it lives in."""

        async def done() -> Any:
            return await work

        return self._run(done())

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    async def _stop(self) -> None:
        if self._server:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    status, body = await self._reply(*(await _read(reader)))
                    writer.write(_head(status, len(body)) + body)
                    await writer.drain()
        finally:
            writer.transport.abort()

    async def _reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked.append(f"{method} {path}")
        if misbehaved := await self._misbehave():
            return misbehaved
        if self.api_key and headers.get("api-key") != self.api_key:
            return 401, b"Must provide an API key or an Authorization bearer token"
        if isinstance(self.manner, ReadOnly) and re.match(CHANGES, f"{method} {path}"):
            return 403, to_json({"status": {"error": "Forbidden: Global manage access is required"}, "time": 0.0})
        return await self._answered(f"{method} {path.partition('?')[0]}", json.loads(body) if body else {})

    async def _misbehave(self) -> tuple[int, bytes] | None:
        match self.manner:
            case Hanging():
                await asyncio.sleep(3600)
            case Slow(seconds):
                await asyncio.sleep(seconds)
            case Refusing(status, words):
                return status, to_json({"status": {"error": words}, "time": 0.0})
            case Garbled(text):
                return 200, text.encode()
        return None

    async def _answered(self, asked: str, body: Body) -> tuple[int, bytes]:
        for pattern, answer in ROUTES:
            if found := re.fullmatch(pattern, asked):
                try:
                    result = await answer(self.store, found, body)
                except ValueError as error:
                    status = 404 if "not found" in str(error) else 409 if "already exists" in str(error) else 400
                    return status, to_json({"status": {"error": f"Wrong input: {error}"}, "time": 0.0})
                return 200, to_json(result if asked == "GET /" else {"result": result, "status": "ok", "time": 0.0})
        return 404, b""


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, Mapping[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
    method, path, _ = line.split(" ")
    return method, path, headers, await reader.readexactly(int(headers.get("content-length", "0")))


def _head(status: int, size: int) -> bytes:
    lines = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "content-type: application/json",
        f"content-length: {size}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _name(found: Found) -> str:
    return unquote(found[1])


async def _root(store: LocalQdrant, _: Found, __: Body) -> Any:
    return await store.info()


async def _exists(store: LocalQdrant, found: Found, _: Body) -> Any:
    return {"exists": await store.collection_exists(_name(found))}


async def _get(store: LocalQdrant, found: Found, _: Body) -> Any:
    return await store.get_collection(_name(found))


async def _create(store: LocalQdrant, found: Found, body: Body) -> Any:
    wanted = models.CreateCollection.model_validate(body)
    given = {name: getattr(wanted, name) for name in wanted.model_fields_set - {"vectors"}}
    return await store.create_collection(_name(found), wanted.vectors, **given)


async def _update(store: LocalQdrant, found: Found, _: Body) -> Any:
    return await store.update_collection(_name(found))


async def _delete(store: LocalQdrant, found: Found, _: Body) -> Any:
    return await store.delete_collection(_name(found))


async def _list(store: LocalQdrant, _: Found, __: Body) -> Any:
    return await store.get_collections()


async def _index(store: LocalQdrant, found: Found, body: Body) -> Any:
    wanted = models.CreateFieldIndex.model_validate(body)
    return await store.create_payload_index(_name(found), wanted.field_name, wanted.field_schema)


async def _aliases(store: LocalQdrant, _: Found, __: Body) -> Any:
    return await store.get_aliases()


async def _change_aliases(store: LocalQdrant, _: Found, body: Body) -> Any:
    return await store.update_collection_aliases(models.ChangeAliasesOperation.model_validate(body).actions)


async def _upsert(store: LocalQdrant, found: Found, body: Body) -> Any:
    return await store.upsert(_name(found), models.PointsList.model_validate(body).points)


async def _remove(store: LocalQdrant, found: Found, body: Body) -> Any:
    return await store.delete(_name(found), models.PointIdsList.model_validate(body))


async def _search(store: LocalQdrant, found: Found, body: Body) -> Any:
    return await store.query_batch_points(_name(found), models.QueryRequestBatch.model_validate(body).searches)


async def _scroll(store: LocalQdrant, found: Found, body: Body) -> Any:
    wanted = models.ScrollRequest.model_validate(body)
    records, following = await store.scroll(
        _name(found), limit=wanted.limit or 10, offset=wanted.offset, with_payload=wanted.with_payload or False
    )
    return {"points": records, "next_page_offset": following}


async def _retrieve(store: LocalQdrant, found: Found, body: Body) -> Any:
    wanted = models.PointRequest.model_validate(body)
    return await store.retrieve(
        _name(found), wanted.ids, with_payload=wanted.with_payload or False, with_vectors=wanted.with_vector or False
    )


CHANGES = r"PUT|PATCH|DELETE|POST .*/(delete|aliases)\b"
ONE = r"/collections/([^/]+)"
ROUTES: list[tuple[str, Callable[[LocalQdrant, Found, Body], Awaitable[Any]]]] = [
    (r"GET /", _root),
    (rf"POST {ONE}/points/query/batch", _search),
    (rf"PUT {ONE}/points", _upsert),
    (rf"POST {ONE}/points/delete", _remove),
    (rf"POST {ONE}/points/scroll", _scroll),
    (rf"POST {ONE}/points", _retrieve),
    (r"POST /collections/aliases", _change_aliases),
    (r"GET /aliases", _aliases),
    (r"GET /collections", _list),
    (rf"GET {ONE}/exists", _exists),
    (rf"PUT {ONE}/index", _index),
    (rf"GET {ONE}", _get),
    (rf"PUT {ONE}", _create),
    (rf"PATCH {ONE}", _update),
    (rf"DELETE {ONE}", _delete),
]
"""What the driver asks, by method and path; the more special comes first."""

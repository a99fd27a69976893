"""JSON responses on the path of a hit: nothing but status, headers and body."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from attrs import frozen
from litestar import Response
from litestar.types import Receive, Scope, Send

T = TypeVar("T")
RawHeader = tuple[bytes, bytes]

_encode = msgspec.json.Encoder().encode


@frozen
class _Sent:
    """A response as ASGI has it: two messages."""

    headers: Sequence[RawHeader]
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Reply(Response[T]):
    """
    A JSON body with status 200.

    Litestar's own response builds objects for cookies, background tasks and headers, even where there are none:
    more work than a hit itself.
    """

    def __init__(self, content: T, headers: Sequence[RawHeader]) -> None:
        self.body = _encode(content)
        self.extra = headers

    def to_asgi_response(self, *_: object, **__: object) -> Any:
        """Give what Litestar calls to send it."""
        size = b"%d" % len(self.body)
        return _Sent([(b"content-type", b"application/json"), (b"content-length", size), *self.extra], self.body)

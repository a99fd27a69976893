"""Every request has an id: the caller's own or a new one, in every log line, every problem and every response."""

import re
from random import getrandbits
from typing import cast

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import Message, Receive, Scope, Send

from entrypoints.logs import request_id

HEADER = b"x-request-id"
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class IdentifyingLitestar(Litestar):
    """A Litestar application that names every request, also those that no route takes, and answers HEAD as GET."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override] # narrower than ASGI
        """Answer one connection."""
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        name = _name(scope)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (HEADER, name)]
            await send(message)

        request_id.set(name.decode())  # each request is served in a context of its own
        await super().__call__(_as_get(scope) if scope["method"] == "HEAD" else scope, receive, send_named)


def _as_get(scope: Scope) -> Scope:
    """Have HEAD answered as GET, as HTTP wants it; the server sends no body, for its own scope still says HEAD."""
    return cast("Scope", {**scope, "method": "GET"})


def _name(scope: Scope) -> bytes:
    given = dict(scope["headers"]).get(HEADER)
    if given and _ACCEPTABLE.fullmatch(given):
        return given
    return b"%016x" % getrandbits(64)

"""Notice when a client hangs up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from litestar.types import Receive

from domain.answers import AnswerInterrupted

T = TypeVar("T")


class Attended(Protocol):
    """Does *work* for a client."""

    async def __call__(self, receive: Receive, work: Coroutine[Any, Any, T], /) -> T:
        """Give what comes of it."""


async def leaving(receive: Receive) -> None:
    """Return when the client has left; its request must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def whoever_is_there(_: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do *work*, even if the client leaves."""
    return await work


async def while_there(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do *work*, and give it up when the client leaves: raises ``AnswerInterrupted``, which nobody will read."""
    left, working = asyncio.create_task(leaving(receive)), asyncio.create_task(work)
    try:
        await asyncio.wait((left, working), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise AnswerInterrupted("the client has left")
    finally:
        left.cancel()
        working.cancel()
        await asyncio.gather(left, working, return_exceptions=True)

"""Calls that go on when nobody waits for them any more, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from attrs import define, field

T = TypeVar("T")


@define(eq=False)
class Turns:
    """
    Makes up to *size* calls at a time, each in a task of its own; one that has begun no caller's cancellation reaches.

    A task that is cancelled inside redis-py may take a connection along, or leave an answer to the next who asks.
    """

    size: int
    _free: asyncio.Semaphore = field(init=False)
    _under_way: set["asyncio.Task[Any]"] = field(factory=set, init=False)

    @_free.default
    def _all(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self.size)

    @property
    def are_taken(self) -> bool:
        """Tell whether the next call will have to wait."""
        return self._free.locked()

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T:
        """Give what *call* gives."""
        given_up = asyncio.Event()
        task = asyncio.create_task(self._take(call, given_up))
        self._under_way.add(task)
        task.add_done_callback(self._end)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            given_up.set()
            raise

    async def close(self) -> None:
        """End all calls."""
        for each in self._under_way:
            each.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _take(self, call: Callable[[], Awaitable[T]], given_up: asyncio.Event) -> T:
        async with self._free:
            if given_up.is_set():
                raise asyncio.CancelledError  # nobody wants it any more, and it has not begun
            return await call()

    def _end(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even when nobody waits for it

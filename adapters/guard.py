"""Stands before a server: gives up soon, and asks no more until the server answers again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar

from attrs import define, field

from adapters.loop_lag import LoopLag
from domain.errors import Unavailable
from domain.resilience import CircuitBreaker, State

T = TypeVar("T")

ALL, HALF, THIRD = 6, 3, 2
"""Strikes of a call that cost us all its time; of one that cost less; and of one that we may have been late for."""

SLOW = 0.25
"""The share of its time after which a call has taken long: a question makes several."""

STEPS = 8
"""Turns of the event loop that a call takes: where each of them is late, it is us who are slow, and not the server."""

RETRY, RETRY_AT_LAST = 0.2, 1.0
"""Seconds until a server that is away is tried again: at first, and after a while."""


class Away(Unavailable):
    """The server failed a moment ago, and is not asked again until it answers a trial."""


@define(eq=False)
class Guard:
    """
    Lets calls to the server called *name* through as long as it answers.

    Each may take *patience* seconds. One that takes longer is enough, or two in a row that take more than a quarter of
    that or end in one of *failures*: from then on every call fails at once, with ``Away``, and *trial* is made in the
    background, five times a second at first and then once, until it succeeds in good time.
    """

    name: str
    trial: Callable[[], Awaitable[object]]
    failures: tuple[type[BaseException], ...]
    patience: float
    _breaker: CircuitBreaker = field(factory=lambda: CircuitBreaker(ALL, 0.0), init=False)
    _trying: asyncio.Task[None] | None = field(default=None, init=False)
    _complaint: str = field(default="", init=False)
    _lag: LoopLag = field(factory=LoopLag, init=False)

    @property
    def is_open(self) -> bool:
        """Tell whether calls fail at once."""
        return self._breaker.state is not State.CLOSED

    async def __call__(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for *call*; raises ``Away``, ``TimeoutError``, and whatever it raises."""
        if self.is_open:
            call.close()
            raise Away(f"{self.name} is away: {self._complaint}")
        began = monotonic()
        try:
            async with asyncio.timeout(self.patience):
                result = await call
        except (TimeoutError, *self.failures) as error:  # type: ignore[misc] # mypy cannot see into the tuple
            self._blame(error)
            raise
        self._judge(monotonic() - began)
        return result

    async def patiently(self, call: Coroutine[Any, Any, T], patience: float) -> T:
        """Wait for *call*, which nobody's question hangs on, for *patience* seconds; what it takes means nothing."""
        if self.is_open:
            call.close()
            raise Away(f"{self.name} is away: {self._complaint}")
        try:
            async with asyncio.timeout(patience):
                return await call
        except TimeoutError:
            raise
        except self.failures as error:
            self._strike(HALF, str(error))
            raise

    async def close(self) -> None:
        """End the trials."""
        self._lag.close()
        if self._trying:
            self._trying.cancel()
            await asyncio.wait([self._trying])

    def _judge(self, took: float) -> None:
        if took - self._own_share > SLOW * self.patience:
            self._strike(HALF, f"answers take {took:.3f} s")
        elif not self.is_open:  # else it began before the others failed
            self._breaker.succeeded()

    def _blame(self, error: BaseException) -> None:
        strikes, complaint = HALF, str(error)
        if isinstance(error, TimeoutError):
            strikes = THIRD if self._own_share > SLOW * self.patience else ALL
            complaint = f"no answer within {self.patience:g} s"
        self._strike(strikes, complaint)

    @property
    def _own_share(self) -> float:
        """Give the seconds that a call takes however quick the server is."""
        return STEPS * self._lag.seconds

    def _strike(self, strikes: int, complaint: str) -> None:
        self._complaint = complaint
        if self._breaker.failed(monotonic(), strikes) and (self._trying is None or self._trying.done()):
            self._trying = asyncio.create_task(self._try_again())

    async def _try_again(self) -> None:
        pause = RETRY
        while self.is_open:
            await asyncio.sleep(pause)
            pause = min(RETRY_AT_LAST, pause * 1.5)
            await self._try_once()

    async def _try_once(self) -> None:
        self._breaker.admits(monotonic())
        try:
            for share in (1.0, SLOW):  # the first may have to connect, which takes longer than a call
                async with asyncio.timeout(share * self.patience + self._own_share):
                    await self.trial()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server is not well
            self._complaint = str(error) or self._complaint
            self._breaker.failed(monotonic())
        else:
            self._breaker.succeeded()

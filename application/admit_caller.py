"""Which tenant a caller speaks for: derived from the key, never from what the caller says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from attrs import define, field, frozen

from domain.clock import Clock
from domain.tenancy import LOCAL, ApiKey, KeyRefused, KeyRing, ReportRefused, digest_of

T = TypeVar("T")

TRUST = 1.0
"""Seconds for which what was looked up is believed; so a revoked key is refused within a second."""


@frozen
class _Seen(Generic[T]):
    value: T
    at: float


@define
class Believed(Generic[T]):
    """
    Looks things up, and believes what it found for a second; what is empty is never believed.

    Halfway through it looks again, in the background, once however many ask: nobody waits for the records
    while a key is in use.
    """

    look_up: Callable[[str], Awaitable[T]]
    clock: Clock
    _seen: dict[str, _Seen[T]] = field(factory=dict, init=False)
    _looking: dict[str, asyncio.Task[T]] = field(factory=dict, init=False)

    async def __call__(self, name: str) -> T:
        """Give what *name* stands for; raises what the look-up raises."""
        seen = self._seen.get(name)
        age = self.clock.monotonic() - seen.at if seen else TRUST
        if seen is None or age >= TRUST:
            return await asyncio.shield(self._look(name))
        if age >= TRUST / 2:
            self._look(name)
        return seen.value

    def _look(self, name: str) -> asyncio.Task[T]:
        if name not in self._looking:
            task = asyncio.create_task(self._look_afresh(name))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, if nobody waits
            self._looking[name] = task
        return self._looking[name]

    async def _look_afresh(self, name: str) -> T:
        began = self.clock.monotonic()
        try:
            value = await self.look_up(name)
        finally:
            del self._looking[name]
        self._seen.pop(name, None)
        if value:
            self._seen[name] = _Seen(value, began)
        return value


@define
class AdmitCaller:
    """Admits those who have a key; while there is none on record, and *open_without_keys*, everyone as ``local``."""

    keys: KeyRing
    clock: Clock
    open_without_keys: bool = False
    _key: Believed[ApiKey | None] = field(init=False)
    _no_keys: Believed[bool] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._key = Believed(self._find, self.clock)
        self._no_keys = Believed(self._has_none, self.clock)

    async def __call__(self, secret: str | None) -> str:
        """
        Give the caller's tenant.

        Raises:
            KeyRefused: there is no key, or it is unknown or revoked.
            KeyRingUnavailable: the key could not be looked up.
        """
        key = await self._admit(secret)
        return key.tenant if key else LOCAL

    async def reporter(self, secret: str | None) -> str:
        """
        Give the tenant of a caller who may say that a remembered answer was right or wrong, and give answers.

        Raises:
            KeyRefused: there is no key, or it is unknown or revoked.
            ReportRefused: the key does not give this right.
            KeyRingUnavailable: the key could not be looked up.
        """
        key = await self._admit(secret)
        if key and not key.may_report:
            raise ReportRefused("this API key may not report on answers, nor give any")
        return key.tenant if key else LOCAL

    async def _admit(self, secret: str | None) -> ApiKey | None:
        """Give the caller's key; ``None`` for those who need none."""
        if secret:
            return await self._good_key(secret)
        if not (self.open_without_keys and await self._no_keys("any")):
            raise KeyRefused("an API key is needed: send it as X-API-Key, or as Authorization: Bearer")
        return None

    async def _good_key(self, secret: str) -> ApiKey:
        digest = digest_of(secret)
        key = await self._key(digest)
        if key is None or not key.opens(digest):
            raise KeyRefused("this API key is unknown or revoked")
        return key

    async def _find(self, digest: str) -> ApiKey | None:
        return await self.keys.find(digest)

    async def _has_none(self, _name: str) -> bool:
        return not await self.keys.keys()

"""Which tenant a caller speaks for: derived from the key, never from what the caller says."""

from attrs import define, field, frozen

from domain.clock import Clock
from domain.tenancy import LOCAL, ApiKey, KeyRefused, KeyRing, digest_of

TRUST = 1.0
"""Seconds for which a key that was good is not looked up again; so a revoked one is refused within a second."""


@frozen
class _Seen:
    key: ApiKey
    at: float


@define
class AdmitCaller:
    """Admits those who have a key; while there is none on record, and *open_without_keys*, everyone as ``local``."""

    keys: KeyRing
    clock: Clock
    open_without_keys: bool = False
    _seen: dict[str, _Seen] = field(factory=dict, init=False)
    _open_until: float = field(default=0.0, init=False)

    async def __call__(self, secret: str | None) -> str:
        """
        Give the caller's tenant.

        Raises:
            KeyRefused: there is no key, or it is unknown or revoked.
            KeyRingUnavailable: the key could not be looked up.
        """
        if secret:
            return (await self._key(secret)).tenant
        if not await self._is_open():
            raise KeyRefused("an API key is needed: send it as X-API-Key, or as Authorization: Bearer")
        return LOCAL

    async def _key(self, secret: str) -> ApiKey:
        digest = digest_of(secret)
        seen = self._seen.get(digest)
        if seen and self.clock.monotonic() - seen.at <= TRUST:
            return seen.key
        return await self._look_up(digest, secret)

    async def _look_up(self, digest: str, secret: str) -> ApiKey:
        self._seen.pop(digest, None)
        key = await self.keys.find(digest)
        if key is None or not key.opens(secret):
            raise KeyRefused("this API key is unknown or revoked")
        self._seen[digest] = _Seen(key, self.clock.monotonic())
        return key

    async def _is_open(self) -> bool:
        if not self.open_without_keys or self.clock.monotonic() < self._open_until:
            return self.open_without_keys
        is_open = not await self.keys.keys()
        self._open_until = self.clock.monotonic() + TRUST if is_open else 0.0
        return is_open

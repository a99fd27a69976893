"""Keys in memory: for tests, and for services that make their keys at start."""

from collections.abc import Sequence

from attrs import evolve, field, frozen

from domain.errors import FieldProblem
from domain.tenancy import ApiKey, KeyExists, KeyRing


@frozen
class MemoryKeyRing(KeyRing):
    """Forgets all keys with the process."""

    _keys: dict[str, ApiKey] = field(factory=dict, init=False, repr=False)

    async def add(self, key: ApiKey) -> None:
        """Keep *key*."""
        if key.name in self._keys or await self.find(key.digest):
            raise KeyExists(FieldProblem("name", "a key of that name is on record already"))
        self._keys[key.name] = key

    async def find(self, digest: str) -> ApiKey | None:
        """Look at all keys: there are few."""
        return next((key for key in self._keys.values() if key.digest == digest), None)

    async def keys(self) -> Sequence[ApiKey]:
        """Give all keys, oldest first, those of one moment by name."""
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.name))

    async def revoke(self, name: str, now: float) -> ApiKey | None:
        """Revoke it, once."""
        key = self._keys.get(name)
        if key and key.revoked_at is None:
            key = self._keys[name] = evolve(key, revoked_at=now)
        return key

    async def ping(self) -> None:
        """Memory is always there."""

    async def close(self) -> None:
        """Nothing is open."""

"""Keys in the records, through SQLAlchemy."""

from collections.abc import Sequence
from typing import Any

from attrs import asdict, frozen
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from adapters.records import Records, api_keys
from adapters.translation import translating
from domain.errors import FieldProblem
from domain.tenancy import ApiKey, KeyExists, KeyRing, KeyRingUnavailable


def _unavailable(complaint: str) -> KeyRingUnavailable:
    """Leave out the statement and the link that follow: callers of the service read this."""
    return KeyRingUnavailable(complaint.splitlines()[0])


_TROUBLE = {SQLAlchemyError: _unavailable, OSError: _unavailable}

_ALL = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.name)
_BY_DIGEST = select(api_keys).where(api_keys.c.digest == bindparam("sought"))
_BY_NAME = select(api_keys).where(api_keys.c.name == bindparam("sought"))
_REVOKE = (
    update(api_keys)
    .where(api_keys.c.name == bindparam("sought"), api_keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)


@frozen
class SqlKeyRing(KeyRing):
    """Keeps keys in *records*, which somebody else opens and closes."""

    records: Records

    async def add(self, key: ApiKey) -> None:
        """Insert *key*; the database refuses a name or a digest that it has."""
        with translating({**_TROUBLE, IntegrityError: _exists}):
            async with self.records.writing() as connection:
                await connection.execute(insert(api_keys), asdict(key))

    async def find(self, digest: str) -> ApiKey | None:
        """Look it up in the index of digests."""
        return next(iter(await self._select(_BY_DIGEST, sought=digest)), None)

    async def keys(self) -> Sequence[ApiKey]:
        """Give all keys, oldest first, those of one moment by name."""
        return await self._select(_ALL)

    async def revoke(self, name: str, now: float) -> ApiKey | None:
        """Revoke it, once, whoever else tries at the same time."""
        with translating(_TROUBLE):
            async with self.records.writing() as connection:
                await connection.execute(_REVOKE, {"sought": name, "now": now})
        return next(iter(await self._select(_BY_NAME, sought=name)), None)

    async def ping(self) -> None:
        """Read the records; raises ``KeyRingUnavailable``."""
        with translating(_TROUBLE):
            await self.records.ping()

    async def close(self) -> None:
        """Close the records."""
        await self.records.close()

    async def _select(self, query: Any, **values: object) -> list[ApiKey]:
        with translating(_TROUBLE):
            async with self.records.reading() as connection:
                found = await connection.execute(query, values)
                return [ApiKey(**row) for row in found.mappings()]


def _exists(_: str) -> KeyExists:
    return KeyExists(FieldProblem("name", "a key of that name is on record already"))

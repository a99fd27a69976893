"""Calibrations in the records, through SQLAlchemy."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from adapters.calibration_store.encoding import decode, encode
from adapters.records import Records, calibrations
from adapters.translation import translating
from domain.calibration import (
    Calibration,
    CalibrationStore,
    CalibrationStoreUnavailable,
    Prior,
    Saved,
    Traffic,
)


def _unavailable(complaint: str) -> CalibrationStoreUnavailable:
    """Leave out the statement and the link that follow: callers of the service read this."""
    return CalibrationStoreUnavailable(complaint.splitlines()[0])


_TROUBLE = {SQLAlchemyError: _unavailable, OSError: _unavailable}

_THIS = (calibrations.c.tenant == bindparam("whose"), calibrations.c.namespace == bindparam("where"))
_ONE = select(calibrations.c.revision, calibrations.c.value).where(*_THIS)
_NAMESPACES = (
    select(calibrations.c.namespace)
    .where(calibrations.c.tenant == bindparam("whose"))
    .order_by(calibrations.c.namespace)
)
_NEXT = (
    update(calibrations)
    .where(*_THIS, calibrations.c.revision == bindparam("known"))
    .values(revision=calibrations.c.revision + 1, value=bindparam("new"))
)


@frozen
class SqlCalibrationStore(CalibrationStore):
    """Keeps calibrations in *records*, which somebody else opens and closes."""

    records: Records

    async def load(self, traffic: Traffic, prior: Prior) -> Saved | None:
        """Read one row."""
        rows = await self._select(_ONE, whose=traffic.tenant, where=traffic.namespace)
        return next((decode(row.value, prior, row.revision) for row in rows), None)

    async def save(self, traffic: Traffic, calibration: Calibration, revision: int) -> bool:
        """Insert the first, replace any other; the database tells who is first."""
        value = encode(calibration)  # now: it may change while we wait
        with translating(_TROUBLE):
            return await (self._replace(traffic, value, revision) if revision else self._add(traffic, value))

    async def traffics(self, tenant: str) -> Sequence[Traffic]:
        """Read the index."""
        return [Traffic(tenant, row.namespace) for row in await self._select(_NAMESPACES, whose=tenant)]

    async def ping(self) -> None:
        """Read the records; raises ``CalibrationStoreUnavailable``."""
        with translating(_TROUBLE):
            await self.records.ping()

    async def _add(self, traffic: Traffic, value: bytes) -> bool:
        row = {"tenant": traffic.tenant, "namespace": traffic.namespace, "revision": 1, "value": value}
        try:
            async with self.records.writing() as connection:
                await connection.execute(insert(calibrations), row)
        except IntegrityError:
            return False
        return True

    async def _replace(self, traffic: Traffic, value: bytes, revision: int) -> bool:
        wanted = {"whose": traffic.tenant, "where": traffic.namespace, "known": revision, "new": value}
        async with self.records.writing() as connection:
            return (await connection.execute(_NEXT, wanted)).rowcount == 1

    async def _select(self, query: Any, **values: object) -> Sequence[Row[Any]]:
        with translating(_TROUBLE):
            async with self.records.reading() as connection:
                return (await connection.execute(query, values)).all()

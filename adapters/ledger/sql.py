"""The books in the records, through SQLAlchemy."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from attrs import astuple, frozen
from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError

from adapters.records import SUMS, Records, accounts
from adapters.translation import translating
from domain.metering import Account, Consumption, Ledger, LedgerUnavailable, Period, Posting

DOLLAR: Final = 10**12
"""Prices have six decimal places at most, for a million tokens: so this counts every cost without a remainder."""

MOST: Final = 10**18
"""No sum of a second is larger; one that a provider makes up must not keep all others from being written."""

MONEY = frozenset({"spent", "borne", "saved"})


def _unavailable(complaint: str) -> LedgerUnavailable:
    """Leave out the statement and the link that follow: callers of the service read this."""
    return LedgerUnavailable(complaint.splitlines()[0])


_TROUBLE = {SQLAlchemyError: _unavailable, OSError: _unavailable}

_NEW = insert(accounts)
_ADD = _NEW.on_conflict_do_update(
    index_elements=[each.name for each in accounts.primary_key],
    set_={name: accounts.c[name] + _NEW.excluded[name] for name in SUMS},
)


@frozen
class SqlLedger(Ledger):
    """Keeps the books in *records*, which somebody else opens and closes; any number of workers add to them."""

    records: Records

    async def add(self, postings: Sequence[Posting]) -> None:
        """Let the database add them up, in one transaction."""
        if not postings:
            return
        with translating(_TROUBLE):
            async with self.records.writing() as connection:
                await connection.execute(_ADD, [_row(each) for each in postings])

    async def read(self, period: Period, tenant: str | None = None) -> Sequence[Posting]:
        """Read the days in the order of the primary key."""
        wanted = select(accounts).where(
            accounts.c.day.between(period.first.isoformat(), period.last.isoformat()),
            *([] if tenant is None else [accounts.c.tenant == tenant]),
        )
        with translating(_TROUBLE):
            async with self.records.reading() as connection:
                rows = await connection.execute(wanted.order_by(*accounts.primary_key))
                return [_posting(row) for row in rows.mappings()]

    async def ping(self) -> None:
        """Read the records; raises ``LedgerUnavailable``."""
        with translating(_TROUBLE):
            await self.records.ping()


def _row(posting: Posting) -> dict[str, object]:
    day, *names = astuple(posting.account)
    keys = dict(zip(("tenant", "provider", "model"), map(_writable, names), strict=True))
    sums = zip(SUMS, astuple(posting.consumption), strict=True)
    counted = {name: round(value * DOLLAR) if name in MONEY else value for name, value in sums}
    return {"day": day.isoformat(), **keys, **{name: min(value, MOST) for name, value in counted.items()}}


def _writable(name: str) -> str:
    """Providers name models, and may do so in half a character."""
    return name.encode("utf-8", "replace").decode()


def _posting(row: RowMapping) -> Posting:
    account = Account(date.fromisoformat(row["day"]), row["tenant"], row["provider"], row["model"])
    sums: list[Any] = [Decimal(row[name]) / DOLLAR if name in MONEY else row[name] for name in SUMS]
    return Posting(account, Consumption(*sums))

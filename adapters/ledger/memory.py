"""The books in memory: for tests, and for services that begin anew at every start."""

from collections.abc import Sequence
from copy import copy

from attrs import astuple, define, field

from domain.metering import Account, Consumption, Ledger, Period, Posting


@define
class MemoryLedger(Ledger):
    """Forgets all with the process."""

    _sums: dict[Account, Consumption] = field(factory=dict, init=False, repr=False)

    async def add(self, postings: Sequence[Posting]) -> None:
        """Add them up."""
        for each in postings:
            self._sums.setdefault(each.account, Consumption()).add(each.consumption)

    async def read(self, period: Period, tenant: str | None = None) -> Sequence[Posting]:
        """Look at all of them."""
        return [
            Posting(account, copy(self._sums[account]))
            for account in sorted(self._sums, key=astuple)
            if period.first <= account.day <= period.last and tenant in {None, account.tenant}
        ]

    async def ping(self) -> None:
        """Memory is always there."""

"""Report what models were used for."""

from datetime import date

from attrs import frozen

from domain.metering import Consumption, Ledger, Line, Period, Usage


@frozen
class ReportUsage:
    """Sums up the books."""

    ledger: Ledger

    async def __call__(self, period: Period, tenant: str | None = None) -> Usage:
        """Give what is booked by day and model, for one tenant or for all; raises ``LedgerUnavailable``."""
        lines: dict[tuple[date, str, str], Line] = {}
        total = Consumption()
        for posting in await self.ledger.read(period, tenant):
            named = posting.account.day, posting.account.provider, posting.account.model
            lines.setdefault(named, Line(*named, Consumption())).consumption.add(posting.consumption)
            total.add(posting.consumption)
        return Usage(sorted(lines.values(), key=_place), total)


def _place(line: Line) -> tuple[date, str, str]:
    return line.day, line.provider, line.model

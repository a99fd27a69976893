"""Keep the books: what is served and called is summed up in memory, and written in the background."""

import asyncio
from datetime import UTC, datetime

from attrs import define, field

from application.survive_failures import Surviving
from domain.clock import Clock
from domain.events import AnswerServed, Event, EventSink, ModelCalled
from domain.metering import Account, Consumption, Ledger, Posting

DAY = 86_400
LONGEST_SAVE = 15.0
"""Seconds that writing may take; longer than a database waits for its turn, which then says so itself."""

Key = tuple[int, str, str, str]
"""An account, with its day counted from 1970: there are thousands of answers a second."""


@define
class Books(EventSink):
    """Hears what is served and called, and sums it up; *clock* says on which day."""

    clock: Clock
    _open: dict[Key, Consumption] = field(factory=dict, init=False, repr=False)

    def note(self, event: Event) -> None:
        """Book what costs or saves something; anything else is passed over."""
        if isinstance(event, AnswerServed):
            self._of(event).note_answer(event.bill, remembered=not event.origin.is_paid)
        elif isinstance(event, ModelCalled):
            self._of(event).note_call(event.usage, event.cost)

    def take(self) -> dict[Key, Consumption]:
        """Give what was summed up since the last time, and begin anew."""
        taken, self._open = self._open, {}
        return taken

    def put_back(self, taken: dict[Key, Consumption]) -> None:
        """Take in again what could not be written."""
        for key, consumption in taken.items():
            self._open.setdefault(key, Consumption()).add(consumption)

    def _of(self, event: AnswerServed | ModelCalled) -> Consumption:
        key = int(self.clock.now() // DAY), event.tenant, event.provider, event.model
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = Consumption()
        return found


@define
class KeepAccounts:
    """Writes *books* into *ledger*. Nobody waits for that; what could not be written is tried again."""

    books: Books
    ledger: Ledger
    events: EventSink
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)

    async def save(self) -> None:
        """Write what is new; a failure is noted. Who is cancelled leaves no half of it, for somebody else writes on."""
        await asyncio.shield(self._save())

    async def _save(self) -> None:
        async with self._turn:
            taken = self.books.take()
            if taken:
                await self._write(taken)

    async def _write(self, taken: dict[Key, Consumption]) -> None:
        written = False
        with Surviving("ledger", self.events):
            async with asyncio.timeout(LONGEST_SAVE):
                await self.ledger.add([Posting(_account(*key), sums) for key, sums in taken.items()])
            written = True
        if not written:
            self.books.put_back(taken)


def _account(day: int, tenant: str, provider: str, model: str) -> Account:
    return Account(datetime.fromtimestamp(day * DAY, UTC).date(), tenant, provider, model)

"""The journal of purges in the records, through SQLAlchemy: for one service, which outlives its restarts."""

import asyncio
from collections.abc import Sequence

from attrs import define, evolve, field
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from adapters.purge_journal.encoding import decode, encode
from adapters.purge_journal.memory import MemoryPurgeJournal
from adapters.records import Records, purges
from adapters.translation import ErrorTable, translating
from domain.purging import KEPT, Excerpt, Purge, PurgeJournal, PurgeJournalUnavailable


def _unavailable(complaint: str) -> PurgeJournalUnavailable:
    """Leave out the statement and the link that follow: callers of the service read this."""
    return PurgeJournalUnavailable(complaint.splitlines()[0])


_TROUBLE: ErrorTable = {SQLAlchemyError: _unavailable, OSError: _unavailable}


@define
class SqlPurgeJournal(PurgeJournal):
    """
    Keeps purges in *records*, which somebody else opens and closes, and in memory, from where they are read.

    Nobody else may write there meanwhile, as nobody else may change the answers of an embedded service.
    """

    records: Records
    kept: int = KEPT
    _memory: MemoryPurgeJournal = field(init=False)
    _loaded: bool = field(default=False, init=False)
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    @_memory.default
    def _empty(self) -> MemoryPurgeJournal:
        return MemoryPurgeJournal(self.kept)

    async def append(self, purges: Sequence[Purge], beyond: int = 0) -> Sequence[Purge]:
        """Write them to the disk, and then to memory."""
        async with self._turn:
            await self._load()
            there = (await self._memory.read(None)).purges
            known = {each.uid for each in there}
            last = max(beyond, there[-1].number if there else 0)
            news = [each for each in purges if each.uid not in known]
            added = [evolve(each, number=number) for number, each in enumerate(news, last + 1)]
            await self._write(added)
            return await self._remember(added)

    async def read(self, last: Purge | None) -> Excerpt:
        """Read memory."""
        async with self._turn:
            await self._load()
        return await self._memory.read(last)

    async def wait(self, last: Purge | None, seconds: float) -> None:
        """Wait for what is appended here."""
        await self._memory.wait(last, seconds)

    async def ping(self) -> None:
        """Read the records; raises ``PurgeJournalUnavailable``."""
        with translating(_TROUBLE):
            await self.records.ping()

    async def _load(self) -> None:
        if self._loaded:
            return
        with translating(_TROUBLE):
            async with self.records.reading() as connection:
                rows = (await connection.execute(select(purges).order_by(purges.c.number))).all()
        await self._remember([decode(row.uid, row.number, row.value) for row in rows])
        self._loaded = True

    async def _write(self, added: Sequence[Purge]) -> None:
        if not added:
            return
        rows = [{"number": each.number, "uid": each.uid, "value": encode(each)} for each in added]
        with translating(_TROUBLE):
            async with self.records.writing() as connection:
                await connection.execute(insert(purges), rows)
                newest = select(purges.c.number).order_by(purges.c.number.desc()).limit(self.kept)
                await connection.execute(delete(purges).where(purges.c.number.not_in(newest)))

    async def _remember(self, added: Sequence[Purge]) -> Sequence[Purge]:
        return [each for purge in added for each in await self._memory.append((purge,), purge.number - 1)]

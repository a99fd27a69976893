"""Answers in one SQLite file: survives a kill at any moment, sets a damaged file aside."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from attrs import evolve

from adapters.answer_cache import sqlite_statements as sql
from adapters.answer_cache.encoding import decode, encode
from adapters.translation import ErrorTable, translating
from domain.caching import AnswerCache, AnswerCacheUnavailable, AnswerCatalogue, Holdings, Selection, StoredAnswer
from domain.questions import Fingerprint

T = TypeVar("T")

FLUSH_AFTER = 1.0
"""Seconds that counted hits may wait for the disk."""

ERRORS: ErrorTable = {sqlite3.Error: AnswerCacheUnavailable, OSError: AnswerCacheUnavailable}


class SqliteAnswerCache(AnswerCache, AnswerCatalogue):
    """
    One file, one thread that reads and writes it, so that no disk ever holds up the event loop.

    The journal is write-ahead with ``synchronous=NORMAL``: a killed process loses nothing that was acknowledged;
    after a power cut the last writes may be missing, and nothing is half written.
    """

    def __init__(self, path: Path) -> None:
        """Open or create *path*; *damaged* then names the file that was set aside because it could not be read."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, "sqlite-answers")
        self._hits: dict[Fingerprint, tuple[int, float]] = {}
        self._flush: asyncio.TimerHandle | None = None
        with translating(ERRORS):
            self._connection, self.damaged = self._thread.submit(sql.open_or_set_aside, path).result()

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Read them in one statement; what cannot be read is removed."""
        read = await self._run(lambda: self._read(fingerprints))
        await self.remove([name for name, answer in read.items() if answer is None])
        return {name: answer for name, answer in read.items() if answer is not None}

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Write them in one transaction."""
        rows = [(each, encode(each)) for each in answers]
        await self._run(lambda: sql.write(self._connection, rows))

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Delete them in one transaction."""
        if fingerprints:
            await self._run(lambda: sql.delete(self._connection, fingerprints))

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count here, and write the counts of a second together."""
        count, _ = self._hits.get(fingerprint, (0, now))
        self._hits[fingerprint] = (count + 1, now)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(FLUSH_AFTER, self._flush_in_thread)

    async def select(self, selection: Selection) -> Sequence[Fingerprint]:
        """Use the indexes by tenant and by tag."""
        return await self._run(lambda: sql.select(self._connection, selection))

    async def measure(self, tenant: str | None = None) -> Holdings:
        """Read the totals that triggers keep."""
        await self._write_hits()
        return await self._run(lambda: sql.totals(self._connection, tenant))

    async def expendable(self, now: float, excess: int) -> Sequence[Fingerprint]:
        """Walk the indexes by time of death and by last use."""
        await self._write_hits()
        return await self._run(lambda: sql.expendable(self._connection, now, excess))

    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
        """Walk the primary key."""
        return await self._run(lambda: sql.names(self._connection, after, limit))

    async def ping(self) -> None:
        """Raise ``AnswerCacheUnavailable`` when the file cannot be read any more, or is gone."""
        await self._run(lambda: sql.check(self._connection, self._path))

    async def close(self) -> None:
        """Write what was counted, and close the file."""
        if self._flush:
            self._flush.cancel()
        await self._write_hits()
        await self._run(self._connection.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        with translating(ERRORS):
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _write_hits(self) -> None:
        if self._hits:
            await self._run(self._write_hits_here)

    def _flush_in_thread(self) -> None:
        self._flush = None
        self._thread.submit(self._write_hits_here)

    def _write_hits_here(self) -> None:
        """In the thread: take what was counted so far, and put it back should the disk refuse."""
        hits, self._hits = self._hits, {}
        try:
            sql.count(self._connection, hits)
        except sqlite3.Error:
            self._hits = {**hits, **self._hits}
            raise

    def _read(self, fingerprints: Sequence[Fingerprint]) -> dict[Fingerprint, StoredAnswer | None]:
        return {row.fingerprint: self._revive(row) for row in sql.read(self._connection, fingerprints)}

    def _revive(self, row: sql.Row) -> StoredAnswer | None:
        answer = decode(row.body)
        if answer is None or answer.fingerprint != row.fingerprint:
            return None
        count, at = self._hits.get(row.fingerprint, (0, row.accessed_at))
        return evolve(answer, accesses=row.accesses + count, accessed_at=at)

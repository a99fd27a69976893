"""Answers in one SQLite file: survives a kill at any moment, sets a damaged file aside."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic

from adapters.answer_cache import sqlite_statements as sql
from adapters.answer_cache.sqlite_disk import AnswersOnDisk
from adapters.answer_cache.sqlite_file import AnswersFile, T
from adapters.translation import ErrorTable, translating
from domain.caching import AnswerCache, AnswerCacheUnavailable, StoredAnswer
from domain.catalogue import AnswerCatalogue, Holdings, Selection
from domain.questions import Fingerprint

FLUSH_AFTER = 1.0
"""Seconds that counted hits may wait for the disk."""

A_FEW = 16
"""So many answers are read in the event loop: 20 us each, where an answer from a thread takes 200 and more."""

SLOW = 0.005
"""Seconds: a disk that keeps the event loop waiting longer is left to the thread for a while."""

CAUTION = 100.0
"""Times as long as it kept us waiting: so slow reads never take more than 1 % of the event loop's time."""

ERRORS: ErrorTable = dict.fromkeys((sqlite3.Error, UnicodeDecodeError, OSError), AnswerCacheUnavailable)


class SqliteAnswerCache(AnswerCache, AnswerCatalogue):
    """
    One file, and a thread for whatever may have to wait.

    A few answers at a time are read in the event loop, as long as the disk is quick: what is asked for again is in the
    system's memory, and with a write-ahead journal no reader waits for a writer.

    The journal is write-ahead with ``synchronous=NORMAL``: a killed process loses nothing that was acknowledged;
    after a power cut the last writes may be missing, and nothing is half written.

    A file that is damaged, or was removed, makes one call fail; the next ones meet a new file, or what is there now.
    """

    def __init__(self, path: Path) -> None:
        """Open or create *path*; *damaged* then names the file that was set aside because it could not be read."""
        self._thread = ThreadPoolExecutor(1, "sqlite-answers")
        self._file = AnswersFile(path)
        self._disk = AnswersOnDisk(self._file)
        self._wary_until = 0.0
        self._flush: asyncio.TimerHandle | None = None
        with translating(ERRORS):
            self._thread.submit(self._file.open).result()

    @property
    def damaged(self) -> Path | None:
        """Name the file that was set aside last."""
        return self._file.damaged

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Read them in one go; what cannot be read is removed."""
        answers = self._glance(fingerprints)
        return await self._run(partial(self._disk.read, fingerprints)) if answers is None else answers

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Write them in one transaction; the last of two with the same fingerprint counts."""
        await self._run(partial(self._disk.write, answers))

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Delete them in one transaction."""
        if fingerprints:
            await self._run(partial(self._disk.delete, fingerprints))

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count here, and write the counts of a second together."""
        self._disk.hits.add(fingerprint, now)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(FLUSH_AFTER, self._flush_in_thread)

    async def select(self, selection: Selection) -> Sequence[Fingerprint]:
        """Use the indexes by tenant and by tag."""
        return await self._run(partial(self._file.use, partial(sql.select, wanted=selection)))

    async def measure(self, tenant: str | None = None) -> Holdings:
        """Read the totals that triggers keep."""
        return await self._run(partial(self._disk.after_counting, partial(sql.totals, tenant=tenant)))

    async def expendable(self, now: float, excess: int) -> Sequence[Fingerprint]:
        """Walk the indexes by time of death and by last use."""
        look = partial(sql.expendable, now=now, excess=excess)
        return await self._run(partial(self._disk.after_counting, look))

    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
        """Walk the primary key."""
        return await self._run(partial(self._file.use, partial(sql.names, after=after, limit=limit)))

    async def ping(self) -> None:
        """Raise ``AnswerCacheUnavailable`` when the file cannot be read, is gone, or refused the last answer."""
        await self._run(self._file.check)

    async def close(self) -> None:
        """Write what was counted, and close the file."""
        if self._flush:
            self._flush.cancel()
        await self._run(self._disk.close)
        self._thread.shutdown()

    def _glance(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer] | None:
        began = monotonic()
        if len(fingerprints) > A_FEW or began < self._wary_until:
            return None
        answers = self._disk.glance(fingerprints)
        if (took := monotonic() - began) > SLOW:
            self._wary_until = began + CAUTION * took
        return answers

    async def _run(self, work: Callable[[], T]) -> T:
        with translating(ERRORS):
            doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
            try:
                return await asyncio.shield(doing)
            except asyncio.CancelledError:
                await asyncio.wait([doing])  # nobody may take for undone what is being done
                raise

    def _flush_in_thread(self) -> None:
        self._flush = None
        self._thread.submit(self._disk.write_hits)

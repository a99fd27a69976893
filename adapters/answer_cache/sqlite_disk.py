"""What the SQLite answer cache does with its file."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress

from attrs import define, evolve, field

from adapters.answer_cache import sqlite_statements as sql
from adapters.answer_cache.encoding import decode, encode
from adapters.answer_cache.pending_hits import Hits, PendingHits
from adapters.answer_cache.sqlite_file import REFUSALS, AnswersFile, T, Work
from domain.caching import StoredAnswer
from domain.questions import Fingerprint


@define
class AnswersOnDisk:
    """
    The file, and the *hits* that are not in it yet.

    ``glance`` is for the event loop, all else for one thread, and may raise ``sqlite3.Error`` and ``OSError``.
    """

    file: AnswersFile
    hits: PendingHits = field(factory=PendingHits)

    def glance(self, names: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer] | None:
        """Give what is there; ``None`` when that is not plain at once: then ``read`` looks closer."""
        reader = self.file.reader
        with suppress(*REFUSALS):
            if reader:
                rows = sql.read(reader, names)
                answers = {row.fingerprint: answer for row in rows if (answer := self._revive(row))}
                return answers if len(answers) == len(rows) else None
        return None

    def read(self, names: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Give what is there; what cannot be read is removed."""
        found = self.file.use(lambda connection: {row.fingerprint: row for row in sql.read(connection, names)})
        answers = {name: answer for name, row in found.items() if (answer := self._revive(row))}
        broken = [name for name in found if name not in answers]
        if broken:
            with suppress(sqlite3.OperationalError):  # the disk is full: it goes another time
                self.delete(broken)
        return answers

    def write(self, answers: Sequence[StoredAnswer]) -> None:
        """Write them in one transaction; the last of two with the same fingerprint counts."""
        rows = {each.fingerprint: (each, encode(each)) for each in answers}
        self.file.keep(lambda connection: sql.write(connection, tuple(rows.values())))
        self.hits.forget(rows)

    def delete(self, names: Sequence[Fingerprint]) -> None:
        """Delete them in one transaction."""
        self.file.use(lambda connection: sql.delete(connection, names))
        self.hits.forget(names)

    def after_counting(self, work: Work[T]) -> T:
        """Write the hits, as far as the disk takes them, and do *work*."""
        self.write_hits()
        return self.file.use(work)

    def write_hits(self) -> None:
        """Write what was counted; a disk that refuses may still be read, and what was counted can wait."""
        if not self.hits:
            return
        hits = self.hits.take()
        try:
            self.file.use(lambda connection: sql.count(connection, hits))
        except (sqlite3.Error, OSError):
            self.hits.give_back(hits)

    def close(self) -> None:
        """Write the hits, and close the file."""
        self.write_hits()
        self.file.close()

    def _revive(self, row: sql.Row) -> StoredAnswer | None:
        answer = decode(row.body) if isinstance(row.body, bytes) else None
        if answer is None or answer.fingerprint != row.fingerprint or not row.counts:
            return None
        hits = self.hits.of(row.fingerprint) or Hits(0, row.accessed_at)
        return evolve(answer, accesses=row.accesses + hits.number, accessed_at=hits.last)

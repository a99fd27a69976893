"""Looks at the records: the keys, and what was learnt."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from adapters.examiner.files import Unfinished, complaint, is_writable, network, reading
from domain.examination import Examiner, Finding, Judgement

CHOICE: Final = "RAGBOOST_RECORDS_URL or RAGBOOST_DATA_FOLDER chooses another"
MAKE_ONE: Final = "run `ragboost keys create NAME`"


@frozen
class SqliteRecordsExaminer(Examiner):
    """Looks at *file*, whose newest known version is *newest*; *needs_key*: without one nobody may be served."""

    file: Path | None
    newest: str
    needs_key: bool

    @property
    def part(self) -> str:  # noqa: D102
        return "records"

    async def examine(self) -> Sequence[Finding]:
        """Look at the file and at what is in it."""
        return await asyncio.to_thread(lambda: list(self._look()))

    def _look(self) -> Iterator[Finding]:
        if self.file is None:
            yield self._wrong("file", "they are kept in memory, and gone with each process", CHOICE)
        elif not self.file.exists():
            yield from self._look_for_place(self.file)
        else:
            yield self._place(self.file)
            yield from self._look_into(self.file)

    def _look_for_place(self, file: Path) -> Iterator[Finding]:
        if is_writable(file.parent):
            yield Finding(self.part, "file", f"{file} is not there, and made at the first start")
        else:
            yield self._wrong("file", f"{file} is not there, and cannot be made", f"let it be made, or {CHOICE}")
        yield self._keys(0)

    def _place(self, file: Path) -> Finding:
        kind = network(file)
        if not kind:
            return Finding(self.part, "file", str(file))
        remedy = f"put it on a disk of this machine, for SQLite does not work over a network; {CHOICE}"
        return self._wrong("file", f"{file} lies on {kind}", remedy)

    def _look_into(self, file: Path) -> Iterator[Finding]:
        try:
            with reading(file) as connection:
                yield self._state(connection)
                yield self._keys(_count(connection))
        except (sqlite3.Error, Unfinished) as error:
            yield self._wrong("contents", f"they cannot be read: {error}", f"put a sound copy there, or {CHOICE}")

    def _state(self, connection: sqlite3.Connection) -> Finding:
        wrong, (version,) = complaint(connection), _version(connection)
        if wrong:
            return self._wrong("contents", wrong, f"put a sound copy there, or {CHOICE}")
        if version > self.newest:
            return self._wrong("contents", f"a newer RAGBoost wrote them ({version})", "run that one, or a newer one")
        later = "" if version == self.newest else f", brought up to {self.newest} at the next start"
        return Finding(self.part, "contents", f"sound, version {version}{later}")

    def _keys(self, valid: int) -> Finding:
        found = f"{valid:,} valid" if valid else "none"
        if valid or not self.needs_key:
            open_to_all = "" if valid else ": everyone on this machine is served"
            return Finding(self.part, "keys", found + open_to_all)
        return self._wrong("keys", f"{found}: nobody may be served without one here", MAKE_ONE)

    def _wrong(self, subject: str, found: str, remedy: str) -> Finding:
        return Finding(self.part, subject, found, Judgement.WRONG, remedy)


def _version(connection: sqlite3.Connection) -> tuple[str]:
    found: tuple[str] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return found


def _count(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL").fetchone()
    return int(found)

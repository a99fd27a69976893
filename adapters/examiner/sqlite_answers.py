"""Looks at the answers on disk."""

import asyncio
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from adapters.examiner.files import Unfinished, complaint, reading, size
from adapters.exclusive import is_taken
from domain.examination import Examiner, Finding, Judgement

SET_ASIDE: Final = "the next start sets it aside and begins anew: put a sound copy there, if you have one"


@frozen
class SqliteAnswersExaminer(Examiner):
    """Looks at *file*, which is known to be readable where it has one of these *versions*."""

    file: Path
    versions: Collection[int]

    @property
    def part(self) -> str:  # noqa: D102
        return "answers"

    async def examine(self) -> Sequence[Finding]:
        """Look who has it, and whether it is sound; in a thread, for all of it is read."""
        return [self._user(), await asyncio.to_thread(self._state)]

    def _user(self) -> Finding:
        found = "a running service has them, as it should" if is_taken(self.file) else "no service has them"
        return Finding(self.part, "use", found)

    def _state(self) -> Finding:
        if not self.file.exists():
            return self._finding("there are none yet", Judgement.OK)
        try:
            return self._look()
        except Unfinished:
            found = f"{_megabytes(self.file)} could not be read in half a minute"
            return self._finding(found, Judgement.UNKNOWN, "see whether the disk is slow")
        except sqlite3.Error as error:
            return self._finding(f"{self.file} cannot be read: {error}", Judgement.WRONG, SET_ASIDE)

    def _look(self) -> Finding:
        with reading(self.file) as connection:
            wrong = complaint(connection)
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if wrong or version not in self.versions:
                wrong = wrong or f"it was written by another version of RAGBoost ({version})"
                return self._finding(f"{self.file}: {wrong}", Judgement.WRONG, SET_ASIDE)
            (entries,) = connection.execute("SELECT coalesce(sum(entries), 0) FROM totals").fetchone()
        return self._finding(f"sound: {entries:,} answers, {_megabytes(self.file)}", Judgement.OK)

    def _finding(self, found: str, judgement: Judgement, remedy: str = "") -> Finding:
        return Finding(self.part, "file", found, judgement, remedy)


def _megabytes(file: Path) -> str:
    return f"{size(file) / 1e6:,.1f} MB"

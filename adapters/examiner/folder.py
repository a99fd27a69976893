"""Looks at the folder of everything that is kept on disk."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from adapters.examiner.files import is_writable, size
from domain.examination import Examiner, Finding, Judgement

LEAST: Final = 100_000_000
"""Bytes that must be free whatever happens: journals, keys, what was learnt."""


@frozen
class FolderExaminer(Examiner):
    """Looks at *folder*; what is kept in *growing* may take *limit* bytes in the end."""

    folder: Path
    growing: Sequence[Path]
    limit: int

    @property
    def part(self) -> str:  # noqa: D102
        return "data folder"

    async def examine(self) -> Sequence[Finding]:
        """Look whether it can be written to, and whether there is room."""
        return await asyncio.to_thread(lambda: [self._access(), self._room()])

    def _access(self) -> Finding:
        found = (
            f"{self.folder.absolute()}{'' if self.folder.exists() else ' is not there, and made at the first start'}"
        )
        if is_writable(self.folder):
            return Finding(self.part, "access", found)
        remedy = "let the user of the service write there, or set RAGBOOST_DATA_FOLDER"
        return Finding(self.part, "access", f"{found}: it cannot be written to", Judgement.WRONG, remedy)

    def _room(self) -> Finding:
        nearest = next(each for each in (self.folder.absolute(), *self.folder.absolute().parents) if each.exists())
        free = shutil.disk_usage(nearest).free
        wanted = max(LEAST, self.limit - sum(map(size, self.growing)))
        found = f"{free / 1e6:,.0f} MB free, up to {wanted / 1e6:,.0f} MB may be wanted"
        if free >= wanted:
            return Finding(self.part, "room", found)
        judgement = Judgement.WRONG if free < LEAST else Judgement.ADVICE
        return Finding(self.part, "room", found, judgement, "make room, or lower RAGBOOST_ANSWER_CACHE_SIZE_MB")

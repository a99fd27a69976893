"""Looks at the index on disk."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from attrs import frozen

from adapters.examiner.files import size
from adapters.examiner.succession import Successor
from adapters.exclusive import is_taken
from domain.examination import Examiner, Finding, Judgement

MANIFEST: Final = "manifest.json"


class _Manifest(msgspec.Struct, frozen=True):
    embedder: str
    shard: str


@frozen
class EdgeExaminer(Examiner):
    """Looks at *folder*, where the index of the embedder's version lies, and whom it succeeds."""

    folder: Path
    successor: Successor

    @property
    def part(self) -> str:  # noqa: D102
        return "index"

    async def examine(self) -> Sequence[Finding]:
        """Look whose it is, and who has it; its engine is not started."""
        found = await asyncio.to_thread(lambda: [self._user(), self._contents()])
        return [*found, await self.successor.look(self.part)]

    def _user(self) -> Finding:
        found = "a running service has it, as it should" if is_taken(self.folder) else "no service has it"
        return Finding(self.part, "use", found)

    def _contents(self) -> Finding:
        if not (self.folder / MANIFEST).exists():
            return Finding(
                self.part, "contents", f"none for {self.successor.embedder} yet; it is filled from the answers"
            )
        try:
            held = msgspec.json.decode((self.folder / MANIFEST).read_bytes(), type=_Manifest)
        except (OSError, msgspec.MsgspecError) as error:
            remedy = "the next start moves it aside, and fills another one from the answers"
            return Finding(self.part, "contents", f"{MANIFEST} cannot be read: {error}", Judgement.ADVICE, remedy)
        if held.embedder != self.successor.embedder:
            found, remedy = f"{self.folder} holds embeddings of {held.embedder}", "remove it, to have it filled anew"
            return Finding(self.part, "contents", found, Judgement.WRONG, remedy)
        return Finding(self.part, "contents", f"embeddings of {held.embedder}, {size(self.folder) / 1e6:,.1f} MB")

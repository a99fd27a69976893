"""Whether the index of the configured embedder is in use, or is to succeed another."""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from domain.examination import Finding, Judgement
from domain.succession import IndexShelf

REMEDY: Final = (
    "`ragboost index migrate` moves memory, or the next start does, unless RAGBOOST_EMBEDDER_KIND and _PRECISION are "
    "as they were"
)


@frozen
class Successor:
    """The index of the *embedder* version among all on its *shelf*; *has_model* tells whose vectors can be compared."""

    shelf: IndexShelf
    embedder: str
    has_model: Callable[[str], bool]

    async def look(self, part: str) -> Finding:
        """Look which index is in use; raises ``VectorIndexUnavailable``."""
        used = await self.shelf.in_use()
        if used not in (None, self.embedder):
            return self._succession(part, str(used))
        others = [each for each in await self.shelf.versions() if each != self.embedder]
        kept = f"; also kept: {', '.join(others)}" if others else ""
        return Finding(part, "in use", f"{'that of' if used else 'none yet, for'} {self.embedder}{kept}")

    def _succession(self, part: str, used: str) -> Finding:
        found = f"that of {used}, and the embedder is {self.embedder}"
        if self.has_model(used):
            return Finding(part, "in use", found, Judgement.ADVICE, REMEDY)
        lacking = f"{found}; without the model of the former nothing is found by meaning until memory has moved"
        return Finding(part, "in use", lacking, Judgement.ADVICE, f"prepare that model with its own settings; {REMEDY}")

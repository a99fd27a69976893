"""Examine a configuration and all that it rests on."""

import asyncio
from collections.abc import Sequence

from attrs import frozen

from domain.examination import Examiner, Finding, Judgement


@frozen
class ExamineSetup:
    """Has all *examiners* look at once, each for *patience* seconds at most; *known* is known already."""

    known: Sequence[Finding]
    examiners: Sequence[Examiner]
    patience: float = 60.0

    async def __call__(self) -> Sequence[Finding]:
        """Give what is known, and what they find, in their order; it never fails."""
        found = await asyncio.gather(*map(self._ask, self.examiners))
        return [*self.known, *(finding for each in found for finding in each)]

    async def _ask(self, examiner: Examiner) -> Sequence[Finding]:
        try:
            async with asyncio.timeout(self.patience):
                return await examiner.examine()
        except TimeoutError:
            why = f"it was not done within {self.patience:g} s"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the operator must hear of
            why = f"{type(error).__name__}: {error}"
        return [Finding(examiner.part, "examination", why, Judgement.WRONG, "see whether it answers, and try again")]

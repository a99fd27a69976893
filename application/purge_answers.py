"""Forget what a tenant wants forgotten: one entry, or all that a selection matches."""

from attrs import frozen

from application.forget_answers import ForgetAnswers, PurgeEpochs
from application.judge_hits import JudgeHits
from domain.catalogue import AnswerCatalogue, Selection
from domain.questions import Fingerprint


@frozen
class PurgeAnswers:
    """Purges within one tenant, durably: what was purged does not come back, not from a generation under way either."""

    catalogue: AnswerCatalogue
    forget: ForgetAnswers
    epochs: PurgeEpochs
    judge: JudgeHits

    async def count(self, selection: Selection) -> int:
        """Tell how many entries a purge would remove now."""
        return len(await self.catalogue.select(selection))

    async def __call__(self, selection: Selection) -> int:
        """Remove all that *selection* matches, and tell how many there were."""
        self.epochs.begin(selection.tenant)
        self.judge.recent.forget(selection.tenant)
        fingerprints = await self.catalogue.select(selection)
        await self.forget(fingerprints, cause="purged")
        return len(fingerprints)

    async def entry(self, fingerprint: Fingerprint) -> None:
        """Remove one entry that is known to belong to the caller."""
        self.epochs.begin_of_entry(fingerprint)
        self.judge.recent.forget_entry(fingerprint)
        await self.forget((fingerprint,), cause="purged")

"""Forget what a tenant wants forgotten: one entry, or all that a selection matches."""

from uuid import uuid4

from attrs import frozen

from application.follow_purges import KnownPurges
from application.forget_answers import ForgetAnswers
from application.survive_failures import Surviving
from domain.catalogue import AnswerCatalogue, Selection
from domain.clock import Clock
from domain.events import EventSink
from domain.purging import Purge
from domain.questions import Fingerprint


@frozen
class PurgeAnswers:
    """
    Purges within one tenant, for all workers and for good.

    What was purged does not come back, not from a generation under way either. First it is declared, and counts from
    then on; then the entries are removed, and if that fails nobody is served from them all the same.
    """

    catalogue: AnswerCatalogue
    forget: ForgetAnswers
    purges: KnownPurges
    clock: Clock
    events: EventSink

    async def count(self, selection: Selection) -> int:
        """Tell how many entries a purge would remove now."""
        return len(await self.catalogue.select(selection))

    async def __call__(self, selection: Selection) -> int:
        """Remove all that *selection* matches, and tell how many there were."""
        await self._declare(selection.tenant, selection)
        return await self._remove(selection)

    async def entry(self, tenant: str, fingerprint: Fingerprint) -> None:
        """Remove one entry that is known to belong to *tenant*."""
        await self._declare(tenant, fingerprint)
        await self.forget((fingerprint,), cause="purged")

    async def follow(self) -> None:
        """Wait until others may have purged something, and carry out again what a server has lost."""
        for purge in await self.purges.wait():
            with Surviving("answer_cache", self.events):
                await self._carry_out(purge.what)

    async def _declare(self, tenant: str, what: Selection | Fingerprint) -> None:
        await self.purges.declare(Purge(uuid4().hex, tenant, what, self.clock.now()))

    async def _carry_out(self, what: Selection | Fingerprint) -> None:
        if isinstance(what, Selection):
            await self._remove(what)
        else:
            await self.forget((what,), cause="purged")

    async def _remove(self, selection: Selection) -> int:
        fingerprints = await self.catalogue.select(selection)
        await self.forget(fingerprints, cause="purged")
        return len(fingerprints)

"""Look at what is remembered, without serving or changing any of it."""

from attrs import frozen

from domain.caching import AnswerCache, StoredAnswer
from domain.catalogue import AnswerCatalogue, Holdings
from domain.errors import Absent
from domain.questions import Fingerprint


@frozen
class InspectAnswers:
    """Shows a tenant its own entries; those of others do not exist."""

    cache: AnswerCache
    catalogue: AnswerCatalogue

    async def entry(self, tenant: str, fingerprint: Fingerprint) -> StoredAnswer:
        """Give one entry; raises ``Absent``."""
        stored = (await self.cache.get((fingerprint,))).get(fingerprint)
        if stored is None or stored.tenant != tenant:
            raise Absent("no entry of that id is remembered")
        return stored

    async def holdings(self, tenant: str) -> Holdings:
        """Tell how much is remembered."""
        return await self.catalogue.measure(tenant)

"""Show of a cache only what was not purged, wherever a copy may have come back from."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from application.follow_purges import KnownPurges
from domain.caching import AnswerCache, StoredAnswer
from domain.questions import Fingerprint


@frozen
class UnpurgedAnswers(AnswerCache):
    """
    The answers of *cache*, without those that a known purge took.

    Purging removes them, so there are none, unless a server fell back to an older copy of itself, a worker died between
    two steps, or a layer in front has not noticed yet.
    """

    cache: AnswerCache
    purges: KnownPurges

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Leave out what was purged, and remove it."""
        found = await self.cache.get(fingerprints)
        spoilt = [name for name, stored in found.items() if self.purges.bans.spoil(stored)]
        if not spoilt:
            return found
        await self.cache.remove(spoilt)
        return {name: stored for name, stored in found.items() if name not in spoilt}

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Remember them."""
        await self.cache.put(answers)

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Forget them."""
        await self.cache.remove(fingerprints)

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count one hit."""
        await self.cache.touch(fingerprint, now)

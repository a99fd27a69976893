"""A small fast cache in front of a large lasting one."""

from collections.abc import Mapping, Sequence

from attrs import define, field

from domain.caching import AnswerCache, StoredAnswer
from domain.questions import Fingerprint


@define
class LayeredAnswerCache(AnswerCache):
    """
    Reads *front* first; *back* is the truth, and the only one that counts hits.

    *front* forgets by itself. Nobody else may write to *back* while this is in use.
    """

    front: AnswerCache
    back: AnswerCache
    _changes: int = field(default=0, init=False)

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Ask *back* only for what *front* does not have."""
        near = await self.front.get(fingerprints)
        if len(near) == len(fingerprints):
            return near
        changes = self._changes
        far = await self.back.get([each for each in fingerprints if each not in near])
        await self._bring_forward(tuple(far.values()), changes)
        return {**near, **far}

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Write to *back* first: what cannot be kept there is not served from here."""
        await self._change_front(answers)
        changes = self._changes
        await self.back.put(answers)
        await self._bring_forward(answers, changes)

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Forget in both; *front* forgets whatever becomes of *back*."""
        self._changes += 1
        try:
            await self.back.remove(fingerprints)
        finally:
            self._changes += 1
            await self.front.remove(fingerprints)

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count in *back*."""
        await self.back.touch(fingerprint, now)

    async def _change_front(self, answers: Sequence[StoredAnswer]) -> None:
        self._changes += 1
        await self.front.remove([each.fingerprint for each in answers])

    async def _bring_forward(self, answers: Sequence[StoredAnswer], changes: int) -> None:
        # While back was busy something may have been removed or replaced there. Then what we hold may be
        # what was purged: leave front as it is, the next reader asks back again.
        if changes == self._changes:
            self._changes += 1
            await self.front.put(answers)

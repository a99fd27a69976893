"""A small fast cache in front of a large lasting one."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from attrs import define, field

from domain.caching import AnswerCache, StoredAnswer
from domain.questions import Fingerprint


@define(eq=False)
class _Journey:
    """Names on their way between the two caches, less those that somebody else has changed meanwhile."""

    names: set[Fingerprint]


@define
class LayeredAnswerCache(AnswerCache):
    """
    Reads *front* first; *back* is the truth, and the only one that counts hits.

    *front* lives in this process, never makes anybody wait, and forgets by itself. What others write to *back* is seen
    as soon as *front* has forgotten what was there before.
    """

    front: AnswerCache
    back: AnswerCache
    _under_way: set[_Journey] = field(factory=set, init=False)

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Ask *back* only for what *front* does not have."""
        near = await self.front.get(fingerprints)
        if len(near) == len(fingerprints):
            return near
        missing = [each for each in fingerprints if each not in near]
        return {**near, **await self._fetch(missing)} if missing else near

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Write to *back* first: what cannot be kept there is not served from here."""
        async with self._changing([each.fingerprint for each in answers]) as journey:
            await self.back.put(answers)
        await self._bring_forward(answers, journey)

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Forget in both; *front* forgets whatever becomes of *back*."""
        async with self._changing(fingerprints):
            await self.back.remove(fingerprints)

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count in *back*."""
        await self.back.touch(fingerprint, now)

    async def _fetch(self, names: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        with self._journey(names) as journey:
            far = await self.back.get(names)
        await self._bring_forward(tuple(far.values()), journey)
        return far

    @contextmanager
    def _journey(self, names: Sequence[Fingerprint]) -> Iterator[_Journey]:
        journey = _Journey(set(names))
        self._under_way.add(journey)
        try:
            yield journey
        finally:
            self._under_way.remove(journey)

    @asynccontextmanager
    async def _changing(self, names: Sequence[Fingerprint]) -> AsyncIterator[_Journey]:
        # While back is changed nobody knows what a read brings, and if it fails not even afterwards: front forgets
        # before and after, and whoever is under way with one of the names does not bring it forward.
        await self._forget_in_front(names)
        try:
            with self._journey(names) as journey:
                yield journey
        finally:
            await self._forget_in_front(names)

    async def _forget_in_front(self, names: Sequence[Fingerprint]) -> None:
        for journey in self._under_way:
            journey.names.difference_update(names)
        await self.front.remove(names)

    async def _bring_forward(self, answers: Sequence[StoredAnswer], journey: _Journey) -> None:
        await self.front.put([each for each in answers if each.fingerprint in journey.names])

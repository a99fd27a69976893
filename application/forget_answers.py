"""Take answers out of both memories."""

import asyncio
from collections.abc import Iterator, Sequence

from attrs import frozen

from application.survive_failures import Surviving
from domain.caching import AnswerCache
from domain.events import AnswersRemoved, EventSink
from domain.questions import Fingerprint
from domain.similarity import VectorIndex

SLICE = 256
"""So many entries are removed at once: whoever wants to write meanwhile waits for one slice, not for all."""


@frozen
class ForgetAnswers:
    """
    Removes entries, the answers first: a vector without its answer is harmless, and heals.

    Nobody waits for an index that takes more than *patience* seconds for a slice.
    """

    cache: AnswerCache
    index: VectorIndex
    events: EventSink
    patience: float = 1.0

    async def __call__(self, fingerprints: Sequence[Fingerprint], cause: str) -> None:
        """Forget *fingerprints*; those that are not there are passed over."""
        if not fingerprints:
            return
        for some in _slices(fingerprints):
            await self.cache.remove(some)
        await self._forget_meanings(fingerprints)
        self.events.note(AnswersRemoved(cause, len(fingerprints)))

    async def _forget_meanings(self, fingerprints: Sequence[Fingerprint]) -> None:
        with Surviving("vector_index", self.events):
            for some in _slices(fingerprints):
                async with asyncio.timeout(self.patience):
                    await self.index.remove(some)


def _slices(fingerprints: Sequence[Fingerprint]) -> Iterator[Sequence[Fingerprint]]:
    return (fingerprints[start : start + SLICE] for start in range(0, len(fingerprints), SLICE))

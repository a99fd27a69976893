"""Take answers out of both memories, and see that none comes back from a generation under way."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from application.survive_failures import Surviving
from domain.caching import AnswerCache
from domain.events import AnswersRemoved, EventSink
from domain.questions import Fingerprint, Question
from domain.similarity import VectorIndex

SLICE = 256
"""So many entries are removed at once: whoever wants to write meanwhile waits for one slice, not for all."""

REMEMBERED = 10_000
"""Purges of single entries that are told apart; then all that is under way counts as purged."""

Epoch = tuple[int, int, int]


@define
class PurgeEpochs:
    """
    Counts purges: what was asked of a model in an earlier epoch of its question is not remembered in this one.

    The purge of a tenant begins an epoch of all its questions, that of an entry an epoch of one question.
    """

    _tenants: Counter[str] = field(factory=Counter)
    _entries: Counter[Fingerprint] = field(factory=Counter)
    _forgotten: int = 0

    def of(self, question: Question) -> Epoch:
        """Give the question's present epoch."""
        return self._forgotten, self._tenants[question.tenant], self._entries[question.fingerprint]

    def begin(self, tenant: str) -> None:
        """Begin a new epoch of all that *tenant* asks."""
        self._tenants[tenant] += 1

    def begin_of_entry(self, fingerprint: Fingerprint) -> None:
        """Begin a new epoch of one question."""
        self._entries[fingerprint] += 1
        if len(self._entries) > REMEMBERED:
            self._entries.clear()
            self._forgotten += 1


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

"""Take answers out of both memories."""

from collections.abc import Iterator, Sequence
from functools import partial

from attrs import frozen

from application.work_aside import Aside
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

    Nobody waits longer than *linger* seconds for the index, which goes on *aside* after that.
    """

    cache: AnswerCache
    index: VectorIndex
    aside: Aside
    events: EventSink
    linger: float = 1.0

    async def __call__(self, fingerprints: Sequence[Fingerprint], cause: str) -> None:
        """Forget *fingerprints*; those that are not there are passed over."""
        if not fingerprints:
            return
        for some in _slices(fingerprints):
            await self.cache.remove(some)
        await self.aside.attend("vector_index", partial(self._forget_meanings, fingerprints), self.linger)
        self.events.note(AnswersRemoved(cause, len(fingerprints)))

    async def _forget_meanings(self, fingerprints: Sequence[Fingerprint]) -> None:
        for some in _slices(fingerprints):
            await self.index.remove(some)


def _slices(fingerprints: Sequence[Fingerprint]) -> Iterator[Sequence[Fingerprint]]:
    return (fingerprints[start : start + SLICE] for start in range(0, len(fingerprints), SLICE))

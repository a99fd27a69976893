"""Take answers out of both memories, and see that none comes back from a generation under way."""

from collections import Counter
from collections.abc import Sequence

from attrs import define, field, frozen

from application.survive_failures import Surviving
from domain.caching import AnswerCache
from domain.events import AnswersRemoved, EventSink
from domain.questions import Fingerprint
from domain.similarity import VectorIndex


@define
class PurgeEpochs:
    """Counts the purges of each tenant: what was asked of a model in an earlier epoch is not remembered in this one."""

    _purges: Counter[str] = field(factory=Counter)

    def of(self, tenant: str) -> int:
        """Give the tenant's present epoch."""
        return self._purges[tenant]

    def begin(self, tenant: str) -> None:
        """Begin a new epoch of the tenant."""
        self._purges[tenant] += 1


@frozen
class ForgetAnswers:
    """Removes entries, the answer first: a vector without its answer is harmless, and heals."""

    cache: AnswerCache
    index: VectorIndex
    events: EventSink

    async def __call__(self, fingerprints: Sequence[Fingerprint], cause: str) -> None:
        """Forget *fingerprints*; those that are not there are passed over."""
        if not fingerprints:
            return
        await self.cache.remove(fingerprints)
        with Surviving("vector_index", self.events):
            await self.index.remove(fingerprints)
        self.events.note(AnswersRemoved(cause, len(fingerprints)))

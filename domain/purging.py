"""What was purged, and the journal of it that all workers share."""

from abc import abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from attrs import field, frozen

from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.errors import Unavailable
from domain.questions import Fingerprint

KEPT = 10_000
"""So many purges are kept in a journal, and known to a worker."""


@frozen
class Purge:
    """
    That a tenant wanted something forgotten: all that a selection matches, or one entry.

    *uid* names it for ever, *at* is in seconds since 1970, *number* is its place in the journal, 0 outside of it.
    """

    uid: str
    tenant: str
    what: Selection | Fingerprint
    at: float
    number: int = 0

    def takes(self, stored: StoredAnswer) -> bool:
        """Tell whether *stored* is one of those that were to be forgotten."""
        return self.what.matches(stored) if isinstance(self.what, Selection) else self.what == stored.fingerprint


@frozen
class Epoch:
    """
    How much was purged when a question was asked: an answer to it may be remembered until more of it is.

    *number* is that of the last purge that concerns the question, *seen* that of the last one at all.
    """

    era: int = 0
    number: int = 0
    seen: int = field(default=0, eq=False)


class Continuity(Enum):
    """How what was read of a journal goes on from what the reader knew."""

    SEAMLESS = "seamless"
    TRIMMED = "trimmed"
    BROKEN = "broken"


@frozen
class Excerpt:
    """
    What is in the journal behind the last purge that the reader knew, in order.

    ``TRIMMED``: there was more, which is too old to be kept. ``BROKEN``: the reader knows purges that are not there,
    for the journal was lost or fell back; then *purges* are all that there are.
    """

    purges: Sequence[Purge]
    continuity: Continuity = Continuity.SEAMLESS


class PurgeJournal(Protocol):
    """
    Keeps the last purges of all workers, in order. What was acknowledged survives the process.

    Raises ``PurgeJournalUnavailable``.
    """

    @abstractmethod
    async def append(self, purges: Sequence[Purge], beyond: int = 0) -> Sequence[Purge]:
        """Number those of *purges* that are not kept yet, higher than *beyond*; give these, with their numbers."""

    @abstractmethod
    async def read(self, last: Purge | None) -> Excerpt:
        """Give what comes behind *last*, or all that is kept."""

    @abstractmethod
    async def wait(self, last: Purge | None, seconds: float) -> None:
        """Return when something comes behind *last*, or after so many seconds."""


class PurgeJournalUnavailable(Unavailable):
    """The journal of purges could not be read or written."""

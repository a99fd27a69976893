"""What is remembered, as those who look after it see it: counted, selected, gone through."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from domain.caching import StoredAnswer
from domain.questions import Fingerprint


@frozen
class Selection:
    """
    Some entries of one tenant: all, or those that every given field matches.

    *model* is either of its names, *document* one that the answer cites.
    """

    tenant: str
    namespace: str | None = None
    tag: str | None = None
    model: str | None = None
    document: str | None = None
    stored_before: float | None = None

    def matches(self, stored: StoredAnswer) -> bool:
        """Tell whether *stored* is one of them."""
        return (
            stored.tenant == self.tenant
            and self.namespace in {None, stored.namespace}
            and self.model in {None, stored.completion.model, stored.requested_model}
            and (self.tag is None or self.tag in stored.tags)
            and (self.document is None or self.document in stored.documents)
            and (self.stored_before is None or stored.stored_at < self.stored_before)
        )


@frozen
class Holdings:
    """How much is remembered: entries, the bytes they take, and the hits served from them."""

    entries: int = 0
    size: int = 0
    accesses: int = 0


class AnswerCatalogue(Protocol):
    """The answers of an ``AnswerCache``. Raises ``AnswerCacheUnavailable``."""

    @abstractmethod
    async def select(self, selection: Selection) -> Sequence[Fingerprint]:
        """Give the fingerprints of all entries that match."""

    @abstractmethod
    async def measure(self, tenant: str | None = None) -> Holdings:
        """Tell how much is held, of one tenant or of all."""

    @abstractmethod
    async def expendable(self, now: float, excess: int) -> Sequence[Fingerprint]:
        """Give all dead entries and, until *excess* bytes would be free, those that were idle longest."""

    @abstractmethod
    async def page(self, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
        """Give up to *limit* fingerprints in order, from just behind *after*; an empty page is the end."""

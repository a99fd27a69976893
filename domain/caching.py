"""Remembered answers: how long they live, and who may still be served from them."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from enum import Enum
from math import inf
from typing import Protocol

from attrs import field, frozen
from attrs.validators import ge

from domain.errors import PartUnavailable
from domain.generation import Completion
from domain.questions import Compatibility, Fingerprint

CLOCK_SKEW = 5.0
"""Seconds by which an entry may come from the future before its age counts as unknown."""


@frozen
class Lifetime:
    """
    How long an answer lives, in seconds. All of it counts from the moment it was stored: use does not prolong it.

    Fresh for *ttl*; for *grace* more it is served while one refresh is under way (stale-while-revalidate);
    up to *stale_if_error* past the ttl it is served when no model answers.
    """

    ttl: float = field(default=3600.0, validator=ge(0))
    grace: float = field(default=0.0, validator=ge(0))
    stale_if_error: float = field(default=0.0, validator=ge(0))

    @property
    def total(self) -> float:
        """Give the age at which nothing may be served any more."""
        return self.ttl + max(self.grace, self.stale_if_error)


class Freshness(Enum):
    """What an entry is still good for."""

    FRESH = "fresh"
    GRACE = "grace"
    RESCUE = "rescue"
    DEAD = "dead"


@frozen
class StoredAnswer:
    """
    An answer as it is remembered, and the question it was given to, as it was asked.

    *stored_at*, *accessed_at*: seconds since 1970. *accesses*: hits served. *requested_model*: as the asker named it.
    *cluster* names all answers that agree; two answers to one question at different times may differ. *epoch* is the
    number of the last purge of which the asker's worker knew. A *literal* one is found to the letter only.
    """

    fingerprint: Fingerprint
    partition: Compatibility
    tenant: str
    namespace: str
    question: str
    completion: Completion
    stored_at: float
    lifetime: Lifetime
    tags: tuple[str, ...] = ()
    accesses: int = 0
    accessed_at: float = 0.0
    requested_model: str = ""
    cluster: str = ""
    epoch: int = 0
    literal: bool = False

    @property
    def documents(self) -> tuple[str, ...]:
        """Name the documents that the answer cites, each once."""
        return tuple(dict.fromkeys(each.document or each.source for each in self.completion.citations))

    @property
    def shared_answer(self) -> str:
        """Name the cluster."""
        return self.cluster or self.fingerprint

    def age(self, now: float) -> float:
        """Give the seconds since it was stored; infinite when the clock says that this is yet to come."""
        return inf if (age := now - self.stored_at) < -CLOCK_SKEW else max(0.0, age)

    def freshness(self, now: float) -> Freshness:
        """Tell what it is good for at *now*."""
        overdue = self.age(now) - self.lifetime.ttl
        if overdue <= 0:
            return Freshness.FRESH
        if overdue <= self.lifetime.grace:
            return Freshness.GRACE
        return Freshness.RESCUE if overdue <= self.lifetime.stale_if_error else Freshness.DEAD


@frozen
class Directives:
    """
    What the asker wants of the memory, in the words of HTTP's ``Cache-Control``; times are in seconds.

    *use_cache* off means: neither read nor write, and share nothing. *ttl* replaces the configured one.
    """

    use_cache: bool = True
    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age: float = inf
    max_stale: float = 0.0
    ttl: float | None = None
    tags: tuple[str, ...] = ()

    @property
    def may_recall(self) -> bool:
        """Tell whether a remembered answer is welcome at all."""
        return self.use_cache and not self.no_cache

    @property
    def may_remember(self) -> bool:
        """Tell whether the answer may be kept, and shared with those who ask the same just now."""
        return self.use_cache and not self.no_store

    @property
    def may_refresh(self) -> bool:
        """Tell whether a model may be asked, beside the asker, for an answer to be remembered."""
        return self.may_remember and not self.only_if_cached

    def welcome(self, stored: StoredAnswer, now: float) -> bool:
        """Tell whether *stored* may be served: young enough for the asker, and fresh, in grace, or not too stale."""
        if (age := stored.age(now)) > self.max_age or age == inf:
            return False
        in_time = stored.freshness(now) in (Freshness.FRESH, Freshness.GRACE)
        return in_time or age - stored.lifetime.ttl <= self.max_stale

    def tolerates(self, stored: StoredAnswer, now: float) -> bool:
        """Tell whether *stored* may be served when no model answers."""
        return stored.age(now) <= self.max_age and stored.freshness(now) is not Freshness.DEAD


class AnswerCache(Protocol):
    """
    Keeps answers by fingerprint. It may forget; it never gives half an answer, nor one for another fingerprint.

    An answer past its lifetime is given all the same. A value that cannot be read is a miss, and is removed.
    Raises ``AnswerCacheUnavailable``.
    """

    @abstractmethod
    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        """Give those of the answers that are remembered."""

    @abstractmethod
    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Remember *answers*, all or none, replacing those of the same fingerprint."""

    @abstractmethod
    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Forget these; those that are not there are passed over."""

    @abstractmethod
    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        """Count one hit; the count may reach a disk later than this returns, or be lost with the process."""


class AnswerCacheUnavailable(PartUnavailable):
    """The answer cache could not be read or written."""

    part = "the memory of answers"

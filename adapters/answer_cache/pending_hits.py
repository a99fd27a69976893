"""Hits that were counted and are not on the disk yet."""

from collections.abc import Iterable
from threading import Lock

from attrs import define, field, frozen

from domain.questions import Fingerprint


@frozen
class Hits:
    """How many, and the time of the last."""

    number: int
    last: float


@define
class PendingHits:
    """Counted in the event loop, written by a thread: so a lock, held for a few instructions."""

    _hits: dict[Fingerprint, Hits] = field(factory=dict, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def __bool__(self) -> bool:
        return bool(self._hits)

    def of(self, name: Fingerprint) -> Hits | None:
        """Give those of one entry."""
        return self._hits.get(name)

    def add(self, name: Fingerprint, now: float) -> None:
        """Count one."""
        with self._lock:
            before = self._hits.get(name)
            self._hits[name] = Hits(before.number + 1 if before else 1, now)

    def take(self) -> dict[Fingerprint, Hits]:
        """Give all, and begin anew."""
        with self._lock:
            taken, self._hits = self._hits, {}
            return taken

    def give_back(self, taken: dict[Fingerprint, Hits]) -> None:
        """Put back what could not be written, before what was counted since."""
        with self._lock:
            later, self._hits = self._hits, taken
            for name, hits in later.items():
                before = taken.get(name)
                self._hits[name] = Hits(before.number + hits.number, hits.last) if before else hits

    def forget(self, names: Iterable[Fingerprint]) -> None:
        """Drop those of entries that are gone or replaced."""
        with self._lock:
            for name in names:
                self._hits.pop(name, None)

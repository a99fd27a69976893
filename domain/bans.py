"""What a worker knows of purges, so that it neither serves nor remembers what one of them took."""

from collections import deque
from collections.abc import Container, Iterator, Sequence
from itertools import product, takewhile
from math import inf

from attrs import define, field

from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.purging import KEPT, Epoch, Purge
from domain.questions import Fingerprint, Question

Key = tuple[str | None, str | None, str | None, str | None]
"""Namespace, tag, model and document that a selection names."""


@define
class _Tenant:
    """The purges of a tenant: the number of the last one, and the last of each kind with the age it was limited to."""

    latest: int = 0
    of_many: int = 0
    entries: dict[Fingerprint, int] = field(factory=dict)
    kinds: dict[Key, list[tuple[int, float]]] = field(factory=dict)

    def note(self, purge: Purge) -> None:
        self.latest = purge.number
        if not isinstance(purge.what, Selection):
            self.entries[purge.what] = purge.number
            return
        self.of_many = purge.number
        before = inf if purge.what.stored_before is None else purge.what.stored_before
        limits = self.kinds.setdefault(_key(purge.what), [])
        # What an earlier one reached, a later one that reaches as far reaches too.
        limits[:] = [each for each in limits if each[1] > before] + [(purge.number, before)]

    def drop(self, purge: Purge) -> None:
        if not isinstance(purge.what, Selection):
            if self.entries.get(purge.what) == purge.number:
                del self.entries[purge.what]
            return
        key = _key(purge.what)
        left = [each for each in self.kinds.get(key, ()) if each[0] != purge.number]
        self.kinds.update({key: left}) if left else self.kinds.pop(key, None)

    def spoils(self, stored: StoredAnswer) -> bool:
        if stored.epoch >= self.latest:
            return False
        limits = (limit for key in self._keys(stored) for limit in self.kinds.get(key, ()))
        many = any(number > stored.epoch and stored.stored_at < before for number, before in limits)
        return many or self.entries.get(stored.fingerprint, 0) > stored.epoch

    def _keys(self, stored: StoredAnswer) -> Iterator[Key]:
        """Name all kinds of selection that *stored* is in."""
        models = {None, stored.completion.model, stored.requested_model}
        return product((None, stored.namespace), (None, *stored.tags), models, (None, *stored.documents))


@define
class Bans:
    """
    What a worker knows of purges, so that it neither serves nor remembers what one of them took.

    Of all, the last ``KEPT`` are *known*. A new *era* begins when the journal was lost: then nothing that is under way
    may be remembered, for nobody knows what was purged meanwhile.
    """

    era: int = field(default=0, init=False)
    known: deque[Purge] = field(factory=deque, init=False)
    _tenants: dict[str, _Tenant] = field(factory=dict, init=False)
    _floor: int = field(default=0, init=False)

    @property
    def last(self) -> Purge | None:
        """Give the last purge."""
        return self.known[-1] if self.known else None

    @property
    def latest(self) -> int:
        """Give the number of the last purge; 0 where none is known."""
        return self.known[-1].number if self.known else 0

    def behind(self, uids: Container[str]) -> Sequence[Purge]:
        """Give the purges that are known to have come after the last one of *uids*."""
        later = list(takewhile(lambda each: each.uid not in uids, reversed(self.known)))
        return later[::-1]

    def note(self, purge: Purge) -> None:
        """Learn of a purge, which has a higher number than all before."""
        self.known.append(purge)
        self._tenants.setdefault(purge.tenant, _Tenant()).note(purge)
        if len(self.known) > KEPT:
            self._drop(self.known.popleft())

    def begin_anew(self, purges: Sequence[Purge] | None = None) -> None:
        """Begin a new era, for some purges are not known; of those that are, only *purges*, if given, still count."""
        self.era += 1
        if purges is not None:
            self.known.clear()
            self._tenants.clear()
            self._floor = 0
            for purge in purges:
                self.note(purge)

    def epoch_of(self, question: Question) -> Epoch:
        """Give the present epoch of *question*."""
        tenant = self._tenants.get(question.tenant)
        mine = max(tenant.of_many, tenant.entries.get(question.fingerprint, 0)) if tenant else 0
        return Epoch(self.era, mine, self.latest)

    def spoil(self, stored: StoredAnswer) -> bool:
        """Tell whether *stored* was purged since the epoch it was asked in."""
        tenant = self._tenants.get(stored.tenant)
        return tenant is not None and tenant.spoils(stored)

    def overtook(self, epoch: Epoch, stored: StoredAnswer) -> bool:
        """Tell whether *stored*, which was asked for in *epoch* and has been under way since, may not be remembered."""
        return epoch.era != self.era or epoch.seen < self._floor or self.spoil(stored)

    def _drop(self, purge: Purge) -> None:
        self._floor = purge.number
        tenant = self._tenants[purge.tenant]
        tenant.drop(purge)
        if not tenant.entries and not tenant.kinds:
            del self._tenants[purge.tenant]


def _key(selection: Selection) -> Key:
    return selection.namespace, selection.tag, selection.model, selection.document

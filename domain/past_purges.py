"""Purges by the clock: what they took of answers that come from another memory."""

from collections.abc import Iterable
from math import inf, nextafter

from attrs import define, evolve, field

from domain.bans import Bans
from domain.caching import StoredAnswer
from domain.catalogue import Selection
from domain.purging import Purge
from domain.questions import Fingerprint


@define
class PastPurges:
    """
    What *purges* took, by the clock alone: numbers of journals say nothing of answers from elsewhere.

    Of purges that name entries all count, of the others the last ``KEPT``.
    """

    purges: Iterable[Purge]
    _bans: Bans = field(factory=Bans, init=False)
    _entries: dict[Fingerprint, float] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for number, purge in enumerate(sorted(self.purges, key=lambda each: each.at), 1):
            if isinstance(purge.what, Selection):
                self._bans.note(evolve(limited(purge), number=number))
            else:
                self._entries[purge.what] = purge.at

    def took(self, stored: StoredAnswer) -> bool:
        """Tell whether *stored* was purged after it was stored."""
        named = self._entries.get(stored.fingerprint, -inf) >= stored.stored_at
        return named or self._bans.spoil(evolve(stored, epoch=0))


def limited(purge: Purge) -> Purge:
    """Give *purge* so that it takes nothing that was stored later, whoever hears of it, and when."""
    if not isinstance(purge.what, Selection):
        return purge
    before = inf if purge.what.stored_before is None else purge.what.stored_before
    just_after = nextafter(purge.at, inf)
    return evolve(purge, what=evolve(purge.what, stored_before=min(before, just_after)))

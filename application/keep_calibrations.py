"""Keep what is known of each tenant's traffic: in memory for the questions, in the store for everyone else."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from attrs import define, field

from application.survive_failures import Surviving
from domain.calibration import Calibration, CalibrationDamaged, CalibrationStore, Prior, Traffic
from domain.clock import Clock
from domain.events import EventSink, PartFailed
from domain.labels import Note

KEPT = 1000
"""Traffics that are kept in memory; those that were asked for longest ago are loaded again when they are needed."""

UNSAVED = 10_000
"""Facts about one traffic that wait for a store that fails; those on top are only known here."""

PATIENCE = 1.0
"""Seconds that a question waits for the store, and seconds until one that failed is asked again."""

LONGEST_SAVE = 15.0
"""Seconds that saving one traffic may take; longer than a database waits for its turn, which then says so itself."""


@define
class _Kept:
    """One traffic: *revision* is ``None`` until the store has been asked, *unsaved* what it does not know."""

    calibration: Calibration
    revision: int | None = None
    unsaved: list[Note] = field(factory=list)
    asked_at: float = float("-inf")
    lock: asyncio.Lock = field(factory=asyncio.Lock)


@define
class Calibrations:
    """
    The calibrations that are in use.

    Facts count at once, and reach the store when it is next saved. Somebody else may have saved in the meantime:
    then their calibration is loaded, and told the facts it does not know.
    """

    store: CalibrationStore
    prior: Prior
    clock: Clock
    events: EventSink
    _kept: OrderedDict[Traffic, _Kept] = field(factory=OrderedDict, init=False)

    @property
    def fresh(self) -> Calibration:
        """Give what is known of traffic of which nothing is known."""
        return Calibration.fresh(self.prior)

    async def of(self, traffic: Traffic) -> Calibration:
        """Give what is known of *traffic*; where the store fails, what has come to light since the start."""
        kept = self._keep(traffic)
        if self._is_due(kept):
            with Surviving("calibration_store", self.events):
                async with asyncio.timeout(PATIENCE), kept.lock:
                    if self._is_due(kept):  # nobody else asked while this one waited for the lock
                        await self._reload(traffic, kept)
            kept.asked_at = self.clock.monotonic()
        return kept.calibration

    def has_loaded(self, traffic: Traffic) -> bool:
        """Tell whether the store has said what it knows of *traffic*."""
        return self._keep(traffic).revision is not None

    def note(self, traffic: Traffic, note: Note) -> None:
        """Let a fact count from now on."""
        kept = self._keep(traffic)
        note.tell(kept.calibration)
        if len(kept.unsaved) < UNSAVED:
            kept.unsaved.append(note)

    async def traffics(self, tenant: str) -> Sequence[Traffic]:
        """Give those of *tenant* of which something is known; raises ``CalibrationStoreUnavailable``."""
        stored = set(await self.store.traffics(tenant))
        here = {traffic for traffic, kept in self._kept.items() if traffic.tenant == tenant and kept.unsaved}
        return sorted(stored | here, key=lambda traffic: traffic.namespace)

    async def save(self) -> None:
        """Let the store know what it does not; a failure is noted, and the facts wait for the next time."""
        for traffic, kept in tuple(self._kept.items()):
            if kept.unsaved:
                await self.save_one(traffic)
        self._let_go()

    async def save_one(self, traffic: Traffic) -> None:
        """Let the store know of one traffic, and no other."""
        kept = self._keep(traffic)
        with Surviving("calibration_store", self.events):
            async with asyncio.timeout(LONGEST_SAVE), kept.lock:
                await self._save(traffic, kept)

    def _is_due(self, kept: _Kept) -> bool:
        return kept.revision is None and self.clock.monotonic() - kept.asked_at >= PATIENCE

    async def _save(self, traffic: Traffic, kept: _Kept) -> None:
        if kept.revision is None:
            await self._reload(traffic, kept)
        told = len(kept.unsaved)  # more may come to light while the store writes
        while not await self.store.save(traffic, kept.calibration, kept.revision or 0):
            await self._reload(traffic, kept)
            told = len(kept.unsaved)
        kept.revision = (kept.revision or 0) + 1
        del kept.unsaved[:told]

    async def _reload(self, traffic: Traffic, kept: _Kept) -> None:
        saved = await self.store.load(traffic, self.prior)
        if saved and not saved.is_whole:
            self.events.note(PartFailed("calibration_store", CalibrationDamaged(traffic)))
        kept.calibration = saved.calibration if saved else self.fresh
        kept.revision = saved.revision if saved else 0
        for note in kept.unsaved:
            note.tell(kept.calibration)

    def _keep(self, traffic: Traffic) -> _Kept:
        kept = self._kept.get(traffic)
        if kept is None:
            kept = self._kept[traffic] = _Kept(self.fresh)
        self._kept.move_to_end(traffic)
        return kept

    def _let_go(self) -> None:
        idle = [traffic for traffic, kept in self._kept.items() if not kept.unsaved]
        for traffic in idle[: max(0, len(self._kept) - KEPT)]:
            del self._kept[traffic]

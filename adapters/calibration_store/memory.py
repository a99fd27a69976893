"""Calibrations in memory: for tests, and for services that begin anew at every start."""

from collections.abc import Sequence

from attrs import field, frozen

from adapters.calibration_store.encoding import decode, encode
from domain.calibration import Calibration, CalibrationStore, Prior, Saved, Traffic


@frozen
class MemoryCalibrationStore(CalibrationStore):
    """Forgets all with the process. It keeps bytes: nobody can change what is in here."""

    _rows: dict[Traffic, tuple[int, bytes]] = field(factory=dict, init=False, repr=False)

    async def load(self, traffic: Traffic, prior: Prior) -> Saved | None:
        """Give a calibration of the caller's own."""
        if traffic not in self._rows:
            return None
        revision, value = self._rows[traffic]
        return decode(value, prior, revision)

    async def save(self, traffic: Traffic, calibration: Calibration, revision: int) -> bool:
        """Keep it, if *revision* is the one that is kept."""
        kept, _ = self._rows.get(traffic, (0, b""))
        if kept != revision:
            return False
        self._rows[traffic] = revision + 1, encode(calibration)
        return True

    async def traffics(self, tenant: str) -> Sequence[Traffic]:
        """Look at all: there are few."""
        return sorted((each for each in self._rows if each.tenant == tenant), key=lambda each: each.namespace)

    async def ping(self) -> None:
        """Memory is always there."""

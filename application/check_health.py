"""Ping every part that can be pinged."""

import asyncio
from collections.abc import Mapping, Sequence

from attrs import frozen

from domain.clock import Clock
from domain.health import PartHealth, Pingable


@frozen
class CheckHealth:
    """Asks all parts at once, and waits *patience* seconds for each at most."""

    parts: Mapping[str, Pingable]
    clock: Clock
    patience: float = 2.0

    async def __call__(self) -> Sequence[PartHealth]:
        """Give the health of each part, in the order they are named; it never fails."""
        return await asyncio.gather(*(self._ask(name, part) for name, part in self.parts.items()))

    async def _ask(self, name: str, part: Pingable) -> PartHealth:
        began = self.clock.monotonic()
        error = await self._complaint(part)
        return PartHealth(name, self.clock.monotonic() - began, error)

    async def _complaint(self, part: Pingable) -> str | None:
        try:
            async with asyncio.timeout(self.patience):
                await part.ping()
        except TimeoutError:
            return f"no answer within {self.patience:g} s"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we were asked to report
            return str(error) or type(error).__name__
        return None

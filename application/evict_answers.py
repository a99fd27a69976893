"""Keep memory within its size: the dead go first, then those that were idle longest."""

from attrs import frozen

from application.forget_answers import ForgetAnswers
from domain.catalogue import AnswerCatalogue
from domain.clock import Clock


@frozen
class EvictAnswers:
    """Removes what is past its lifetime, and what does not fit into *limit* bytes."""

    catalogue: AnswerCatalogue
    forget: ForgetAnswers
    clock: Clock
    limit: int

    async def make_room(self) -> None:
        """Evict when, and only when, memory is over its size."""
        if (await self.catalogue.measure()).size > self.limit:
            await self.sweep()

    async def sweep(self) -> None:
        """Evict the dead, and whatever else does not fit."""
        excess = (await self.catalogue.measure()).size - self.limit
        # A little more than needed, or the next answer would have to make room again.
        needed = excess + self.limit // 100 if excess > 0 else 0
        await self.forget(await self.catalogue.expendable(self.clock.now(), needed), cause="evicted")

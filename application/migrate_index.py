"""Move memory to the index of another embedder, while questions are answered from both."""

from collections.abc import Callable, Sequence

from attrs import frozen

from application.heal_memory import HealMemory
from domain.catalogue import AnswerCatalogue
from domain.succession import IndexShelf, Progress

PASSES = 3
"""So often at most are all answers gone through: what others remember meanwhile, healing finds later."""


@frozen
class Succession:
    """Whether the index of the *embedder* version that is configured is in use, or is to succeed another."""

    shelf: IndexShelf
    embedder: str

    async def origin(self) -> str | None:
        """Name the embedder whose index is in use instead of ours; ``None`` where ours is, or none."""
        used = await self.shelf.in_use()
        return None if used == self.embedder else used

    async def succeed(self) -> None:
        """Take ours into use."""
        await self.shelf.take_into_use(self.embedder)

    async def succeed_nobody(self) -> None:
        """Take ours into use where none is."""
        if await self.shelf.in_use() is None:
            await self.succeed()

    async def others(self) -> Sequence[str]:
        """Name the versions that have an index which is neither ours nor in use."""
        needed = {self.embedder, await self.shelf.in_use()}
        return [each for each in await self.shelf.versions() if each not in needed]

    async def remove(self, embedder: str) -> None:
        """Remove the index of another version."""
        await self.shelf.remove(embedder)


@frozen
class MigrateIndex:
    """
    Fills our index, and takes it into use when it knows all answers.

    Whoever is stopped goes on where they were: what is filed is filed.
    """

    heal: HealMemory
    catalogue: AnswerCatalogue
    succession: Succession

    async def __call__(self, tell: Callable[[Progress], None]) -> None:
        """
        Migrate; *tell* hears how far it is.

        Raises:
            Unavailable: a part fails; what was filed stays.
        """
        for _ in range(PASSES):
            total = (await self.catalogue.measure()).entries
            if not await self.heal(_telling(tell, total)):
                break
        await self.succession.succeed()


def _telling(tell: Callable[[Progress], None], total: int) -> Callable[[int], None]:
    """Tell of answers as progress; more may have been remembered since they were counted."""
    return lambda done: tell(Progress(done, max(done, total)))

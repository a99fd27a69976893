"""File answers under their meaning, so that they are found in other words."""

from collections.abc import Sequence

from attrs import frozen

from domain.entries import Entry
from domain.questions import normalise
from domain.similarity import Embedder, Point, VectorIndex


@frozen
class FileAnswers:
    """Files many at once; an embedding is made only where there is none. Raises what the embedder and the index do."""

    embedder: Embedder
    index: VectorIndex

    async def __call__(self, entries: Sequence[Entry]) -> None:
        """File *entries*, replacing those of the same fingerprint."""
        await self.index.upsert(await self.points(entries))

    async def points(self, entries: Sequence[Entry]) -> Sequence[Point]:
        """Give what is to be filed."""
        unknown = [normalise(each.answer.question) for each in entries if each.embedding is None]
        made = iter(await self.embedder.embed(unknown))
        return [Point(each.answer.fingerprint, each.answer.partition, each.embedding or next(made)) for each in entries]

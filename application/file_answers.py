"""File answers under their meaning, so that they are found in other words."""

from collections.abc import Sequence

from attrs import frozen

from domain.entries import Entry
from domain.questions import normalise
from domain.similarity import Embedder, Embedding, Point, VectorIndex


@frozen
class FileAnswers:
    """
    Files many at once, but not what is literal.

    An embedding is made where there is none, or one by another embedder. Raises what the two ports do.
    """

    embedder: Embedder
    index: VectorIndex

    async def __call__(self, entries: Sequence[Entry]) -> int:
        """File *entries*, replacing those of the same fingerprint; tell for how many an embedding was made."""
        await self.index.upsert(await self.points(entries))
        return sum(self._known(each) is None for each in _with_meaning(entries))

    async def points(self, entries: Sequence[Entry]) -> Sequence[Point]:
        """Give what is to be filed."""
        found = _with_meaning(entries)
        unknown = [normalise(each.answer.question) for each in found if self._known(each) is None]
        made = iter(await self.embedder.embed(unknown) if unknown else ())
        return [
            Point(each.answer.fingerprint, each.answer.partition, self._known(each) or next(made)) for each in found
        ]

    def _known(self, entry: Entry) -> Embedding | None:
        return entry.embedding if entry.embedder == self.embedder.version else None


def _with_meaning(entries: Sequence[Entry]) -> Sequence[Entry]:
    return [each for each in entries if not each.answer.literal]

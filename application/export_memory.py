"""Export a memory: all that is remembered, of everyone or of one tenant, to be kept or moved."""

from collections.abc import AsyncIterator, Mapping, Sequence

from attrs import frozen

from application.follow_purges import KnownPurges
from application.go_through import PAGE, Names, pages, slices
from domain.caching import AnswerCache
from domain.catalogue import AnswerCatalogue, Selection
from domain.entries import Entry
from domain.purging import Purge
from domain.questions import Fingerprint
from domain.similarity import Embedder, Embedding, VectorCatalogue


@frozen
class FiledMeanings:
    """The vectors as they are filed, and who made them."""

    vectors: VectorCatalogue
    embedder: Embedder

    async def of(self, names: Names) -> Mapping[Fingerprint, Embedding]:
        """Give the embeddings of those that are filed."""
        points = await self.vectors.read(names) if names else ()
        return {each.fingerprint: each.embedding for each in points}


@frozen
class ExportMemory:
    """
    Gives entries page by page, and holds no more than a page; *meanings* are absent where only exact hits are wanted.

    Others may write meanwhile: what they add may be missing, and what they purge is among the purges that are given
    afterwards. Raises what the ports do.
    """

    cache: AnswerCache
    catalogue: AnswerCatalogue
    meanings: FiledMeanings | None
    known: KnownPurges

    async def count(self, tenant: str | None = None) -> int:
        """Tell how many entries there are."""
        return (await self.catalogue.measure(tenant)).entries

    async def purges(self, tenant: str | None = None) -> Sequence[Purge]:
        """Give the purges that are known, in order."""
        await self.known.catch_up()
        return [each for each in self.known.bans.known if tenant in {None, each.tenant}]

    async def entries(self, tenant: str | None = None) -> AsyncIterator[Sequence[Entry]]:
        """Give the entries, less those that were purged."""
        async for names in self._names(tenant):
            yield await self._read(names)

    async def _names(self, tenant: str | None) -> AsyncIterator[Names]:
        if tenant is None:
            async for page in pages(self.catalogue.page):
                yield page
        else:
            for some in slices(await self.catalogue.select(Selection(tenant)), PAGE):
                yield some

    async def _read(self, names: Names) -> Sequence[Entry]:
        answers = await self.cache.get(names)
        if not self.meanings:
            return [Entry(each) for each in answers.values()]
        embeddings, version = await self.meanings.of(tuple(answers)), self.meanings.embedder.version
        return [Entry(each, embeddings.get(name), version) for name, each in answers.items()]

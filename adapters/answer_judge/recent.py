"""Embeddings of the answers that were judged last: a popular one is judged often."""

from collections import OrderedDict
from collections.abc import Sequence

from attrs import field, frozen

from domain.similarity import Embedder, Embedding


@frozen
class RecentEmbeddings:
    """Asks *embedder* for what is not among the last *limit* texts that were asked for."""

    embedder: Embedder
    limit: int = 256
    _known: OrderedDict[str, Embedding] = field(factory=OrderedDict, init=False, repr=False)

    async def of(self, texts: Sequence[str]) -> list[Embedding]:
        """Give the embedding of each; raises ``EmbedderUnavailable``."""
        known = {text: self._known[text] for text in texts if text in self._known}
        unknown = [text for text in dict.fromkeys(texts) if text not in known]
        if unknown:
            known |= zip(unknown, await self.embedder.embed(unknown), strict=True)
        for text in texts:
            self._keep(text, known[text])
        return [known[text] for text in texts]

    def _keep(self, text: str, embedding: Embedding) -> None:
        self._known[text] = embedding
        self._known.move_to_end(text)
        while len(self._known) > self.limit:
            self._known.popitem(last=False)

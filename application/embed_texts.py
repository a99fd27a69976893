"""Give others the embeddings that memory works with."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from domain.errors import FieldProblem, Malformed
from domain.questions import check_text
from domain.similarity import Embedder, Embedding


@frozen
class EmbedTexts:
    """Embeds texts as they are, whole or not at all."""

    embedder: Embedder

    async def __call__(self, texts: Sequence[str]) -> Sequence[Embedding]:
        """
        Give one embedding for each of *texts*, in order.

        Raises:
            Malformed: a text is none, or longer than the model reads; it is named ``input[3]``, say.
            EmbedderUnavailable: none can be made.
        """
        for place, text in enumerate(texts):
            check_text(f"input[{place}]", text)
        embeddings = await self.embedder.embed(texts)
        if problems := tuple(_too_long(embeddings)):
            raise Malformed(*problems)
        return embeddings


def _too_long(embeddings: Sequence[Embedding]) -> Iterator[FieldProblem]:
    for place, each in enumerate(embeddings):
        if each.truncated:
            told = f"is longer than the {each.tokens} tokens that this model reads; send it in parts"
            yield FieldProblem(f"input[{place}]", told)

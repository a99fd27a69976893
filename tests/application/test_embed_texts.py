"""Embeddings for others."""

from collections.abc import Sequence

import pytest
from attrs import evolve

from adapters.embedder.hashing import HashingEmbedder
from application.embed_texts import EmbedTexts
from domain.errors import Malformed
from domain.similarity import Embedding


class ShortSighted(HashingEmbedder):
    """Reads three words."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        made = await super().embed(texts)
        return [evolve(each, tokens=3, truncated=len(text.split()) > 3) for each, text in zip(made, texts, strict=True)]


async def test_each_text_has_its_embedding() -> None:
    embedder = HashingEmbedder()
    assert await EmbedTexts(embedder)(["one", "two"]) == await embedder.embed(["one", "two"])


@pytest.mark.parametrize("text", [" ", "one two three four"])
async def test_a_text_that_cannot_be_embedded_as_a_whole_is_named(text: str) -> None:
    with pytest.raises(Malformed, match=r"input\[1\]: "):
        await EmbedTexts(ShortSighted())(["one", text])

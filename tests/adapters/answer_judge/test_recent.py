"""Embeddings of the answers that were judged last."""

import asyncio
from collections.abc import Sequence

from attrs import field, frozen

from adapters.answer_judge.recent import RecentEmbeddings
from adapters.embedder.hashing import HashingEmbedder
from domain.similarity import Embedding


@frozen
class CountingEmbedder(HashingEmbedder):
    """Counts what it embeds."""

    texts: list[str] = field(factory=list)

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        self.texts.extend(texts)
        return await super().embed(texts)


async def test_each_text_gets_its_embedding_in_order() -> None:
    recent = RecentEmbeddings(HashingEmbedder())
    await recent.of(["two"])

    assert await recent.of(["one", "two", "one"]) == await HashingEmbedder().embed(["one", "two", "one"])


async def test_a_text_is_embedded_once() -> None:
    embedder = CountingEmbedder()
    recent = RecentEmbeddings(embedder)

    await recent.of(["one", "one"])
    await recent.of(["one", "two"])

    assert embedder.texts == ["one", "two"]


async def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    embedder = CountingEmbedder()
    recent = RecentEmbeddings(embedder, limit=2)

    for text in ("one", "two", "one", "three", "one", "two"):
        await recent.of([text])

    assert embedder.texts == ["one", "two", "three", "two"]


async def test_those_who_ask_together_get_theirs_even_when_there_is_room_for_one() -> None:
    recent = RecentEmbeddings(HashingEmbedder(), limit=1)
    await recent.of(["one"])

    together = await asyncio.gather(recent.of(["one", "two"]), recent.of(["three", "four"]), recent.of(["one", "five"]))

    assert [len(each) for each in together] == [2, 2, 2]

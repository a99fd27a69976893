"""Two indexes are read while one succeeds the other, and what two embedders made never meets."""

import asyncio
from collections.abc import Sequence

import pytest
from attrs import define, evolve, field

from adapters.answer_cache.memory import MemoryAnswerCache
from adapters.embedder.hashing import HashingEmbedder
from adapters.vector_index.memory import MemoryVectorIndex
from application import bridge_indexes
from application.bridge_indexes import BridgedIndex
from application.file_answers import FileAnswers
from domain.events import PartFailed
from domain.questions import Compatibility, Fingerprint
from domain.similarity import Embedder, Embedding, Neighbour, Point, Search, VectorIndex
from domain.succession import FormerIndex
from tests.builders import a_fingerprint, a_stored_answer
from tests.doubles import RecordingEvents

HERE, ELSEWHERE = Compatibility("c" * 64), Compatibility("e" * 64)
OLD, NEW = HashingEmbedder(64), HashingEmbedder(256)
"""Of different dimensions: whoever compared what both made would fail."""


@define
class Counting(Embedder):
    """Counts what is embedded."""

    embedder: Embedder
    texts: list[str] = field(factory=list)

    @property
    def version(self) -> str:
        return self.embedder.version

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        self.texts += texts
        return await self.embedder.embed(texts)


@define
class Stage:
    """A bridge between the indexes of two embedders, over answers that only the former knows by their meaning."""

    cache: MemoryAnswerCache = field(factory=MemoryAnswerCache)
    old: MemoryVectorIndex = field(factory=MemoryVectorIndex)
    new: MemoryVectorIndex = field(factory=MemoryVectorIndex)
    by_old: Counting = field(factory=lambda: Counting(OLD))
    by_new: Counting = field(factory=lambda: Counting(NEW))
    events: RecordingEvents = field(factory=RecordingEvents)
    bridge: BridgedIndex = field()

    @bridge.default
    def _bridge(self) -> BridgedIndex:
        bridge = BridgedIndex(self.new, self.new, FileAnswers(self.by_new, self.new), self.cache, self.events)
        bridge.former = FormerIndex(self.by_old, self.old)
        return bridge

    async def remember(self, number: int, question: str, partition: Compatibility = HERE) -> None:
        await self.cache.put([a_stored_answer(number, question=question, partition=partition)])
        (embedding,) = await OLD.embed([question])
        await self.old.upsert([Point(a_fingerprint(number), partition, embedding)])

    async def search(self, *asked: str, limit: int = 3, partition: Compatibility = HERE) -> list[list[Neighbour]]:
        embeddings = await NEW.embed(asked)
        searches = [Search(partition, made, text) for text, made in zip(asked, embeddings, strict=True)]
        return [list(each) for each in await self.bridge.search(searches, limit)]


@pytest.fixture
async def stage() -> Stage:
    stage = Stage()
    await stage.remember(1, "how do i reset my password")
    await stage.remember(2, "when do you close on fridays")
    return stage


def names(found: Sequence[Neighbour]) -> list[Fingerprint]:
    return [each.fingerprint for each in found]


async def test_what_only_the_former_index_knows_is_found_with_the_similarity_of_the_present_embedder(
    stage: Stage,
) -> None:
    (found,) = await stage.search("how can i reset my password")

    one, other = await NEW.embed(["how can i reset my password", "how do i reset my password"])
    assert names(found) == [a_fingerprint(1), a_fingerprint(2)]
    assert found[0].similarity == pytest.approx(one.similarity(other))


async def test_what_was_found_once_is_here_from_then_on(stage: Stage) -> None:
    await stage.search("how can i reset my password")
    assert list(await stage.new.page(None, 9)) == [a_fingerprint(1), a_fingerprint(2)]
    stage.by_new.texts.clear()

    assert len((await stage.search("how can i reset my password"))[0]) == 2
    assert stage.by_new.texts == []


async def test_what_is_here_but_not_near_enough_is_not_embedded_again(stage: Stage) -> None:
    await stage.search("how can i reset my password")
    stage.by_new.texts.clear()

    assert [len(each) for each in await stage.search("how can i reset my password", limit=1)] == [1]
    assert stage.by_new.texts == []


async def test_both_are_ranked_together_and_cut_to_the_limit(stage: Stage) -> None:
    await stage.remember(3, "how can i reset my password quickly")
    (embedding,) = await NEW.embed(["how do i reset my password"])
    await stage.new.upsert([Point(a_fingerprint(1), HERE, embedding)])

    (found,) = await stage.search("how can i reset my password", limit=2)

    assert names(found) == [a_fingerprint(3), a_fingerprint(1)]
    assert found[0].similarity > found[1].similarity


async def test_no_search_leaves_its_partition(stage: Stage) -> None:
    await stage.remember(4, "how can i reset my password", ELSEWHERE)

    assert names((await stage.search("how can i reset my password", partition=ELSEWHERE))[0]) == [a_fingerprint(4)]
    assert a_fingerprint(4) not in names((await stage.search("how can i reset my password"))[0])


async def test_an_answer_that_is_gone_is_not_proposed(stage: Stage) -> None:
    await stage.cache.remove([a_fingerprint(1)])

    assert names((await stage.search("how can i reset my password"))[0]) == [a_fingerprint(2)]


async def test_a_batch_is_searched_as_well(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_indexes, "TOGETHER", 2)
    found = await stage.search(*["how can i reset my password", "when do you close"] * 3, limit=1)

    assert [names(each) for each in found] == [[a_fingerprint(1)], [a_fingerprint(2)]] * 3
    assert sorted(stage.by_new.texts) == ["how do i reset my password", "when do you close on fridays"]
    assert await stage.search() == []


async def test_only_so_many_are_brought_over_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_indexes, "MOST", 1)

    assert names((await stage.search("how can i reset my password"))[0]) == [a_fingerprint(1)]
    assert len((await stage.search("how can i reset my password"))[0]) == 2


async def test_an_empty_former_index_proposes_nothing() -> None:
    assert await Stage().search("how can i reset my password") == [[]]


async def test_without_a_former_index_only_the_present_one_is_asked(stage: Stage) -> None:
    stage.bridge.former = None

    assert await stage.search("how can i reset my password") == [[]]
    assert stage.by_old.texts == []


@define
class Broken(MemoryVectorIndex):
    """Fails, or hangs."""

    hangs: bool

    async def search(self, searches: Sequence[Search], limit: int) -> Sequence[Sequence[Neighbour]]:
        await self._undergo()
        return []

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        await self._undergo()

    async def _undergo(self) -> None:
        if self.hangs:
            await asyncio.sleep(60)
        raise OSError("no such collection")


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_former_index_that_fails_or_hangs_proposes_nothing(stage: Stage, hangs: bool) -> None:
    (embedding,) = await NEW.embed(["how do i reset my password"])
    await stage.new.upsert([Point(a_fingerprint(1), HERE, embedding)])
    broken: VectorIndex = Broken(hangs)
    stage.bridge.former = evolve(stage.bridge.former, index=broken) if stage.bridge.former else None
    stage.bridge.patience = 0.05

    async with asyncio.timeout(1):
        assert names((await stage.search("how can i reset my password"))[0]) == [a_fingerprint(1)]
        await stage.bridge.remove([a_fingerprint(1)])

    assert list(await stage.new.page(None, 9)) == []
    failures = [each for each in stage.events.events if isinstance(each, PartFailed)]
    assert [each.part for each in failures] == ["former_index", "former_index"]


async def test_what_is_filed_is_filed_here(stage: Stage) -> None:
    (embedding,) = await NEW.embed(["how do i pay"])
    await stage.bridge.upsert([Point(a_fingerprint(5), HERE, embedding)])

    assert list(await stage.new.page(None, 9)) == [a_fingerprint(5)]
    assert a_fingerprint(5) not in await stage.old.page(None, 9)


async def test_what_is_forgotten_is_forgotten_in_both(stage: Stage) -> None:
    await stage.search("how can i reset my password")
    await stage.bridge.remove([a_fingerprint(1)])

    assert list(await stage.new.page(None, 9)) == [a_fingerprint(2)]
    assert list(await stage.old.page(None, 9)) == [a_fingerprint(2)]

    stage.bridge.former = None
    await stage.bridge.remove([a_fingerprint(2)])
    assert list(await stage.old.page(None, 9)) == [a_fingerprint(2)]

import asyncio
from collections.abc import Sequence

import pytest

from application.gather_calls import Gathering, GatheringAnswerCache, GatheringEmbedder, GatheringVectorIndex
from domain.questions import Compatibility
from domain.similarity import Point, Search
from tests.builders import a_fingerprint, a_stored_answer, an_embedding
from tests.doubles import RecordingAnswerCache, RecordingEmbedder, RecordingVectorIndex

HERE = Compatibility("here")


class Doubling:
    """Doubles numbers, when it may."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may = asyncio.Event()
        self.given_up = 0
        self.trouble: Exception | None = None

    async def __call__(self, numbers: Sequence[int]) -> dict[int, int]:
        self.calls.append(list(numbers))
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.trouble:
            raise self.trouble
        return {each: 2 * each for each in numbers}


@pytest.fixture
def doubling() -> Doubling:
    return Doubling()


@pytest.fixture
def gathering(doubling: Doubling) -> Gathering[int, dict[int, int]]:
    return Gathering(doubling)


class TestGathering:
    async def test_calls_of_one_turn_are_made_as_one(self, doubling: Doubling, gathering: Gathering) -> None:
        doubling.may.set()

        found = await asyncio.gather(*[gathering([each]) for each in range(256)])

        assert [one[number] for number, one in enumerate(found)] == [2 * each for each in range(256)]
        assert doubling.calls == [list(range(256))]

    async def test_those_who_asked_together_ask_together_again(self, doubling: Doubling, gathering: Gathering) -> None:
        doubling.may.set()

        async def ask_twice(number: int) -> int:
            once = (await gathering([number]))[number]
            return (await gathering([once]))[once]

        assert await asyncio.gather(ask_twice(1), ask_twice(3)) == [4, 12]
        assert doubling.calls == [[1, 3], [2, 6]]

    async def test_who_comes_in_a_later_turn_waits_for_nobody(self, doubling: Doubling, gathering: Gathering) -> None:
        early = asyncio.create_task(gathering([1]))
        await _turns(3)
        late = asyncio.create_task(gathering([2]))
        await _turns(3)
        doubling.may.set()

        assert ((await early)[1], (await late)[2]) == (2, 4)
        assert doubling.calls == [[1], [2]]

    async def test_an_error_reaches_everyone_who_took_part(self, doubling: Doubling, gathering: Gathering) -> None:
        doubling.trouble = OSError("no space left on device")
        doubling.may.set()

        found = await asyncio.gather(gathering([1]), gathering([2]), return_exceptions=True)

        assert found == [doubling.trouble, doubling.trouble]

    async def test_who_leaves_disturbs_nobody(self, doubling: Doubling, gathering: Gathering) -> None:
        leaving, staying = asyncio.create_task(gathering([1])), asyncio.create_task(gathering([2]))
        await _turns(3)
        leaving.cancel()
        await _turns(3)
        doubling.may.set()

        assert (await staying)[2] == 4
        assert doubling.given_up == 0

    async def test_when_all_have_left_the_call_ends_before_they_go_on(
        self, doubling: Doubling, gathering: Gathering
    ) -> None:
        async def ask_impatiently() -> None:
            async with asyncio.timeout(0.01):
                await gathering([1])

        found = await asyncio.gather(ask_impatiently(), ask_impatiently(), return_exceptions=True)

        assert [type(each) for each in found] == [TimeoutError, TimeoutError]
        assert (doubling.calls, doubling.given_up) == ([[1, 1]], 1)

    async def test_who_comes_when_all_have_left_is_not_turned_away(
        self, doubling: Doubling, gathering: Gathering
    ) -> None:
        leaving = asyncio.create_task(gathering([1]))
        await _turns(1)
        leaving.cancel()
        coming = asyncio.create_task(gathering([2]))
        doubling.may.set()

        assert (await coming)[2] == 4
        assert leaving.cancelled()


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


class TestGatheringAnswerCache:
    async def test_each_gets_what_it_asked_for_and_a_name_is_looked_up_once(self) -> None:
        behind = RecordingAnswerCache()
        cache = GatheringAnswerCache(behind)
        await cache.put([a_stored_answer(number) for number in (1, 2)])

        names = [a_fingerprint(number) for number in (1, 2, 3)]
        found = await asyncio.gather(cache.get(names[:1]), cache.get(names), cache.get(names[2:]), cache.get(()))

        assert [list(each) for each in found] == [names[:1], names[:2], [], []]
        assert behind.asked == [tuple(names)]

    async def test_all_else_is_passed_on(self) -> None:
        behind = RecordingAnswerCache()
        cache = GatheringAnswerCache(behind)
        await cache.put([a_stored_answer(1)])
        await cache.touch(a_fingerprint(1), 7.0)
        assert (await behind.measure()).accesses == 1

        await cache.remove([a_fingerprint(1)])
        assert (await behind.measure()).entries == 0


class TestGatheringEmbedder:
    async def test_each_gets_its_embeddings_and_a_text_is_embedded_once(self) -> None:
        behind = RecordingEmbedder()
        embedder = GatheringEmbedder(behind)

        one, other = await asyncio.gather(embedder.embed(["apple", "pear"]), embedder.embed(["pear"]))

        assert behind.asked == [("apple", "pear")]
        assert [*one, *other] == [*await behind.embed(["apple", "pear", "pear"])]

    async def test_it_is_what_it_stands_for(self) -> None:
        embedder = GatheringEmbedder(RecordingEmbedder())
        assert (embedder.version, embedder.dimensions) == (embedder.embedder.version, embedder.embedder.dimensions)


class TestGatheringVectorIndex:
    async def test_each_gets_its_neighbours(self) -> None:
        behind = RecordingVectorIndex()
        index = GatheringVectorIndex(behind)
        await index.upsert([Point(a_fingerprint(1), HERE, an_embedding(1, 0)), _point(2, 0, 1)])

        right, up = Search(HERE, an_embedding(1, 0)), Search(HERE, an_embedding(0, 1))
        found = await asyncio.gather(index.search([right], 1), index.search([up, right], 1), index.search([up], 1))

        names = [[each.fingerprint for (each,) in one] for one in found]
        assert names == [[a_fingerprint(1)], [a_fingerprint(2), a_fingerprint(1)], [a_fingerprint(2)]]
        assert len(behind.asked) == 1

    async def test_who_wants_more_neighbours_asks_apart(self) -> None:
        behind = RecordingVectorIndex()
        index = GatheringVectorIndex(behind)
        await index.upsert([_point(1, 1, 0), _point(2, 0, 1)])

        search = Search(HERE, an_embedding(1, 0))
        (few,), (many,) = await asyncio.gather(index.search([search], 1), index.search([search], 2))

        assert (len(few), len(many), len(behind.asked)) == (1, 2, 2)

    async def test_a_removal_is_passed_on(self) -> None:
        behind = RecordingVectorIndex()
        index = GatheringVectorIndex(behind)
        await index.upsert([_point(1, 1, 0)])
        await index.remove([a_fingerprint(1)])
        assert list(await behind.page(None, 10)) == []


def _point(number: int, *components: float) -> Point:
    return Point(a_fingerprint(number), HERE, an_embedding(*components))

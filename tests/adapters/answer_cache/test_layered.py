"""The races of a fast cache in front of a slow one: whoever comes last, nothing old comes back."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import permutations

import pytest
from attrs import define, field, frozen

from adapters.answer_cache.layered import LayeredAnswerCache
from adapters.answer_cache.memory import MemoryAnswerCache
from domain.caching import AnswerCache, AnswerCacheUnavailable, StoredAnswer
from domain.questions import Fingerprint
from tests.builders import a_completion, a_fingerprint, a_stored_answer

NAME = a_fingerprint(1)


@frozen
class Call:
    """A call that waits in the back: let it do its work, let it return, or fail it before or after its work."""

    kind: str
    works: asyncio.Event = field(factory=asyncio.Event)
    returns: asyncio.Event = field(factory=asyncio.Event)
    failures: list[Exception] = field(factory=list)

    def fail(self) -> None:
        self.failures.append(AnswerCacheUnavailable("as told"))


@define
class SlowCache(AnswerCache):
    """A cache in which every call waits until the test lets it work, and again until it lets it return."""

    kept: MemoryAnswerCache = field(factory=MemoryAnswerCache)
    calls: list[Call] = field(factory=list)

    async def get(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, StoredAnswer]:
        found: list[Mapping[Fingerprint, StoredAnswer]] = []

        async def work() -> None:
            found.append(await self.kept.get(fingerprints))

        await self._wait("get", work)
        return found[0]

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        await self._wait("put", lambda: self.kept.put(answers))

    async def remove(self, fingerprints: Sequence[Fingerprint]) -> None:
        await self._wait("remove", lambda: self.kept.remove(fingerprints))

    async def touch(self, fingerprint: Fingerprint, now: float) -> None:
        await self.kept.touch(fingerprint, now)

    async def _wait(self, kind: str, work: Callable[[], Awaitable[None]]) -> None:
        call = Call(kind)
        self.calls.append(call)
        await call.works.wait()
        await work()
        await call.returns.wait()
        if call.failures:
            raise call.failures[0]


def saying(text: str, number: int = 1) -> StoredAnswer:
    return a_stored_answer(number, completion=a_completion(text))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@define
class Race:
    """A layered cache over a slow one, whose calls are told by their order."""

    back: SlowCache = field(factory=SlowCache)
    front: MemoryAnswerCache = field(factory=MemoryAnswerCache)
    cache: LayeredAnswerCache = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.cache = LayeredAnswerCache(self.front, self.back)

    async def begin(self, doing: Awaitable[object]) -> tuple["asyncio.Future[object]", Call]:
        task = asyncio.ensure_future(doing)
        await settle()
        return task, self.back.calls[-1]

    async def in_front(self) -> str | None:
        found = await self.front.get([NAME])
        return found[NAME].completion.text if found else None


async def let(*events: asyncio.Event) -> None:
    for event in events:
        event.set()
        await settle()


async def test_what_the_front_has_is_given_without_the_back() -> None:
    race = Race()
    await race.front.put([saying("near")])

    assert await race.cache.get([NAME, NAME]) == {NAME: saying("near")}
    assert race.back.calls == []


async def test_only_what_the_front_does_not_have_is_asked_of_the_back() -> None:
    race = Race()
    await race.front.put([saying("near")])
    await race.back.kept.put([saying("stale"), saying("far", 2)])

    read, call = await race.begin(race.cache.get([NAME, a_fingerprint(2)]))
    await let(call.works, call.returns)

    assert await read == {NAME: saying("near"), a_fingerprint(2): saying("far", 2)}
    assert await race.front.get([a_fingerprint(2)]) == {a_fingerprint(2): saying("far", 2)}


async def test_a_read_in_flight_while_the_answer_is_removed_does_not_bring_it_back() -> None:
    race = Race()
    await race.back.kept.put([saying("old")])

    read, get = await race.begin(race.cache.get([NAME]))
    await let(get.works)
    gone, remove = await race.begin(race.cache.remove([NAME]))
    await let(remove.works, remove.returns)
    await gone
    await let(get.returns)

    await read
    assert await race.in_front() is None


async def test_a_read_that_overtakes_a_removal_does_not_bring_it_back() -> None:
    race = Race()
    await race.back.kept.put([saying("old")])

    gone, remove = await race.begin(race.cache.remove([NAME]))
    read, get = await race.begin(race.cache.get([NAME]))
    await let(get.works, get.returns)
    await read
    await let(remove.works, remove.returns)

    await gone
    assert await race.in_front() is None


async def test_a_read_that_overtakes_a_replacement_does_not_leave_the_older_answer() -> None:
    race = Race()
    await race.back.kept.put([saying("old")])

    written, put = await race.begin(race.cache.put([saying("new")]))
    read, get = await race.begin(race.cache.get([NAME]))
    await let(get.works, get.returns)
    await read
    await let(put.works, put.returns)

    await written
    assert await race.in_front() in {"new", None}


@pytest.mark.parametrize("worked", [True, False])
async def test_after_a_replacement_that_failed_the_front_claims_nothing(worked: bool) -> None:
    race = Race()
    await race.back.kept.put([saying("old")])

    written, put = await race.begin(race.cache.put([saying("new")]))
    read, get = await race.begin(race.cache.get([NAME]))
    await let(get.works, get.returns)
    await read
    put.fail()
    await let(put.works, put.returns) if worked else written.cancel()
    await settle()

    with pytest.raises((AnswerCacheUnavailable, asyncio.CancelledError)):
        await written
    assert await race.in_front() is None


async def test_a_removal_that_failed_is_one_in_front() -> None:
    race = Race()
    await race.front.put([saying("near")])

    gone, remove = await race.begin(race.cache.remove([NAME]))
    remove.fail()
    await let(remove.works, remove.returns)

    with pytest.raises(AnswerCacheUnavailable):
        await gone
    assert await race.in_front() is None


async def test_a_change_of_one_answer_keeps_no_other_from_coming_forward() -> None:
    race = Race()
    await race.back.kept.put([saying("old"), saying("another", 2)])

    read, get = await race.begin(race.cache.get([NAME, a_fingerprint(2)]))
    gone, remove = await race.begin(race.cache.remove([NAME]))
    await let(get.works, remove.works, remove.returns, get.returns)
    await asyncio.gather(read, gone)

    assert await race.front.get([NAME, a_fingerprint(2)]) == {a_fingerprint(2): saying("another", 2)}


async def test_reads_at_the_same_time_all_come_forward() -> None:
    race = Race()
    await race.back.kept.put([saying(str(number), number) for number in range(10)])

    reads = [await race.begin(race.cache.get([a_fingerprint(number)])) for number in range(10)]
    for _, call in reads:
        await let(call.works)
    for read, call in reads:
        await let(call.returns)
        await read

    assert len(await race.front.get([a_fingerprint(number) for number in range(10)])) == 10


async def test_hits_are_counted_behind() -> None:
    race = Race()
    await race.back.kept.put([saying("it")])
    await race.front.put([saying("it")])

    await race.cache.touch(NAME, 1_000_001.0)

    assert (await race.back.kept.measure()).accesses == 1


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
async def test_in_whatever_order_the_back_works_and_returns_the_front_agrees_with_it_in_the_end(
    order: tuple[int, ...],
) -> None:
    for seed in range(6):
        race = Race()
        await race.back.kept.put([saying("old")])
        begun = [
            await race.begin(doing)
            for doing in (
                race.cache.get([NAME]),
                race.cache.put([saying("new")]),
                race.cache.get([NAME]),
                race.cache.put([saying("newest")]) if seed % 2 else race.cache.remove([NAME]),
            )
        ]
        for number in order:
            await let(begun[number][1].works)
        for number in random.Random(seed).sample(range(4), 4):  # noqa: S311 - an example, no secret
            await let(begun[number][1].returns)
        await asyncio.gather(*(task for task, _ in begun))

        behind = await race.back.kept.get([NAME])
        assert await race.in_front() in {None, *(each.completion.text for each in behind.values())}


async def test_what_others_write_behind_is_seen_when_the_front_trusts_its_copy_no_more() -> None:
    back = MemoryAnswerCache()
    cache = LayeredAnswerCache(MemoryAnswerCache(trust=0.1), back)
    await cache.put([a_stored_answer(1)])
    await back.remove([a_fingerprint(1)])
    await back.put([a_stored_answer(2)])
    assert set(await cache.get([a_fingerprint(1), a_fingerprint(2)])) == {a_fingerprint(1), a_fingerprint(2)}

    await asyncio.sleep(0.12)
    assert set(await cache.get([a_fingerprint(1), a_fingerprint(2)])) == {a_fingerprint(2)}
    await back.put([a_stored_answer(2, tags=("new",))])
    assert (await cache.get([a_fingerprint(2)]))[a_fingerprint(2)].tags == ()
    await asyncio.sleep(0.12)
    assert (await cache.get([a_fingerprint(2)]))[a_fingerprint(2)].tags == ("new",)

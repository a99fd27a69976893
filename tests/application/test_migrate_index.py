"""Memory moves to the index of another embedder, from wherever it was stopped."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from attrs import define, field

from adapters.vector_index.memory import MemoryIndexShelf, MemoryVectorIndex
from application import heal_memory
from application.file_answers import FileAnswers
from application.heal_memory import HealMemory
from application.migrate_index import MigrateIndex, Succession
from domain.questions import Fingerprint
from domain.similarity import Point, VectorIndexUnavailable
from domain.succession import Progress
from tests.builders import a_fingerprint, a_stored_answer
from tests.core import Core

OLD, NEW = "old/1", "new/1"


async def nothing() -> None:
    """Do nothing."""


@define
class Failing(MemoryVectorIndex):
    """Has room for so many points, and lets something happen behind each batch of them."""

    room: int
    batches: list[int] = field(factory=list)
    then: Callable[[], Awaitable[None]] = nothing

    def __attrs_pre_init__(self) -> None:
        MemoryVectorIndex.__init__(self)

    async def upsert(self, points: Sequence[Point]) -> None:
        if sum(self.batches) + len(points) > self.room:
            raise VectorIndexUnavailable("no space left on device")
        self.batches.append(len(points))
        await super().upsert(points)
        await self.then()


@define
class Stage:
    index: Failing = field(factory=lambda: Failing(1_000))
    shelf: MemoryIndexShelf = field(factory=lambda: MemoryIndexShelf(OLD))
    told: list[Progress] = field(factory=list)
    start: Fingerprint = field(factory=lambda: a_fingerprint(0))
    core: Core = field()

    @core.default
    def _core(self) -> Core:
        return Core(index=self.index)

    @property
    def succession(self) -> Succession:
        return Succession(self.shelf, NEW)

    @property
    def heal(self) -> HealMemory:
        core = self.core
        filing = FileAnswers(core.embedder, self.index)
        return HealMemory(core.cache, core.cache, self.index, filing, core.forget, lambda: self.start)

    async def migrate(self) -> None:
        await MigrateIndex(self.heal, self.core.cache, self.succession)(self.told.append)

    async def remember(self, *numbers: int) -> None:
        await self.core.cache.put([a_stored_answer(each, question=f"question {each}") for each in numbers])

    async def filed(self) -> list[int]:
        return [int(each, 16) for each in await self.index.page(None, 10_000)]


async def test_all_answers_are_filed_and_then_the_index_is_in_use() -> None:
    stage = Stage()
    await stage.remember(*range(1, 301))

    await stage.migrate()

    assert await stage.filed() == list(range(1, 301))
    assert await stage.shelf.in_use() == NEW


async def test_how_far_it_is_is_told() -> None:
    stage = Stage()
    await stage.remember(*range(1, 301))

    await stage.migrate()

    first = stage.told[: stage.told.index(Progress(300, 300)) + 1]
    assert [each.done for each in first] == sorted(each.done for each in first)
    assert {each.total for each in first} == {300}
    assert len(first) > 4


async def test_one_that_was_stopped_goes_on_where_it_was() -> None:
    stage = Stage(index=Failing(150))
    await stage.remember(*range(1, 301))
    with pytest.raises(VectorIndexUnavailable, match="no space left"):
        await stage.migrate()
    assert await stage.shelf.in_use() == OLD
    assert sum(stage.index.batches) == 128

    stage.index.room = 1_000
    stage.told.clear()
    await stage.migrate()

    assert sum(stage.index.batches) == 300
    assert stage.told[0].done == 128
    assert await stage.shelf.in_use() == NEW


@pytest.mark.parametrize(("late", "found"), [(1, 1), (9, 2)])
async def test_what_is_remembered_meanwhile_is_found_by_the_next_pass_but_nobody_runs_after_it_for_ever(
    late: int, found: int
) -> None:
    stage = Stage()
    await stage.remember(10)
    numbers = iter(range(1, late + 1))

    async def remember_one_more() -> None:
        if number := next(numbers, None):
            await stage.remember(number)

    stage.index.then = remember_one_more
    await stage.migrate()

    assert await stage.filed() == [*range(1, found + 1), 10]
    assert await stage.shelf.in_use() == NEW


@pytest.mark.parametrize("start", [0, 1, 150, 299, 300, 9_999])
async def test_wherever_it_begins_it_comes_around(start: int) -> None:
    stage = Stage(start=a_fingerprint(start))
    await stage.remember(*range(1, 301))
    await stage.index.upsert([Point(a_fingerprint(700), a_stored_answer().partition, (await _embedding(stage)))])

    assert await stage.heal() == 300
    assert await stage.filed() == list(range(1, 301))


async def _embedding(stage: Stage) -> object:
    return (await stage.core.embedder.embed(["an orphan"]))[0]


async def test_two_that_work_at_once_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heal_memory, "PAGE", 16)
    stage = Stage()
    await stage.remember(*range(1, 301))
    one, other = stage.heal, Stage(index=stage.index, core=stage.core, start=a_fingerprint(150)).heal

    assert await one() == 300
    assert await other() == 0


async def test_places_to_begin_lie_all_over() -> None:
    assert len({heal_memory.anywhere() for _ in range(100)}) == 100
    assert len(heal_memory.anywhere()) == 64


class TestSuccession:
    async def test_where_none_is_in_use_ours_is(self) -> None:
        stage = Stage(shelf=MemoryIndexShelf(OLD))
        await stage.succession.succeed_nobody()
        assert await stage.succession.origin() == OLD

        shelf = Unused(NEW)
        await Succession(shelf, NEW).succeed_nobody()
        assert await Succession(shelf, NEW).origin() is None
        assert await shelf.in_use() == NEW

    async def test_the_others_can_be_removed_but_not_the_one_in_use(self) -> None:
        stage = Stage()
        for each in (NEW, "older/1"):
            stage.shelf.hold(each)
        assert list(await stage.succession.others()) == ["older/1"]

        await stage.succession.succeed()
        assert list(await stage.succession.others()) == [OLD, "older/1"]

        await stage.succession.remove(OLD)
        assert list(await stage.shelf.versions()) == [NEW, "older/1"]


class Unused(MemoryIndexShelf):
    """Has no index in use until one is taken."""

    taken = False

    async def in_use(self) -> str | None:
        return await super().in_use() if self.taken else None

    async def take_into_use(self, embedder: str) -> None:
        self.taken = True
        await super().take_into_use(embedder)

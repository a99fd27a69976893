"""What every store of calibrations promises."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve, frozen
from sqlalchemy import text

from adapters.calibration_store.memory import MemoryCalibrationStore
from adapters.calibration_store.sql import SqlCalibrationStore
from adapters.records import Records
from domain.belief import Belief
from domain.budgets import BINS
from domain.calibration import (
    Calibration,
    CalibrationStore,
    CalibrationStoreUnavailable,
    Prior,
    Saved,
    Traffic,
)
from domain.labels import Asked, Label, Report, Source

PRIOR = Prior(
    "p1", ("one", "near", "few"), Belief((0.5, 2.0, -1.0), ((1.0, 0.1, 0.0), (0.1, 1.0, 0.0), (0.0, 0.0, 2.0)))
)
NEWER = evolve(PRIOR, version="p2")
SHOP = Traffic("acme", "shop")


@frozen
class Two:
    """One store, as two workers have it."""

    one: CalibrationStore
    other: CalibrationStore


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    records = Records(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    await records.open()
    yield records
    await records.close()


@pytest.fixture(params=["memory", "sql"])
async def workers(request: pytest.FixtureRequest, records: Records) -> AsyncIterator[Two]:
    memory, second = MemoryCalibrationStore(), Records(records.url)
    sql = Two(SqlCalibrationStore(records), SqlCalibrationStore(second))
    yield {"memory": Two(memory, memory), "sql": sql}[request.param]
    await second.close()


@pytest.fixture
def store(workers: Two) -> CalibrationStore:
    return workers.one


def a_calibration(labels: int = 3) -> Calibration:
    calibration = Calibration.fresh(PRIOR)
    for number in range(labels):
        Asked(probability=0.9, served=number % 2 == 0).tell(calibration)
        Label(Source.MISS, (1.0, number / 7, 0.1), fits=number % 3 > 0).tell(calibration)
    Report("right", fits=True, features=(1.0, 0.5, 0.0)).tell(calibration)
    Report("wrong", fits=False).tell(calibration)
    return calibration


async def test_of_traffic_that_was_never_saved_nothing_is_known(store: CalibrationStore) -> None:
    assert await store.load(SHOP, PRIOR) is None
    assert list(await store.traffics("acme")) == []


@pytest.mark.parametrize("calibration", [Calibration.fresh(PRIOR), a_calibration(), a_calibration(500)])
async def test_what_was_saved_is_given_to_the_last_digit(workers: Two, calibration: Calibration) -> None:
    assert await workers.one.save(SHOP, calibration, 0)

    for worker in (workers.one, workers.other):
        assert await worker.load(SHOP, PRIOR) == Saved(calibration, 1)


async def test_what_was_saved_learns_as_what_it_was_made_of(store: CalibrationStore) -> None:
    calibration = a_calibration()
    await store.save(SHOP, calibration, 0)
    saved = await store.load(SHOP, PRIOR)
    assert saved

    for each in (calibration, saved.calibration):
        Label(Source.CHECK, (1.0, 0.3, 0.9), fits=False).tell(each)
        Asked(probability=0.8, served=True).tell(each)

    assert saved.calibration == calibration


async def test_later_changes_do_not_reach_what_was_saved(store: CalibrationStore) -> None:
    calibration, expected = a_calibration(), a_calibration()
    await store.save(SHOP, calibration, 0)

    for each in (calibration, (await _load(store)).calibration):
        Report("another", fits=True).tell(each)
        Asked(probability=0.5).tell(each)

    assert await store.load(SHOP, PRIOR) == Saved(expected, 1)


async def test_what_changes_while_the_store_writes_is_not_half_saved(store: CalibrationStore) -> None:
    calibration, expected = a_calibration(), a_calibration()
    saving = asyncio.create_task(store.save(SHOP, calibration, 0))
    await asyncio.sleep(0)
    Report("another", fits=True).tell(calibration)
    Asked(probability=0.5).tell(calibration)

    assert await saving
    assert await store.load(SHOP, PRIOR) == Saved(expected, 1)


@pytest.mark.parametrize("revision", [0, 1, 3])
async def test_who_comes_second_changes_nothing(workers: Two, revision: int) -> None:
    await workers.one.save(SHOP, a_calibration(1), 0)
    await workers.one.save(SHOP, a_calibration(2), 1)

    assert not await workers.other.save(SHOP, a_calibration(9), revision)
    assert await workers.one.load(SHOP, PRIOR) == Saved(a_calibration(2), 2)


async def test_what_was_never_saved_has_no_later_revision(store: CalibrationStore) -> None:
    assert not await store.save(SHOP, a_calibration(), 1)
    assert await store.load(SHOP, PRIOR) is None


async def test_of_workers_that_save_at_once_one_is_first(workers: Two) -> None:
    for revision in range(10):
        saves = [worker.save(SHOP, a_calibration(revision), revision) for worker in (workers.one, workers.other) * 2]

        assert sorted(await asyncio.gather(*saves)) == [False, False, False, True]
        assert await workers.one.load(SHOP, PRIOR) == Saved(a_calibration(revision), revision + 1)


async def test_it_can_be_saved_hundreds_of_times(store: CalibrationStore) -> None:
    calibration = Calibration.fresh(PRIOR)
    for revision in range(300):
        Asked(probability=0.7).tell(calibration)
        assert await store.save(SHOP, calibration, revision)

    assert await store.load(SHOP, PRIOR) == Saved(calibration, 300)


async def test_traffics_are_those_of_the_tenant_by_namespace(store: CalibrationStore) -> None:
    for traffic in (SHOP, Traffic("acme"), Traffic("other", "shop"), Traffic("acme", "faq"), Traffic("acme2")):
        await store.save(traffic, a_calibration(), 0)
    await store.save(SHOP, a_calibration(), 1)

    assert list(await store.traffics("acme")) == [Traffic("acme"), Traffic("acme", "faq"), SHOP]
    assert list(await store.traffics("nobody")) == []


@pytest.mark.parametrize(
    "near", [Traffic("other", "shop"), Traffic("acme"), Traffic("acme", "SHOP"), Traffic("shop", "acme")]
)
async def test_what_is_known_of_other_traffic_is_never_given(store: CalibrationStore, near: Traffic) -> None:
    await store.save(SHOP, a_calibration(1), 0)

    assert await store.load(near, PRIOR) is None
    assert await store.save(near, a_calibration(2), 0)
    assert await store.load(SHOP, PRIOR) == Saved(a_calibration(1), 1)


@pytest.mark.parametrize("name", ["", "Ünïcode ☃", "a; DROP TABLE calibrations", "with 'quotes'", "%_", "x" * 10_000])
async def test_awkward_names_are_just_names(store: CalibrationStore, name: str) -> None:
    awkward = Traffic("acme", name)
    await store.save(awkward, a_calibration(), 0)

    assert await store.load(awkward, PRIOR) == Saved(a_calibration(), 1)
    assert list(await store.traffics("acme")) == [awkward]


async def test_on_another_prior_what_was_counted_stays_and_what_was_learnt_goes(store: CalibrationStore) -> None:
    before = a_calibration(50)
    await store.save(SHOP, before, 0)

    saved = await store.load(SHOP, NEWER)

    spent = evolve(before.spending, seen=[0.0] * BINS)
    assert saved == Saved(Calibration(NEWER, NEWER.belief, spent, before.tally, before.reports), 1)
    assert await store.save(SHOP, saved.calibration, 1)


async def test_a_store_that_works_answers_pings(store: MemoryCalibrationStore | SqlCalibrationStore) -> None:
    await store.ping()


class TestRecords:
    """What can only happen to a store on disk."""

    async def test_what_was_acknowledged_is_there_after_reopening(self, records: Records) -> None:
        await SqlCalibrationStore(records).save(SHOP, a_calibration(), 0)
        await records.close()

        again = Records(records.url)
        await again.open()
        assert await SqlCalibrationStore(again).load(SHOP, PRIOR) == Saved(a_calibration(), 1)
        await again.close()

    @pytest.mark.parametrize("value", [b"", b"\x00", b"\x01 damaged", b"\xff" * 5000])
    async def test_what_cannot_be_read_begins_afresh_and_is_replaced(self, records: Records, value: bytes) -> None:
        store = SqlCalibrationStore(records)
        for revision in range(3):
            await store.save(SHOP, a_calibration(), revision)
        async with records.writing() as connection:
            await connection.execute(text("UPDATE calibrations SET value = :value"), {"value": value})

        assert await store.load(SHOP, PRIOR) == Saved(Calibration.fresh(PRIOR), 3, is_whole=False)
        assert await store.save(SHOP, a_calibration(), 3)
        assert await store.load(SHOP, PRIOR) == Saved(a_calibration(), 4)

    async def test_a_missing_table_is_told_without_the_statement(self, records: Records) -> None:
        store = SqlCalibrationStore(records)
        async with records.writing() as connection:
            await connection.execute(text("DROP TABLE calibrations"))

        for call in (store.load(SHOP, PRIOR), store.traffics("acme"), store.save(SHOP, a_calibration(), 0)):
            with pytest.raises(CalibrationStoreUnavailable, match="no such table") as caught:
                await call
            assert "\n" not in str(caught.value)
            assert not any(word in str(caught.value) for word in ("SELECT", "INSERT", "acme", records.url[20:]))

    async def test_a_broken_file_makes_it_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
        store = SqlCalibrationStore(Records(f"sqlite+aiosqlite:///{tmp_path}/broken.db"))

        for call in (store.ping(), store.load(SHOP, PRIOR), store.save(SHOP, a_calibration(), 1)):
            with pytest.raises(CalibrationStoreUnavailable, match="not a database"):
                await call


async def _load(store: CalibrationStore) -> Saved:
    saved = await store.load(SHOP, PRIOR)
    assert saved
    return saved

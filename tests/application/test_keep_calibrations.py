"""What is known of each traffic, between the questions and the store."""

import asyncio
from collections.abc import Sequence

import pytest
from attrs import define, field

from adapters.calibration_store.memory import MemoryCalibrationStore
from application import keep_calibrations
from application.keep_calibrations import KEPT, PATIENCE, UNSAVED, Calibrations
from domain.belief import Belief
from domain.calibration import Calibration, CalibrationStore, CalibrationStoreUnavailable, Prior, Saved, Traffic
from domain.events import PartFailed
from domain.labels import Asked, Label, Note, Source
from tests.doubles import RecordingEvents, StoppedClock

PRIOR = Prior("p1", ("one", "near"), Belief((0.0, 1.0), ((1.0, 0.0), (0.0, 1.0))))
SHOP = Traffic("acme", "shop")
FITS = Label(Source.MISS, (1.0, 0.5), fits=True)
DIFFERS = Label(Source.MISS, (1.0, -0.5), fits=False)


@define
class Troubled(CalibrationStore):
    """A store that fails, or lets callers wait, when it is told to; it counts how often it is asked."""

    store: MemoryCalibrationStore = field(factory=MemoryCalibrationStore)
    fails: bool = False
    gate: asyncio.Event = field(factory=asyncio.Event)
    asked: int = 0

    def __attrs_post_init__(self) -> None:
        self.gate.set()

    async def load(self, traffic: Traffic, prior: Prior) -> Saved | None:
        await self._undergo()
        return await self.store.load(traffic, prior)

    async def save(self, traffic: Traffic, calibration: Calibration, revision: int) -> bool:
        saved = await self.store.save(traffic, calibration, revision) if not self.fails else False
        await self._undergo()
        return saved

    async def traffics(self, tenant: str) -> Sequence[Traffic]:
        await self._undergo()
        return await self.store.traffics(tenant)

    async def _undergo(self) -> None:
        self.asked += 1
        if self.fails:
            raise CalibrationStoreUnavailable("the store is away")
        await self.gate.wait()


@pytest.fixture
def store() -> Troubled:
    return Troubled()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def events() -> RecordingEvents:
    return RecordingEvents()


@pytest.fixture
def one(store: Troubled, clock: StoppedClock, events: RecordingEvents) -> Calibrations:
    return Calibrations(store, PRIOR, clock, events)


@pytest.fixture
def other(store: Troubled, clock: StoppedClock, events: RecordingEvents) -> Calibrations:
    """Give what another worker has over the same store."""
    return Calibrations(store, PRIOR, clock, events)


def told(*notes: Note) -> Calibration:
    calibration = Calibration.fresh(PRIOR)
    for note in notes:
        note.tell(calibration)
    return calibration


async def stored(store: Troubled, traffic: Traffic = SHOP) -> Calibration | None:
    saved = await store.store.load(traffic, PRIOR)
    return saved and saved.calibration


class TestWhatIsKnown:
    async def test_of_new_traffic_it_is_the_prior(self, one: Calibrations) -> None:
        assert await one.of(SHOP) == one.fresh == Calibration.fresh(PRIOR)

    async def test_facts_count_at_once_and_for_their_own_traffic_only(self, one: Calibrations) -> None:
        one.note(SHOP, FITS)

        assert await one.of(SHOP) == told(FITS)
        assert await one.of(Traffic("other", "shop")) == told()

    async def test_the_store_is_asked_once(self, one: Calibrations, store: Troubled) -> None:
        for _ in range(3):
            await one.of(SHOP)
            one.note(SHOP, FITS)

        assert store.asked == 1

    async def test_many_who_ask_at_once_share_one_look_up(self, one: Calibrations, store: Troubled) -> None:
        store.gate.clear()
        asking = [asyncio.create_task(one.of(SHOP)) for _ in range(32)]
        await asyncio.sleep(0)
        store.gate.set()

        assert len({id(each) for each in await asyncio.gather(*asking)}) == 1
        assert store.asked == 1

    async def test_a_restart_forgets_nothing_that_was_saved(self, one: Calibrations, other: Calibrations) -> None:
        one.note(SHOP, FITS)
        await one.save()

        assert await other.of(SHOP) == told(FITS)

    async def test_facts_that_came_first_are_added_to_what_is_loaded(
        self, one: Calibrations, other: Calibrations
    ) -> None:
        one.note(SHOP, FITS)
        await one.save()
        other.note(SHOP, DIFFERS)

        assert await other.of(SHOP) == told(FITS, DIFFERS)

    async def test_traffics_are_those_in_the_store_and_those_with_news(
        self, one: Calibrations, other: Calibrations
    ) -> None:
        other.note(Traffic("acme", "stored"), FITS)
        other.note(Traffic("else", "stored"), FITS)
        await other.save()
        for namespace in ("stored", "news"):
            one.note(Traffic("acme", namespace), FITS)
        one.note(Traffic("else", "news"), FITS)
        await one.of(Traffic("acme", "only looked at"))

        assert list(await one.traffics("acme")) == [Traffic("acme", "news"), Traffic("acme", "stored")]

    async def test_traffics_cannot_be_told_without_the_store(self, one: Calibrations, store: Troubled) -> None:
        store.fails = True

        with pytest.raises(CalibrationStoreUnavailable):
            await one.traffics("acme")


class TestSaving:
    async def test_facts_reach_the_store_when_it_is_saved(self, one: Calibrations, store: Troubled) -> None:
        one.note(SHOP, FITS)
        assert await stored(store) is None

        await one.save()
        one.note(SHOP, DIFFERS)
        await one.save()

        assert await stored(store) == told(FITS, DIFFERS)

    async def test_without_news_nothing_is_written(self, one: Calibrations, store: Troubled) -> None:
        one.note(SHOP, FITS)
        await one.save()
        asked = store.asked
        await one.of(SHOP)
        await one.save()

        assert store.asked == asked

    async def test_what_two_workers_find_out_at_once_ends_up_with_both(
        self, one: Calibrations, other: Calibrations, store: Troubled
    ) -> None:
        for worker in (one, other):
            await worker.of(SHOP)
        one.note(SHOP, FITS)
        other.note(SHOP, DIFFERS)
        await asyncio.gather(one.save(), other.save())
        one.note(SHOP, Asked(exact=True))
        await one.save()

        assert await stored(store) == await one.of(SHOP) == told(FITS, DIFFERS, Asked(exact=True))
        other.note(SHOP, Asked(exact=True))
        await other.save()
        assert await other.of(SHOP) == told(FITS, DIFFERS, Asked(exact=True), Asked(exact=True))

    async def test_nothing_is_lost_or_counted_twice_however_the_workers_mix(
        self, one: Calibrations, other: Calibrations, store: Troubled
    ) -> None:
        async def work(worker: Calibrations) -> None:
            for number in range(50):
                worker.note(SHOP, FITS if number % 3 else DIFFERS)
                await asyncio.sleep(0)
                if number % 4 == 0:
                    await worker.save()
            await worker.save()

        await asyncio.gather(work(one), work(other), work(one))

        kept = await stored(store)
        assert kept
        assert (kept.tally.misses_agreed, kept.tally.misses_differed) == (3 * 33, 3 * 17)

    async def test_facts_that_arrive_while_the_store_writes_are_saved_the_next_time(
        self, one: Calibrations, store: Troubled
    ) -> None:
        await one.of(SHOP)
        one.note(SHOP, FITS)
        store.gate.clear()
        saving = asyncio.create_task(one.save())
        await asyncio.sleep(0)
        one.note(SHOP, DIFFERS)
        store.gate.set()
        await saving

        assert await stored(store) == told(FITS)
        assert await one.of(SHOP) == told(FITS, DIFFERS)
        await one.save()
        assert await stored(store) == told(FITS, DIFFERS)

    async def test_so_are_those_that_arrive_while_it_reads(self, one: Calibrations, store: Troubled) -> None:
        one.note(SHOP, FITS)
        store.gate.clear()
        saving = asyncio.create_task(one.save())
        await asyncio.sleep(0)
        one.note(SHOP, DIFFERS)
        store.gate.set()
        await saving

        assert await stored(store) == await one.of(SHOP) == told(FITS, DIFFERS)

    async def test_of_more_traffics_than_are_kept_nothing_is_lost(self, one: Calibrations, store: Troubled) -> None:
        many = [Traffic("acme", str(number)) for number in range(KEPT + 5)]
        for traffic in many:
            one.note(traffic, FITS)
        assert await one.of(many[0]) == told(FITS)
        await one.save()
        asked = store.asked

        for traffic in (many[0], many[-1]):  # asked for last
            await one.of(traffic)
        assert store.asked == asked
        for traffic in many[1:6]:  # asked for longest ago, so looked up again
            assert await one.of(traffic) == told(FITS)
        assert store.asked == asked + 5


class TestTrouble:
    async def test_while_the_store_fails_questions_go_on_with_what_came_to_light(
        self, one: Calibrations, store: Troubled, events: RecordingEvents
    ) -> None:
        store.fails = True
        one.note(SHOP, FITS)

        assert await one.of(SHOP) == told(FITS)
        assert [(type(each), getattr(each, "part", "")) for each in events.events] == [
            (PartFailed, "calibration_store")
        ]

    async def test_what_could_not_be_read_is_told_once_and_of_whom(
        self, one: Calibrations, store: Troubled, events: RecordingEvents, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        damaged = Saved(Calibration.fresh(PRIOR), 4, is_whole=False)
        monkeypatch.setattr(MemoryCalibrationStore, "load", lambda *_: asyncio.sleep(0, damaged))

        await one.of(SHOP)
        await one.of(SHOP)

        (noted,) = events.events
        assert isinstance(noted, PartFailed)
        assert str(noted.error) == "what was learnt of tenant 'acme', namespace 'shop', cannot be read, and begins anew"

    async def test_a_store_that_failed_is_left_alone_for_a_while(
        self, one: Calibrations, store: Troubled, clock: StoppedClock
    ) -> None:
        store.fails = True
        await asyncio.gather(*(one.of(SHOP) for _ in range(32)))
        await one.of(SHOP)
        assert store.asked == 1

        clock.advance(PATIENCE)
        await one.of(SHOP)
        assert store.asked == 2

    async def test_once_it_is_back_all_is_known_and_saved(
        self, one: Calibrations, other: Calibrations, store: Troubled, clock: StoppedClock
    ) -> None:
        other.note(SHOP, DIFFERS)
        await other.save()
        store.fails = True
        await one.of(SHOP)
        one.note(SHOP, FITS)
        await one.save()
        store.fails = False
        clock.advance(PATIENCE)

        assert await one.of(SHOP) == told(DIFFERS, FITS)
        await one.save()
        assert await stored(store) == told(DIFFERS, FITS)

    async def test_one_traffic_that_cannot_be_saved_does_not_hold_up_the_others(
        self, store: Troubled, clock: StoppedClock, events: RecordingEvents
    ) -> None:
        class Picky(MemoryCalibrationStore):
            async def save(self, traffic: Traffic, calibration: Calibration, revision: int) -> bool:
                if traffic == SHOP:
                    raise CalibrationStoreUnavailable("not this one")
                return await super().save(traffic, calibration, revision)

        picky = Picky()
        one = Calibrations(picky, PRIOR, clock, events)
        one.note(SHOP, FITS)
        one.note(Traffic("acme"), FITS)
        await one.save()

        assert await picky.traffics("acme") == [Traffic("acme")]
        assert len(events.events) == 1

    async def test_a_store_that_hangs_is_not_waited_for(
        self, one: Calibrations, store: Troubled, events: RecordingEvents, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keep_calibrations, "PATIENCE", 0.01)
        store.gate.clear()
        one.note(SHOP, FITS)

        assert await asyncio.gather(*(one.of(SHOP) for _ in range(8))) == [told(FITS)] * 8
        assert store.asked == 1
        assert all(isinstance(each, PartFailed) for each in events.events)

    async def test_a_question_does_not_wait_long_for_a_save_that_hangs(
        self, one: Calibrations, store: Troubled, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keep_calibrations, "PATIENCE", 0.01)
        one.note(SHOP, FITS)
        store.gate.clear()
        saving = asyncio.create_task(one.save())
        await asyncio.sleep(0)

        for _ in range(3):
            assert await one.of(SHOP) == told(FITS)
        store.gate.set()
        await saving
        assert await stored(store) == told(FITS)

    async def test_a_save_that_hangs_is_given_up_and_made_good_later(
        self, one: Calibrations, store: Troubled, events: RecordingEvents, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keep_calibrations, "LONGEST_SAVE", 0.01)
        one.note(SHOP, FITS)
        store.gate.clear()
        await one.save()
        assert len(events.events) == 1
        store.gate.set()

        await one.save()
        assert await stored(store) == await one.of(SHOP) == told(FITS)

    async def test_of_very_many_facts_that_wait_the_last_are_only_known_here(
        self, one: Calibrations, store: Troubled
    ) -> None:
        store.fails = True
        for _ in range(UNSAVED + 3):
            one.note(SHOP, Asked(exact=True))
        assert (await one.of(SHOP)).tally.requests == UNSAVED + 3
        store.fails = False
        await one.save()

        kept = await stored(store)
        assert kept
        assert kept.tally.requests == UNSAVED

    async def test_a_cancelled_question_is_cancelled(self, one: Calibrations, store: Troubled) -> None:
        store.gate.clear()
        asking = asyncio.create_task(one.of(SHOP))
        await asyncio.sleep(0)
        asking.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asking
        store.gate.set()
        assert await one.of(SHOP) == told()

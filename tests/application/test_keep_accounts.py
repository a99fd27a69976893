"""What is served and called is booked, in the background."""

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from attrs import define, evolve, field

from adapters.ledger.memory import MemoryLedger
from application import keep_accounts
from application.keep_accounts import DAY, Books, KeepAccounts
from application.report_usage import ReportUsage
from domain.answers import Origin, Reason
from domain.events import AnswerServed, ModelCalled, PartFailed
from domain.generation import FinishReason
from domain.metering import Account, Consumption, Line, Period, Posting, Usage
from domain.pricing import Bill, Savings
from domain.tokens import TokenUsage
from tests.doubles import RecordingEvents, StoppedClock

ALWAYS = Period(date.min, date.max)
COST = Decimal("0.5")
SERVED = AnswerServed(
    "acme", Origin.GENERATED, Reason.NO_CANDIDATE, "openai", "m", 1.0, {}, "Why?", bill=Bill(9, 9, 9, cost=COST)
)
RECALLED = AnswerServed(
    "acme", Origin.EXACT_HIT, Reason.SAME_QUESTION, "openai", "m", 0.1, {}, "Why?", bill=Bill(9, avoided=9, saved=COST)
)


def called(tenant: str = "acme", cost: Decimal | None = COST, model: str = "m") -> ModelCalled:
    return ModelCalled("openai", model, TokenUsage(7, 2), FinishReason.STOP, 1.0, tenant, cost)


@define
class FailingLedger(MemoryLedger):
    """Adds nothing while it is in trouble, or waits for *gate*."""

    trouble: Exception | None = None
    gate: asyncio.Event = field(factory=asyncio.Event)

    async def add(self, postings: Sequence[Posting]) -> None:
        await self.gate.wait()
        if self.trouble:
            raise self.trouble
        await MemoryLedger.add(self, postings)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(float(DAY))


@pytest.fixture
def books(clock: StoppedClock) -> Books:
    return Books(clock)


@pytest.fixture
def ledger() -> FailingLedger:
    ledger = FailingLedger()
    ledger.gate.set()
    return ledger


@pytest.fixture
def events() -> RecordingEvents:
    return RecordingEvents()


@pytest.fixture
def keep(books: Books, ledger: FailingLedger, events: RecordingEvents) -> KeepAccounts:
    return KeepAccounts(books, ledger, events)


async def sums(ledger: MemoryLedger, tenant: str | None = None) -> Consumption:
    return (await ReportUsage(ledger)(ALWAYS, tenant)).total


async def test_answers_and_calls_are_summed_up(books: Books, keep: KeepAccounts, ledger: FailingLedger) -> None:
    for event in (called(), SERVED, RECALLED, RECALLED, PartFailed("embedder", OSError())):
        books.note(event)
    await keep.save()

    expected = Consumption(3, 2, 1, 27, 9, 9, 18, 0, COST, COST, 2 * COST)
    assert list(await ledger.read(ALWAYS)) == [Posting(Account(date(1970, 1, 2), "acme", "openai", "m"), expected)]
    assert expected.savings == Savings(Decimal(1), Decimal(0))


async def test_calls_that_no_asker_waited_for_are_what_memory_costs(
    books: Books, keep: KeepAccounts, ledger: FailingLedger
) -> None:
    for event in (called(), SERVED, RECALLED, called(), called(tenant="")):
        books.note(event)
    await keep.save()

    assert (await sums(ledger)).savings == Savings(Decimal("0.5"), Decimal("1.0"))
    assert (await sums(ledger, "acme")).savings.net == 0


async def test_what_nobody_knows_is_counted_as_unknown(books: Books, keep: KeepAccounts, ledger: FailingLedger) -> None:
    books.note(called(cost=None))
    books.note(evolve(RECALLED, bill=Bill(9, avoided=9, saved=None)))
    await keep.save()

    found = await sums(ledger)
    assert (found.unpriced, found.spent, found.saved, found.billable) == (2, 0, 0, 9)


async def test_a_day_ends_at_midnight(
    books: Books, keep: KeepAccounts, ledger: FailingLedger, clock: StoppedClock
) -> None:
    for seconds in (DAY - 1, 1):
        books.note(called())
        clock.advance(seconds)
    books.note(called())
    await keep.save()

    assert [each.account.day.day for each in await ledger.read(ALWAYS)] == [2, 3]


async def test_what_is_saved_is_not_saved_again(books: Books, keep: KeepAccounts, ledger: FailingLedger) -> None:
    books.note(called())
    await keep.save()
    await keep.save()

    assert (await sums(ledger)).calls == 1


async def test_what_could_not_be_written_is_written_later(
    books: Books, keep: KeepAccounts, ledger: FailingLedger, events: RecordingEvents
) -> None:
    ledger.trouble = OSError("disk full")
    books.note(called())
    await keep.save()
    books.note(called())
    ledger.trouble = None
    await keep.save()

    assert (await sums(ledger)).calls == 2
    assert events.events == [PartFailed("ledger", events.events[0].error)]  # type: ignore[union-attr]


async def test_a_disk_that_hangs_is_given_up(
    books: Books, keep: KeepAccounts, ledger: FailingLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_accounts, "LONGEST_SAVE", 0.01)
    ledger.gate.clear()
    books.note(called())
    await keep.save()
    ledger.gate.set()
    await keep.save()

    assert (await sums(ledger)).calls == 1


async def test_what_is_being_written_when_the_service_ends_is_written_once(
    books: Books, keep: KeepAccounts, ledger: FailingLedger
) -> None:
    ledger.gate.clear()
    books.note(called())
    saving = asyncio.create_task(keep.save())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    saving.cancel()
    books.note(called())
    last = asyncio.create_task(keep.save())
    ledger.gate.set()
    await last

    assert (await sums(ledger)).calls == 2


async def test_usage_is_summed_up_by_day_and_model(books: Books, keep: KeepAccounts, ledger: FailingLedger) -> None:
    for event in (called("acme"), called("globex"), called("acme", model="a")):
        books.note(event)
    await keep.save()

    one = Consumption(calls=1, provider=9, billable=9, spent=COST)
    two = Consumption(calls=2, provider=18, billable=18, spent=2 * COST)
    day = date(1970, 1, 2)
    assert (await ReportUsage(ledger)(ALWAYS)).lines == [Line(day, "openai", "a", one), Line(day, "openai", "m", two)]
    assert await ReportUsage(ledger)(ALWAYS, "globex") == Usage([Line(day, "openai", "m", one)], one)

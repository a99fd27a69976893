"""What every ledger promises."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import astuple, evolve
from sqlalchemy import text

from adapters.ledger.memory import MemoryLedger
from adapters.ledger.sql import MOST, SqlLedger
from adapters.records import SUMS, Records
from domain.metering import Account, Consumption, Ledger, LedgerUnavailable, Period, Posting

ONE, TWO, THREE = (date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1))
ALWAYS = Period(date.min, date.max)
ACCOUNT = Account(TWO, "acme", "openai", "gpt")
SUM = Consumption(3, 2, 1, 33, 11, 11, 22, 0, Decimal("0.000092"), Decimal("0.000092"), Decimal("0.000184"))
TWICE = Consumption(6, 4, 2, 66, 22, 22, 44, 0, Decimal("0.000184"), Decimal("0.000184"), Decimal("0.000368"))


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    records = Records(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    await records.open()
    yield records
    await records.close()


@pytest.fixture(params=["memory", "sql"])
def ledger(request: pytest.FixtureRequest, records: Records) -> MemoryLedger | SqlLedger:
    return {"memory": MemoryLedger(), "sql": SqlLedger(records)}[request.param]


async def test_of_days_on_which_nothing_was_booked_nothing_is_given(ledger: Ledger) -> None:
    assert list(await ledger.read(ALWAYS)) == []


async def test_what_was_booked_is_given(ledger: Ledger) -> None:
    await ledger.add([Posting(ACCOUNT, SUM)])

    assert list(await ledger.read(ALWAYS)) == [Posting(ACCOUNT, SUM)]


async def test_what_is_booked_later_is_added(ledger: Ledger) -> None:
    await ledger.add([Posting(ACCOUNT, SUM), Posting(ACCOUNT, SUM)])
    await ledger.add([])

    assert list(await ledger.read(ALWAYS)) == [Posting(ACCOUNT, TWICE)]


async def test_money_is_exact_however_often_it_is_added(ledger: Ledger) -> None:
    little = Consumption(spent=Decimal("0.000000000001"), saved=Decimal("123456.1"))
    for _ in range(100):
        await ledger.add([Posting(ACCOUNT, little)])

    (posting,) = await ledger.read(ALWAYS)
    assert posting.consumption == Consumption(spent=Decimal("0.0000000001"), saved=Decimal(12345610))


async def test_what_is_given_is_a_copy(ledger: Ledger) -> None:
    booked = Consumption(1)
    await ledger.add([Posting(ACCOUNT, booked)])
    for each in (booked, (await ledger.read(ALWAYS))[0].consumption):
        each.answers = 7

    assert (await ledger.read(ALWAYS))[0].consumption == Consumption(1)


async def test_accounts_are_given_in_their_order(ledger: Ledger) -> None:
    changes = ({"day": THREE}, {"day": ONE}, {"tenant": "Acme"}, {"provider": "anthropic"}, {"model": "a"}, {})
    accounts = [evolve(ACCOUNT, **each) for each in changes]
    await ledger.add([Posting(each, SUM) for each in accounts])

    assert [each.account for each in await ledger.read(ALWAYS)] == sorted(accounts, key=astuple)


async def test_a_period_includes_its_first_day_and_its_last(ledger: Ledger) -> None:
    await ledger.add([Posting(evolve(ACCOUNT, day=each), SUM) for each in (ONE, TWO, THREE)])

    assert [each.account.day for each in await ledger.read(Period(ONE, TWO))] == [ONE, TWO]
    assert [each.account.day for each in await ledger.read(Period(THREE, THREE))] == [THREE]


async def test_a_tenant_sees_no_other(ledger: Ledger) -> None:
    for tenant in ("acme", "acme2", "", "Acme"):
        await ledger.add([Posting(evolve(ACCOUNT, tenant=tenant), SUM)])

    for tenant in ("acme", ""):
        assert [each.account.tenant for each in await ledger.read(ALWAYS, tenant)] == [tenant]


@pytest.mark.parametrize("name", ["Ünïcode ☃", "a; DROP TABLE accounts", "with 'quotes'", "%_", "x" * 10_000, "\0"])
async def test_awkward_names_are_just_names(ledger: Ledger, name: str) -> None:
    awkward = Account(ONE, name, name, name)
    await ledger.add([Posting(awkward, SUM)])

    assert list(await ledger.read(ALWAYS, name)) == [Posting(awkward, SUM)]


async def test_who_books_at_once_loses_nothing(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.add([Posting(ACCOUNT, Consumption(1, spent=Decimal(each)))]) for each in range(20)))

    (posting,) = await ledger.read(ALWAYS)
    assert (posting.consumption.answers, posting.consumption.spent) == (20, 190)


async def test_a_ledger_that_works_answers_pings(ledger: MemoryLedger | SqlLedger) -> None:
    await ledger.ping()


class TestRecords:
    """What can only happen to a ledger on disk."""

    def test_each_sum_has_its_column(self) -> None:
        assert len(astuple(SUM)) == len(SUMS)

    async def test_workers_add_to_one_another(self, records: Records) -> None:
        second = Records(records.url)
        for each in (records, second):
            await SqlLedger(each).add([Posting(ACCOUNT, SUM)])
        await second.close()

        assert list(await SqlLedger(records).read(ALWAYS)) == [Posting(ACCOUNT, TWICE)]

    async def test_money_is_stored_as_whole_numbers(self, records: Records) -> None:
        await SqlLedger(records).add([Posting(ACCOUNT, SUM), Posting(ACCOUNT, SUM)])

        async with records.reading() as connection:
            found = await connection.execute(text("SELECT spent, typeof(spent) FROM accounts"))
        assert found.all() == [(184_000_000, "integer")]

    async def test_no_provider_keeps_others_from_being_booked(self, records: Records) -> None:
        odd = evolve(ACCOUNT, model="half a \ud83d")
        await SqlLedger(records).add([Posting(odd, Consumption(provider=10**30)), Posting(ACCOUNT, SUM)])

        first, second = await SqlLedger(records).read(ALWAYS)
        assert first == Posting(ACCOUNT, SUM)
        assert (second.account.model, second.consumption.provider) == ("half a ?", MOST)

    async def test_a_missing_table_is_told_without_the_statement(self, records: Records) -> None:
        ledger = SqlLedger(records)
        async with records.writing() as connection:
            await connection.execute(text("DROP TABLE accounts"))

        for call in (ledger.read(ALWAYS), ledger.add([Posting(ACCOUNT, SUM)])):
            with pytest.raises(LedgerUnavailable, match="no such table") as caught:
                await call
            assert "\n" not in str(caught.value)
            assert not any(word in str(caught.value) for word in ("SELECT", "INSERT", "acme", records.url[20:]))

    async def test_a_broken_file_makes_it_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
        ledger = SqlLedger(Records(f"sqlite+aiosqlite:///{tmp_path}/broken.db"))

        for call in (ledger.ping(), ledger.read(ALWAYS), ledger.add([Posting(ACCOUNT, SUM)])):
            with pytest.raises(LedgerUnavailable, match="not a database"):
                await call

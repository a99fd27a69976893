"""What runs beside the questions, on real parts."""

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from dependency_injector.providers import Object

from adapters.ledger.memory import MemoryLedger
from domain.metering import Period, Posting
from entrypoints import life
from entrypoints.container import Container
from entrypoints.life import alive
from entrypoints.settings import Settings
from tests.builders import a_question, a_stored_answer, an_asking

MEMORY = {"answer_cache": {"kind": "memory"}, "vector_index": {"kind": "memory"}, "embedder": {"kind": "hashing"}}

LONG_ENOUGH = 0.2
"""Seconds; healing one answer takes a hundredth of them."""


@pytest.mark.parametrize(("enabled", "filed"), [(True, 1), (False, 0)])
async def test_answers_are_filed_by_meaning_only_where_meanings_are_served(
    tmp_path: Path, enabled: bool, filed: int
) -> None:
    container = Container(
        settings=Settings.model_validate({"data_folder": tmp_path, **MEMORY, "semantic": {"enabled": enabled}})
    )
    await container.stored_answers().put([a_stored_answer()])

    async with alive(container):
        await asyncio.sleep(LONG_ENOUGH)
        found = await container.vector_index().page(None, 10)

    assert len(found) == filed


ALWAYS = Period(date.min, date.max)


class StuckLedger(MemoryLedger):
    """Waits for a disk that does not come back."""

    async def add(self, postings: Sequence[Posting]) -> None:
        await asyncio.Event().wait()


def offline(folder: Path) -> Container:
    return Container(settings=Settings.model_validate({"data_folder": folder, **MEMORY}))


async def ask(container: Container) -> None:
    model = container.extractive().model
    await container.answer_question()(an_asking(question=a_question(provider="extractive", model=model)))


async def test_the_books_are_kept_while_the_service_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "SAVE_EVERY", 0.01)
    container = offline(tmp_path)

    async with alive(container):
        await ask(container)
        await asyncio.sleep(LONG_ENOUGH)
        (posting,) = await container.ledger().read(ALWAYS)

    assert (posting.account.tenant, posting.consumption.answers, posting.consumption.calls) == ("acme", 1, 1)


async def test_what_was_served_last_is_in_the_books_in_the_end(tmp_path: Path) -> None:
    container = offline(tmp_path)
    async with alive(container):
        await ask(container)

    again = offline(tmp_path)
    async with again.open_things():
        (posting,) = await again.ledger().read(ALWAYS)
    assert posting.consumption.answers == 1


async def test_no_question_waits_for_the_disk_of_the_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "SAVE_EVERY", 0.01)
    monkeypatch.setattr("application.keep_accounts.LONGEST_SAVE", LONG_ENOUGH)
    container = offline(tmp_path)
    container.ledger.override(Object(StuckLedger()))

    async with alive(container):
        for _ in range(3):
            await asyncio.wait_for(ask(container), 10 * LONG_ENOUGH)
            await asyncio.sleep(0.02)

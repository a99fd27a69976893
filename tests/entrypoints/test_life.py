"""What runs beside the questions, on real parts."""

import asyncio
from pathlib import Path

import pytest

from entrypoints.container import Container
from entrypoints.life import alive
from entrypoints.settings import Settings
from tests.builders import a_stored_answer

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

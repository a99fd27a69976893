"""An engine that starts: who waits for it, who gives up, and who closes the index meanwhile, on both loops."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.vector_index.edge import process
from adapters.vector_index.edge.index import EdgeVectorIndex
from adapters.vector_index.edge.process import EngineProcess
from domain.similarity import VectorIndexUnavailable
from tests.adapters.vector_index.test_edge import (
    REPORTS,
    engines_of,
    index_in,
    numbers_in,
    on_both_loops,
    others_than,
    points,
)

pytestmark = on_both_loops


@pytest.fixture(autouse=True)
async def noise() -> AsyncIterator[list[dict[str, Any]]]:
    """Collect what the loop has to complain of; nothing, in the end."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    REPORTS.clear()
    yield complaints
    gc.collect()
    assert complaints == []
    assert REPORTS == []


def engines() -> list[int]:
    return engines_of(os.getpid())


def descriptors() -> set[tuple[str, str]]:
    """Give what this process has open, but for what lists it, and what uvloop opens with its first socket."""
    opened = [(each.name, str(each.readlink())) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return {(name, target) for name, target in opened if target != "/dev/null" and not target.endswith("/fd")}


async def killed(engine: int) -> None:
    """Kill *engine* and wait until it is noticed."""
    os.kill(engine, signal.SIGKILL)
    while runs(engine):  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)  # its socket is closed: the loop needs a round or two to see it


def runs(engine: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{engine}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def stopped_start(index: EdgeVectorIndex, *askers: float) -> tuple[int, list[asyncio.Task[None]]]:
    """Kill the engine, let *askers* of so much patience ask for another, and stop that one in its start."""
    (first,) = engines()
    await killed(first)
    asked = [asyncio.create_task(asyncio.wait_for(index.ping(), patience)) for patience in askers]
    (second,) = await asyncio.wait_for(others_than(first), 9)
    await asyncio.wait_for(is_itself(second), 9)
    os.kill(second, signal.SIGSTOP)
    return second, asked


async def is_itself(engine: int) -> None:
    """Wait until it is no copy of this process any more: whoever forks waits for that, and a stopped one never is."""
    while b"edge.engine" not in Path(f"/proc/{engine}/cmdline").read_bytes():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.001)


async def assert_nothing_is_left(folder: Path, before: set[tuple[str, str]]) -> None:
    await asyncio.sleep(0)  # a closed transport lets go of its socket in the next round
    assert engines() == []
    assert descriptors() == before
    after = index_in(folder)
    assert await numbers_in(after) == list(range(100))
    await after.close()


@pytest.fixture
async def index(tmp_path: Path) -> EdgeVectorIndex:
    made = index_in(tmp_path)
    await made.upsert(points(0, 100))
    return made


async def test_a_start_goes_on_when_those_who_wait_lose_patience(index: EdgeVectorIndex) -> None:
    starting, asked = await stopped_start(index, 0.2, 0.1)
    for each in asked:
        with pytest.raises(TimeoutError):
            await each
    assert engines() == [starting]
    os.kill(starting, signal.SIGCONT)

    assert await numbers_in(index) == list(range(100))
    assert engines() == [starting]
    await index.close()


async def test_a_start_that_fails_is_told_to_all_who_wait_and_forgotten(index: EdgeVectorIndex) -> None:
    starting, asked = await stopped_start(index, 0.1, 9, 9)
    with pytest.raises(TimeoutError):
        await asked[0]
    os.kill(starting, signal.SIGKILL)
    for each in asked[1:]:
        with pytest.raises(VectorIndexUnavailable, match=r"engine .*ended"):
            await each

    assert await numbers_in(index) == list(range(100))
    await index.close()


async def test_a_start_that_fails_when_nobody_waits_any_more_makes_no_noise(index: EdgeVectorIndex) -> None:
    starting, (asked,) = await stopped_start(index, 0.1)
    with pytest.raises(TimeoutError):
        await asked
    await killed(starting)

    assert await numbers_in(index) == list(range(100))
    await index.close()


@pytest.mark.parametrize("patience", [0.01, 9])
async def test_closing_ends_a_start_under_way_in_order(tmp_path: Path, patience: float) -> None:
    before = descriptors()
    index = index_in(tmp_path)
    await index.upsert(points(0, 100))
    starting, (asked,) = await stopped_start(index, patience)
    closing = asyncio.create_task(index.close())
    await asyncio.sleep(0.05)
    os.kill(starting, signal.SIGCONT)
    await closing

    (outcome,) = await asyncio.gather(asked, return_exceptions=True)
    assert outcome is None or isinstance(outcome, VectorIndexUnavailable | TimeoutError)
    await assert_nothing_is_left(tmp_path, before)


async def test_closing_kills_an_engine_that_hangs_in_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = descriptors()
    index = index_in(tmp_path)
    await index.upsert(points(0, 100))
    _, (asked,) = await stopped_start(index, 9)
    monkeypatch.setattr(process, "PATIENCE", 0.1)
    await index.close()

    with pytest.raises(VectorIndexUnavailable, match="closed"):
        await asked
    await assert_nothing_is_left(tmp_path, before)


@pytest.mark.parametrize("seen", [True, False], ids=["noticed", "unnoticed"])
async def test_an_index_whose_engine_died_is_closed_in_order(tmp_path: Path, *, seen: bool) -> None:
    before = descriptors()
    index = index_in(tmp_path)
    await index.upsert(points(0, 100))
    (engine,) = engines()
    os.kill(engine, signal.SIGKILL)
    await asyncio.sleep(0.1 * seen)
    await index.close()

    await assert_nothing_is_left(tmp_path, before)


async def test_who_asks_while_it_is_closed_is_told_so(index: EdgeVectorIndex) -> None:
    closing = asyncio.create_task(index.close())
    await asyncio.sleep(0.001)
    with pytest.raises(VectorIndexUnavailable, match="closed"):
        await index.ping()
    await closing


@pytest.mark.parametrize("moment", [0, 0.0005, 0.002, 0.01])
async def test_a_cancelled_start_leaves_nothing_behind(moment: float) -> None:
    await asyncio.gather(*[asyncio.to_thread(os.getpid) for _ in range(4)])
    before = descriptors()
    start = asyncio.create_task(EngineProcess.start())
    await asyncio.sleep(moment)
    start.cancel()
    (outcome,) = await asyncio.gather(start, return_exceptions=True)
    if isinstance(outcome, EngineProcess):  # it was faster
        await outcome.kill()
    await asyncio.sleep(0)

    assert engines() == []
    assert descriptors() == before

"""A service that starts with another embedder answers from both indexes until its own knows everything."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from dependency_injector.providers import Object
from structlog.testing import capture_logs

from adapters.embedder.prepared_model import PreparedModel
from application.heal_memory import HealMemory
from application.migrate_index import MigrateIndex
from domain.caching import Lifetime
from domain.questions import Fingerprint
from domain.similarity import Search, VectorIndexUnavailable
from entrypoints import index_life
from entrypoints.container import Container
from entrypoints.life import alive
from entrypoints.migration_note import NAME, read_note
from entrypoints.settings import Settings
from tests.builders import a_question, a_stored_answer
from tests.qdrant_server import Hanging, ScriptedQdrant, Willing
from tests.redis_servers import RedisServer
from tests.upstream import until

HASHING = {"embedder": {"kind": "hashing"}}
MINILM = {"embedder": {"kind": "onnx"}}
OLD = "hashing/1/256"

Make = Callable[..., Container]


@pytest.fixture(params=["edge", "qdrant"])
def make(
    request: pytest.FixtureRequest, tmp_path: Path, prepared_model: PreparedModel, qdrant_server: ScriptedQdrant
) -> Make:
    """Make the container of a service on one data folder, and on one server."""

    def make(**changes: Any) -> Container:
        fixed = {
            "data_folder": tmp_path,
            "models_folder": prepared_model.folder.parent,
            "vector_index": {"kind": request.param},
            "qdrant": {"url": qdrant_server.url, "timeout": 1},
        }
        return Container(settings=Settings.model_validate({**fixed, **changes}))

    return make


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_life, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(index_life, "TRY_AGAIN", 0.05)


async def remember_in(container: Container) -> list[Fingerprint]:
    """Remember forty answers, and file them by the embedder of *container*; give their names."""
    questions = [a_question(f"How do I install package {number}?") for number in range(40)]
    async with alive(container):
        await container.stored_answers().put(
            [
                a_stored_answer(
                    fingerprint=each.fingerprint,
                    partition=each.compatibility,
                    question=each.text,
                    stored_at=time.time(),
                    lifetime=Lifetime(ttl=3600),
                )
                for each in questions
            ]
        )
        await container.heal_memory()()
    return sorted(each.fingerprint for each in questions)


@pytest.fixture
async def remembered(make: Make) -> list[Fingerprint]:
    """Give the names of answers that the index of the former embedder knows."""
    return await remember_in(make(**HASHING))


async def filed(container: Container) -> Sequence[Fingerprint]:
    return list(await container.vector_index().page(None, 1_000))


async def nearest(container: Container) -> Fingerprint:
    question = a_question("How can I install package 7?")
    (embedding,) = await container.embedder().embed([question.normalised])
    searches = [Search(question.compatibility, embedding, question.normalised)]
    ((found,),) = await container.bridged_index().search(searches, 1)
    return Fingerprint(found.fingerprint)


class Held(MigrateIndex):
    """Does not begin before *gate* is open."""

    def __init__(self, real: MigrateIndex, gate: asyncio.Event) -> None:
        super().__init__(real.heal, real.catalogue, real.succession)
        object.__setattr__(self, "gate", gate)

    async def __call__(self, tell: Any) -> None:
        await self.gate.wait()  # type: ignore[attr-defined]
        await super().__call__(tell)


def held(container: Container, gate: asyncio.Event) -> Container:
    container.migrate_index.override(Object(Held(container.migrate_index(), gate)))
    return container


def bridged(container: Container) -> bool:
    return container.bridged_index().former is not None


async def test_until_it_has_moved_both_are_read_and_then_only_ours(make: Make, remembered: list[Fingerprint]) -> None:
    gate, container = asyncio.Event(), make(**MINILM)
    async with alive(held(container, gate)):
        assert bridged(container)
        assert await nearest(container) == a_question("How do I install package 7?").fingerprint
        assert 0 < len(await filed(container)) < 40

        gate.set()
        await until(lambda: not bridged(container))
        assert await filed(container) == remembered
        assert await container.succession().origin() is None
        assert await nearest(container) == a_question("How do I install package 7?").fingerprint


async def test_the_next_start_has_nothing_to_move(make: Make, remembered: list[Fingerprint]) -> None:
    container = make(**MINILM)
    async with alive(container):
        await until(lambda: bridged(container))
        await until(lambda: not bridged(container))

    again = make(**MINILM)
    with capture_logs() as lines:
        async with alive(again):
            await asyncio.sleep(0.2)
            assert await filed(again) == remembered
    assert [each for each in lines if each["event"].startswith("index_")] == []


async def test_back_to_the_former_embedder_is_a_change_as_well(make: Make, remembered: list[Fingerprint]) -> None:
    for change in (MINILM, HASHING):
        container = make(**change)
        async with alive(container):
            await until(lambda container=container: bridged(container))  # type: ignore[misc]
            await until(lambda container=container: not bridged(container))  # type: ignore[misc]
            assert await filed(container) == remembered


async def test_without_the_former_model_memory_moves_all_the_same(
    make: Make, remembered: list[Fingerprint], tmp_path: Path
) -> None:
    container = make(**MINILM)
    async with alive(container):
        await until(lambda: not bridged(container))
        version = container.embedder().version
    (tmp_path / "models").mkdir()
    container = make(**HASHING, models_folder=tmp_path / "models")
    with capture_logs() as lines:
        async with alive(container):
            await until(lambda: "index_migrated" in [each["event"] for each in lines])
            assert await filed(container) == remembered
    (told,) = [each["error"] for each in lines if each["event"] == "former_index_not_read"]
    assert f"{tmp_path}/models has no model {version}" in told


async def test_what_fails_in_the_middle_is_tried_again(make: Make, remembered: list[Fingerprint]) -> None:
    container = make(**MINILM)
    failing = FailingTwice(container.migrate_index())
    container.migrate_index.override(Object(failing))
    with capture_logs() as lines:
        async with alive(container):
            await until(lambda: not failing.left and not bridged(container))
            assert await filed(container) == remembered
    assert [each["error"] for each in lines if each["event"] == "memory_not_moved"] == ["no space left"] * 2


class FailingTwice(MigrateIndex):
    def __init__(self, real: MigrateIndex) -> None:
        super().__init__(real.heal, real.catalogue, real.succession)
        object.__setattr__(self, "left", ["no space left"] * 2)

    async def __call__(self, tell: Any) -> None:
        if self.left:  # type: ignore[attr-defined]
            raise VectorIndexUnavailable(self.left.pop())  # type: ignore[attr-defined]
        await super().__call__(tell)


async def test_it_stops_when_another_worker_was_faster(make: Make, remembered: list[Fingerprint]) -> None:
    gate, container = asyncio.Event(), make(**MINILM)
    async with alive(held(container, gate)):
        await until(lambda: bridged(container))
        heal: HealMemory = container.heal_memory()
        assert await heal() == 40
        await container.succession().succeed()

        await until(lambda: not bridged(container))
        assert await filed(container) == remembered
        assert not gate.is_set()


@pytest.mark.usefixtures("remembered")
async def test_how_far_it_is_stands_in_the_data_folder(make: Make, tmp_path: Path) -> None:
    container = make(**MINILM)
    notes = []
    real = container.migrate_index()

    class Telling(MigrateIndex):
        async def __call__(self, tell: Any) -> None:
            await super().__call__(lambda progress: (tell(progress), notes.append(read_note(tmp_path))))

    container.migrate_index.override(Object(Telling(real.heal, real.catalogue, real.succession)))
    async with alive(container):
        await until(lambda: bool(notes) and not bridged(container))
        await until(lambda: not (tmp_path / NAME).exists())
    assert (notes[-1].done, notes[-1].total) == (40, 40)
    assert notes[-1].embedder == container.embedder().version


@pytest.mark.parametrize("make", ["qdrant"], indirect=True)
async def test_a_server_that_is_away_at_the_start_is_asked_again(
    make: Make, remembered: list[Fingerprint], qdrant_server: ScriptedQdrant
) -> None:
    qdrant_server.manner = Hanging()
    container = make(**MINILM, qdrant={"url": qdrant_server.url, "timeout": 0.02})
    with capture_logs() as lines:
        async with alive(container):
            await until(lambda: any(each["event"] == "index_in_use_unknown" for each in lines))
            qdrant_server.manner = Willing()
            await until(lambda: any(each["event"] == "index_migrated" for each in lines), 20)
            assert await filed(container) == remembered


async def test_many_workers_move_one_memory_together(
    tmp_path: Path,
    prepared_model: PreparedModel,
    redis_server: RedisServer,
    redis_prefix: str,
    qdrant_server: ScriptedQdrant,
) -> None:
    def worker(number: int, **changes: Any) -> Container:
        shared = {
            "data_folder": tmp_path / f"worker-{number}",
            "models_folder": prepared_model.folder.parent,
            "answer_cache": {"kind": "redis"},
            "redis": {"url": redis_server.url, "prefix": redis_prefix, "timeout": 2},
            "vector_index": {"kind": "qdrant"},
            "qdrant": {"url": qdrant_server.url, "timeout": 2},
        }
        return Container(settings=Settings.model_validate({**shared, **changes}))

    former, workers = worker(0, **HASHING), [worker(number, **MINILM) for number in range(3)]
    names = await remember_in(former)
    async with AsyncExitStack() as stack:
        for each in workers:
            await stack.enter_async_context(alive(each))
            assert await nearest(each) == a_question("How do I install package 7?").fingerprint
        await until(lambda: not any(bridged(each) for each in workers), 20)
        assert [await filed(each) for each in workers] == [names] * 3
        assert [await each.succession().origin() for each in workers] == [None] * 3

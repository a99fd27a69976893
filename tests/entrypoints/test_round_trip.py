"""A memory moves from any wiring to any other, and comes back as it was."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from adapters.embedder.prepared_model import PreparedModel
from application.import_memory import Arrival
from domain.caching import Lifetime, StoredAnswer
from domain.catalogue import Holdings, Selection
from domain.entries import Entry
from domain.generation import Citation
from domain.questions import Compatibility, Fingerprint
from domain.similarity import Search
from domain.tokens import TokenUsage
from entrypoints.cli.memory_file import MemoryFileReader
from entrypoints.cli.memory_moves import Restored, restore, save
from entrypoints.cli.memory_survey import survey
from entrypoints.container import Container
from entrypoints.settings import Settings
from tests.builders import a_completion, a_fingerprint, a_stored_answer
from tests.qdrant_server import ScriptedQdrant
from tests.redis_servers import RedisServer, fresh_prefix

COUNT = 300
"""More than a page."""

TENANTS = ("acme", "globex")

Wiring = dict[str, Any]


@frozen
class Servers:
    """What a wiring may be made of besides folders."""

    qdrant: ScriptedQdrant
    redis: RedisServer


WIRINGS: Mapping[str, Callable[[Servers, str], Wiring]] = {
    "memory": lambda *_: {"answer_cache": {"kind": "memory"}, "vector_index": {"kind": "memory"}},
    "embedded": lambda *_: {"answer_cache": {"kind": "sqlite"}, "vector_index": {"kind": "edge"}},
    "shared": lambda servers, name: {
        "answer_cache": {"kind": "redis"},
        "redis": {"url": servers.redis.url, "prefix": name, "timeout": 5},
        "vector_index": {"kind": "qdrant"},
        "qdrant": {"url": servers.qdrant.url, "collection": name, "timeout": 5},
    },
}


class Places:
    """Makes memories: each on a wiring, with nothing in it."""

    def __init__(self, folder: Path, models: Path, servers: Servers) -> None:
        self.folder, self.models, self.servers = folder, models, servers
        self.opened = AsyncExitStack()

    async def open(self, wiring: str, **changes: Any) -> Container:
        name = fresh_prefix()
        home = {"data_folder": self.folder / name, "models_folder": self.models, "embedder": {"kind": "hashing"}}
        chosen = {**home, **WIRINGS[wiring](self.servers, name), **changes}
        container = Container(settings=Settings.model_validate(chosen))
        await self.opened.enter_async_context(container.open_things())
        await container.records().open()
        return container


@pytest.fixture
async def places(
    tmp_path: Path, prepared_model: PreparedModel, qdrant_server: ScriptedQdrant, redis_server: RedisServer
) -> AsyncIterator[Places]:
    places = Places(tmp_path, prepared_model.folder.parent, Servers(qdrant_server, redis_server))
    yield places
    await places.opened.aclose()


def an_answer(number: int) -> StoredAnswer:
    """Give an answer that is like no other in anything."""
    now = time.time()
    cited = tuple(Citation(f"page {each}", f"Größe {each}", f"book {number}") for each in range(number % 3))
    completion = a_completion(f"Answer {number}. \N{FOX FACE}" * 20, usage=TokenUsage(number, 2), citations=cited)
    return a_stored_answer(
        number,
        fingerprint=a_fingerprint(number * 2**130 + number),
        partition=Compatibility(f"{number % 5:064x}"),
        tenant=TENANTS[number % 2],
        namespace="handbook" if number % 4 else "",
        question=f"What is number {number}?",
        completion=completion,
        stored_at=now - number / 7,
        lifetime=Lifetime(10_000.5 + number, number / 3, number),
        tags=tuple(f"tag-{each}" for each in range(number % 4)),
        accesses=number % 9,
        accessed_at=now - number / 11,
        requested_model="small",
        cluster=f"cluster {number // 2}",
    )


async def fill(container: Container, numbers: Sequence[int]) -> None:
    answers = [an_answer(each) for each in numbers]
    await container.stored_answers().put(answers)
    await container.file_answers()([Entry(each) for each in answers])


async def contents(container: Container) -> dict[Fingerprint, Entry]:
    """Give everything, less the number that means nothing in another journal."""
    pages = [page async for page in container.export_memory().entries()]
    return {
        each.answer.fingerprint: evolve(each, answer=evolve(each.answer, epoch=0)) for page in pages for each in page
    }


async def move(source: Container, target: Container, file: Path) -> Restored:
    await save(source.export_memory(), file)
    with file.open("rb") as opened:
        reader = MemoryFileReader(opened)
        return await restore(target.import_memory(), reader, survey(reader))


def same(one: Mapping[Fingerprint, Entry], other: Mapping[Fingerprint, Entry]) -> bool:
    """Compare everything; a server may round the last digit of a vector."""
    answers = {name: each.answer for name, each in one.items()} == {name: each.answer for name, each in other.items()}
    return answers and all(
        each.embedding
        and (twin := other[name].embedding)
        and each.embedder == other[name].embedder
        and list(each.embedding.vector) == pytest.approx(list(twin.vector), rel=1e-6, abs=1e-8)
        for name, each in one.items()
    )


@pytest.mark.parametrize(("one", "other"), list(product(WIRINGS, WIRINGS)))
async def test_a_memory_that_was_moved_there_and_back_is_the_same(places: Places, one: str, other: str) -> None:
    first, second, third = [await places.open(each) for each in (one, other, one)]
    await fill(first, range(COUNT))
    before = await contents(first)

    there = await move(first, second, places.folder / "there")
    back = await move(second, third, places.folder / "back")

    assert there.arrivals == back.arrivals == {Arrival.IMPORTED: COUNT, Arrival.PURGED: 0}
    assert (there.embedded, back.embedded) == (0, 0)
    assert same(before, await contents(second))
    assert same(before, await contents(third))
    assert [await held(each) for each in (second, third)] == [await held(first)] * 2


async def held(container: Container) -> list[tuple[int, int]]:
    measured: list[Holdings] = [await container.stored_answers().measure(each) for each in TENANTS]
    return [(each.entries, each.accesses) for each in measured]


@pytest.mark.parametrize("wiring", WIRINGS)
async def test_what_was_moved_is_found_exactly_by_meaning_and_by_tag(places: Places, wiring: str) -> None:
    source, target = await places.open("embedded"), await places.open(wiring)
    await fill(source, range(8))
    await move(source, target, places.folder / "file")

    stored = an_answer(3)
    (embedding,) = await target.embedder().embed([stored.question])
    (found,) = await target.meanings().index.search([Search(stored.partition, embedding)], 1)
    assert found[0].fingerprint == stored.fingerprint
    assert found[0].similarity == pytest.approx(1.0, abs=1e-3)
    assert await target.purge_answers()(Selection("globex", tag="tag-2")) == 2
    assert len(await contents(target)) == 6


@pytest.mark.parametrize("wiring", WIRINGS)
async def test_a_memory_with_another_embedder_embeds_anew(places: Places, wiring: str) -> None:
    source, target = await places.open("embedded"), await places.open(wiring, embedder={"kind": "onnx"})
    await fill(source, range(10))

    restored = await move(source, target, places.folder / "file")

    assert restored.embedded == 10
    assert {each.embedder for each in (await contents(target)).values()} == {target.embedder().version}
    assert {each.answer for each in (await contents(target)).values()} == {
        each.answer for each in (await contents(source)).values()
    }


@pytest.mark.parametrize("wiring", WIRINGS)
async def test_purges_move_too_and_keep_an_older_copy_out(places: Places, wiring: str) -> None:
    source, target = await places.open("embedded"), await places.open(wiring)
    await fill(source, range(12))
    await save(source.export_memory(), older := places.folder / "older")
    assert await source.purge_answers()(Selection("globex", tag="tag-2")) == 3
    await move(source, target, places.folder / "newer")

    with older.open("rb") as opened:
        restored = await restore(target.import_memory(), (reader := MemoryFileReader(opened)), survey(reader))

    assert restored.arrivals[Arrival.PURGED] == 3
    assert len(await contents(target)) == 9


async def test_one_tenant_is_moved_alone(places: Places) -> None:
    source, target = await places.open("embedded"), await places.open("embedded")
    await fill(source, range(10))
    file = places.folder / "file"

    written = await save(source.export_memory(), file, "acme")
    with file.open("rb") as opened:
        await restore(target.import_memory(), (reader := MemoryFileReader(opened)), survey(reader))

    assert (written.entries, written.filed) == (5, 5)
    assert {each.answer.tenant for each in (await contents(target)).values()} == {"acme"}

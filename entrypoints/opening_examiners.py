"""Who examines what: wired by the settings, as the container wires a service, and opening as little as can be."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from adapters.answer_cache.sqlite_schema import UPGRADED, VERSION
from adapters.clock import SystemClock
from adapters.embedder.hashing import HashingEmbedder
from adapters.embedder.prepared_model import Manifest, find_prepared_model, read_prepared_model
from adapters.examiner.edge import EdgeExaminer
from adapters.examiner.folder import FolderExaminer
from adapters.examiner.latency import Deadline
from adapters.examiner.sqlite_answers import SqliteAnswersExaminer
from adapters.examiner.sqlite_records import SqliteRecordsExaminer
from adapters.examiner.succession import Successor
from adapters.records import HEAD, Records
from adapters.vector_index.edge.folder import folder_of
from adapters.vector_index.edge.shelf import EdgeIndexShelf
from application.examine_setup import ExamineSetup
from domain.errors import Unavailable
from domain.examination import Examiner, Finding, Judgement
from domain.similarity import EmbedderUnavailable
from domain.succession import IndexShelf
from entrypoints.opening import ANSWERS, connect_redis, open_redis
from entrypoints.opening_indexes import INDEXES, connect_qdrant, open_qdrant_shelf
from entrypoints.settings import Settings
from entrypoints.settings_findings import findings_of

MEGABYTE = 1_000_000

PATIENT = 2.0
"""Seconds that an examiner waits for a server, at least: it wants to know how slow that is."""


class Embeddings(Protocol):
    """What an index must know of the embedder."""

    @property
    def version(self) -> str:
        """Name model, precision and build."""
        ...

    @property
    def dimensions(self) -> int:
        """Give the length of its vectors."""
        ...


@asynccontextmanager
async def examination(settings: Settings) -> AsyncIterator[ExamineSetup]:
    """Lend what looks at everything that *settings* choose; connections are closed in the end."""
    async with AsyncExitStack() as open_things:
        embeddings, told = _embeddings(settings)
        wiring = _Wiring(settings, embeddings, open_things)
        examiners = list(wiring.examiners())
        yield ExamineSetup([*findings_of(settings), told, *wiring.refusals], examiners)


def _embeddings(settings: Settings) -> tuple[Embeddings | None, Finding]:
    """Find the embedder without loading it."""
    if settings.embedder.kind == "hashing":
        remedy = "set RAGBOOST_EMBEDDER_KIND=onnx: hashed words know no meaning"
        return HashingEmbedder(), Finding("embedder", "model", HashingEmbedder().version, Judgement.ADVICE, remedy)
    try:
        manifest: Manifest = read_prepared_model(settings.model_folder).manifest
    except EmbedderUnavailable as error:
        remedy = "run `ragboost models prepare`"
        return None, Finding("embedder", "model", str(error).partition(";")[0], Judgement.WRONG, remedy)
    return manifest, Finding("embedder", "model", f"{manifest.version} in {settings.model_folder}")


class _Wiring:
    """Makes the examiners; *refusals* tell of those that could not be made."""

    def __init__(self, settings: Settings, embeddings: Embeddings | None, open_things: AsyncExitStack) -> None:
        self._settings = settings
        self._embeddings = embeddings
        self._open_things = open_things
        self.refusals: list[Finding] = []

    def examiners(self) -> Iterator[Examiner]:
        """Make those that are needed."""
        yield self._folder()
        yield SqliteRecordsExaminer(
            Records(self._settings.records_url).file, HEAD, needs_key=not self._settings.open_without_keys
        )
        yield from self._of_answers()
        yield from self._of_index()

    @property
    def _data(self) -> Path:
        return self._settings.data_folder

    def _folder(self) -> Examiner:
        on_disk = self._settings.answer_cache.kind == "sqlite"
        limit = self._settings.answer_cache.size_mb * MEGABYTE if on_disk else 0
        return FolderExaminer(self._data, [self._data / ANSWERS], limit)

    def _of_answers(self) -> Iterator[Examiner]:
        if self._settings.answer_cache.kind == "sqlite":
            yield SqliteAnswersExaminer(self._data / ANSWERS, (UPGRADED, VERSION))
        if self._settings.answer_cache.kind == "redis":
            yield from self._unless_refused("redis", self._redis)

    def _of_index(self) -> Iterator[Examiner]:
        if self._settings.vector_index.kind == "qdrant":
            yield from self._unless_refused("qdrant", self._qdrant)
        if self._settings.vector_index.kind == "edge" and self._embeddings:
            yield self._edge(self._embeddings)

    def _unless_refused(self, part: str, make: Any) -> Iterator[Examiner]:
        try:
            yield make()
        except Unavailable as error:
            found, _, remedy = str(error).partition(": ")
            self.refusals.append(Finding(part, "address", found, Judgement.WRONG, remedy))

    def _redis(self) -> Examiner:
        from adapters.answer_cache.redis_buckets import Buckets  # noqa: PLC0415 - takes 20 MB
        from adapters.examiner.redis import RedisExaminer  # noqa: PLC0415
        from adapters.examiner.redis_judgements import Demands  # noqa: PLC0415

        chosen = self._settings.redis
        connection = self._kept(connect_redis(_patient(self._settings, "redis")))
        demands = Demands(self._settings.answer_cache.size_mb * MEGABYTE, chosen.pool_size)
        deadline = Deadline("redis", chosen.timeout, "RAGBOOST_REDIS_TIMEOUT")
        answers = self._kept(open_redis(connection))
        return RedisExaminer(connection, answers, Buckets(chosen.prefix).bases, demands, deadline, SystemClock())

    def _edge(self, embeddings: Embeddings) -> Examiner:
        indexes, version = self._data / INDEXES, embeddings.version
        return EdgeExaminer(folder_of(indexes, version), self._successor(EdgeIndexShelf(indexes, version), version))

    def _qdrant(self) -> Examiner:
        from adapters.examiner.qdrant import QdrantExaminer, Wanted  # noqa: PLC0415 - takes 45 MB
        from adapters.vector_index.qdrant.blueprint import Blueprint  # noqa: PLC0415

        chosen, made_by = self._settings.qdrant, self._embeddings
        connection = self._kept(connect_qdrant(_patient(self._settings, "qdrant")))
        deadline = Deadline("qdrant", chosen.timeout, "RAGBOOST_QDRANT_TIMEOUT")
        if not made_by:
            return QdrantExaminer(connection, None, deadline, SystemClock())
        successor = self._successor(open_qdrant_shelf(self._settings, connection), made_by.version)
        wanted = Wanted(Blueprint(made_by.version, made_by.dimensions, chosen.collection), successor)
        return QdrantExaminer(connection, wanted, deadline, SystemClock())

    def _successor(self, shelf: IndexShelf, version: str) -> Successor:
        return Successor(shelf, version, self._has_model)

    def _has_model(self, version: str) -> bool:
        found = find_prepared_model(self._settings.models_folder, version)
        return version == HashingEmbedder().version or found is not None

    def _kept(self, thing: Any) -> Any:
        self._open_things.push_async_callback(thing.close)
        return thing


def _patient(settings: Settings, server: str) -> Settings:
    section = getattr(settings, server)
    waiting = section.model_copy(update={"timeout": max(PATIENT, section.timeout)})
    return settings.model_copy(update={server: waiting})

"""A memory filled before the service starts, through the adapters that it will use: 100,000 questions take too long."""

import asyncio
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from progress import steps
from questions import answered, asked
from service import MODEL, MODELS, TENANT

from adapters.answer_cache.sqlite import SqliteAnswerCache
from adapters.vector_index.edge import index as edge
from domain.caching import Lifetime, StoredAnswer
from domain.generation import Completion, FinishReason
from domain.questions import Question
from domain.similarity import Embedding, Point, VectorIndex
from domain.tokens import TokenUsage
from entrypoints.opening import open_onnx, open_sqlite
from entrypoints.opening_indexes import open_edge
from entrypoints.settings import Settings

DAY = 86_400.0
PAGE = 500


def question(number: int) -> Question:
    """Give question *number* as the service will understand it."""
    return Question(tenant=TENANT, text=asked(number), provider="openai", model=MODEL)


def stored(asked_for: Question) -> StoredAnswer:
    """Give its answer as the service would have remembered it."""
    usage = TokenUsage(prompt=12, completion=400)
    now = time.time()
    return StoredAnswer(
        fingerprint=asked_for.fingerprint,
        partition=asked_for.compatibility,
        tenant=asked_for.tenant,
        namespace=asked_for.namespace,
        question=asked_for.text,
        completion=Completion(answered(asked_for.text), "openai", MODEL, usage, FinishReason.STOP),
        stored_at=now,
        lifetime=Lifetime(DAY),
        accessed_at=now,
    )


def fill(data: Path, entries: int, *, embedded: bool = True) -> None:
    """
    Remember questions 0 to *entries* in the data folder *data*.

    Not *embedded*, their vectors are random: enough for what never searches, and a hundred times as fast.
    """
    edge.OPTIMISE_AFTER = entries + 1  # once, at the end
    asyncio.run(_fill(data, entries, embedded=embedded))


async def _fill(data: Path, entries: int, *, embedded: bool) -> None:
    embedder = open_onnx(Settings(data_folder=data, models_folder=MODELS))
    answers, index = open_sqlite(data), open_edge(data, embedder)
    for first in steps(f"remembering {entries:,} answers", range(0, entries, PAGE)):
        page = [question(number) for number in range(first, min(first + PAGE, entries))]
        texts = [each.normalised for each in page]
        vectors = await embedder.embed(texts) if embedded else _random(first, len(page), embedder.dimensions)
        await _remember(answers, index, page, vectors)
    if embedded:
        await index.optimise()
    await index.close()
    await answers.close()
    await embedder.close()


async def _remember(
    answers: SqliteAnswerCache, index: VectorIndex, page: Sequence[Question], vectors: Sequence[Embedding]
) -> None:
    await answers.put([stored(each) for each in page])
    named = zip(page, vectors, strict=True)
    await index.upsert([Point(each.fingerprint, each.compatibility, vector) for each, vector in named])


def _random(seed: int, count: int, dimensions: int) -> list[Embedding]:
    drawn = np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32)
    lengths = np.linalg.norm(drawn, axis=1, keepdims=True)
    return [Embedding(array("f", each.tobytes())) for each in drawn / lengths]

"""How entries, searches and pages are told to Qdrant Edge, and how its graphs are built."""

import os
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast
from uuid import UUID

import qdrant_edge as edge

from adapters.vector_index.edge.wire import Entry, Found, Vector

LINKS, CANDIDATES = 16, 100
"""Of the graph: links of a node, and candidates looked at when it is added."""

EXACT_BELOW = 8_000
"""Partitions of fewer kilobytes of vectors (5,300 points of 384 dimensions) are searched without a graph."""

BREADTH = 128
"""Candidates kept while the graph is searched."""

OVERSAMPLING = 2.0
"""So many times the limit is found by vectors of int8, then put in order by those of float32: half the time."""

QUANTISED = edge.ScalarQuantizationConfig(edge.ScalarType.Int8, quantile=0.99, memory=edge.Memory.Pinned)

GRAPH = edge.HnswIndexConfig(
    # No search crosses partitions: only each partition has a graph, there is none over all of them.
    m=0,
    payload_m=LINKS,
    ef_construct=CANDIDATES,
    full_scan_threshold=EXACT_BELOW,
    max_indexing_threads=max(1, (os.cpu_count() or 1) // 2),
)

SAMPLE = 100
"""So many points are looked at when a shard is opened: fingerprints are random, so they lie all over its files."""

HOW_TO_SEARCH = edge.SearchParams(
    hnsw_ef=BREADTH, quantization=edge.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
)

OPTIMISERS = edge.EdgeOptimizersConfig(
    default_segment_number=1,
    indexing_threshold=100,  # kilobytes: whoever asks for it to be optimised has made sure that it is worth it
    max_segment_size=1 << 30,  # kilobytes: one segment, whatever its size, so that a search visits one graph
)


def opened(path: Path, dimensions: int) -> edge.EdgeShard:
    """
    Open the shard at *path*, or make it there.

    Raises:
        ValueError: there are vectors that cannot be; the engine fills a file that was cut short with zeros.
    """
    shard = edge.EdgeShard.load(str(path), _config(dimensions)) if path.exists() else _made(path, dimensions)
    if "partition" not in shard.info().payload_schema:
        shard.update(edge.UpdateOperation.create_field_index("partition", edge.KeywordIndexParams(is_tenant=True)))
    sample, _ = shard.scroll(edge.ScrollRequest(limit=SAMPLE, with_vector=True))
    if not all(_is_of_length_one(each) for each in sample):
        raise ValueError("vectors are missing or garbled")
    return shard


def upserting(entries: Iterable[Entry]) -> edge.UpdateOperation:
    """File *entries*."""
    return edge.UpdateOperation.upsert_points([_point(each) for each in entries])


def removing(names: Iterable[str]) -> edge.UpdateOperation:
    """Forget the entries of these fingerprints."""
    return edge.UpdateOperation.delete_points([_identity(each) for each in names])


def searching(partition: str, vector: Vector, limit: int) -> edge.SearchRequest:
    """Find the *limit* nearest of a partition."""
    return edge.SearchRequest(
        edge.Query.Nearest(_floats(vector)),
        limit,
        filter=edge.Filter(must=[edge.FieldCondition("partition", match=edge.MatchValue(partition))]),
        params=HOW_TO_SEARCH,
        with_payload=["fingerprint"],
    )


def retrieved(index: edge.EdgeShard, names: Iterable[str]) -> list[Entry]:
    """Give those of the entries of these fingerprints that are filed."""
    wanted = {_identity(each): each for each in names}
    found = index.retrieve(list(wanted), with_payload=True, with_vector=True)
    return [_entry(each) for each in found if each.payload and each.payload["fingerprint"] in wanted.values()]


def scrolling(start: str | None, limit: int) -> edge.ScrollRequest:
    """Read *limit* entries in the order of their identities, from that of *start*, inclusive."""
    return edge.ScrollRequest(_identity(start) if start else None, limit, with_payload=["fingerprint"])


def neighbours(found: Sequence[edge.ScoredPoint]) -> list[Found]:
    """Give what was found, with its cosine."""
    return [Found(each.payload["fingerprint"], each.score) for each in found if each.payload]


def fingerprints(found: Sequence[edge.Record]) -> list[str]:
    """Give the fingerprints of what was found."""
    return [each.payload["fingerprint"] for each in found if each.payload]


def _made(path: Path, dimensions: int) -> edge.EdgeShard:
    path.mkdir(parents=True)
    return edge.EdgeShard.create(str(path), _config(dimensions))


def _is_of_length_one(record: edge.Record) -> bool:
    vector = cast("list[float]", record.vector)
    return abs(sum(each * each for each in vector) - 1) < 0.01  # noqa: PLR2004  float32, and what it rounds


def _config(dimensions: int) -> edge.EdgeConfig:
    return edge.EdgeConfig(
        vectors=edge.EdgeVectorParams(dimensions, edge.Distance.Cosine),
        hnsw_config=GRAPH,
        quantization_config=QUANTISED,
        optimizers=OPTIMISERS,
        max_search_threads=1,
    )


def _point(entry: Entry) -> edge.Point:
    payload = {"fingerprint": entry.fingerprint, "partition": entry.partition}
    return edge.Point(_identity(entry.fingerprint), _floats(entry.vector), payload)


def _entry(record: edge.Record) -> Entry:
    payload = record.payload or {}
    vector = array("f", cast("list[float]", record.vector))
    return Entry(payload["fingerprint"], payload["partition"], vector.tobytes())


def _identity(fingerprint: str) -> UUID:
    """Give the first half of *fingerprint*, so that identities sort as fingerprints do."""
    return UUID(hex=fingerprint[:32])


def _floats(vector: Vector) -> list[float]:
    return array("f", vector).tolist()

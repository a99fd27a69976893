"""How points, searches and pages are told to Qdrant, and what it says is understood."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from qdrant_client import models

from domain.questions import Compatibility, Fingerprint
from domain.similarity import Embedding, Neighbour, Point, Search

FINGERPRINT, PARTITION = "fingerprint", "partition"

BREADTH = 128
"""Candidates kept while a graph is searched."""

OVERSAMPLING = 2.0
"""So many times the limit is found by vectors of int8, then put in order by those of float32."""

_HOW_TO_SEARCH = models.SearchParams(
    hnsw_ef=BREADTH, quantization=models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
)
_ONLY_THE_NAME = [FINGERPRINT]


def identity(fingerprint: Fingerprint) -> str:
    """Give the first half of *fingerprint* as a UUID, so that identities sort as fingerprints do."""
    return str(UUID(hex=fingerprint[:32]))


def filed(point: Point) -> models.PointStruct:
    """Give *point* as it is kept."""
    payload = {FINGERPRINT: point.fingerprint, PARTITION: point.partition}
    return models.PointStruct(id=identity(point.fingerprint), vector=point.embedding.vector.tolist(), payload=payload)


def removed(fingerprints: Iterable[Fingerprint]) -> models.PointIdsList:
    """Name the points that shall go."""
    return models.PointIdsList(points=[identity(each) for each in fingerprints])


def searching(search: Search, limit: int) -> models.QueryRequest:
    """Ask for the *limit* nearest of a partition."""
    inside = models.FieldCondition(key=PARTITION, match=models.MatchValue(value=search.partition))
    return models.QueryRequest(
        query=search.embedding.vector.tolist(),
        filter=models.Filter(must=[inside]),
        params=_HOW_TO_SEARCH,
        limit=limit,
        with_payload=_ONLY_THE_NAME,
    )


def neighbours(found: models.QueryResponse) -> list[Neighbour]:
    """Give what was found, with its cosine."""
    return [Neighbour(_name(each), each.score) for each in found.points]


def names(records: Sequence[models.Record]) -> list[Fingerprint]:
    """Give the fingerprints of what was paged through."""
    return [_name(each) for each in records]


def read(records: Iterable[models.Record], wanted: Iterable[Fingerprint]) -> list[Point]:
    """Give those of the records that are *wanted*, not another one with the same identity, as points."""
    known = set(wanted)
    return [_point(each) for each in records if _name(each) in known]


def _point(record: models.Record) -> Point:
    payload, vector = _payload(record), cast("list[float]", record.vector)
    return Point(_name(record), Compatibility(payload[PARTITION]), Embedding(array("f", vector)))


def _name(found: models.Record | models.ScoredPoint) -> Fingerprint:
    return Fingerprint(_payload(found)[FINGERPRINT])


def _payload(found: models.Record | models.ScoredPoint) -> dict[str, Any]:
    return found.payload or {}

"""Labelled questions, embedded: streams, in which some share an answer, and pairs."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from domain.questions import normalise
from domain.similarity import Embedder

BATCH = 64

Vectors = np.ndarray[Any, np.dtype[np.float32]]


@frozen
class Stream:
    """Questions in the order in which they were asked, with the name of each one's answer."""

    name: str
    texts: list[str]
    answers: list[str]


@frozen
class Pairs:
    """Pairs of questions, and whether both have one answer."""

    name: str
    stored: list[str]
    asked: list[str]
    same: list[bool]


def read_streams(folder: Path) -> list[Stream]:
    """Read all ``stream_*.jsonl.gz``: ``{"text", "answer_id"}`` a line."""
    return [_stream(file) for file in sorted(folder.glob("stream_*.jsonl.gz"))]


def read_pairs(folder: Path) -> list[Pairs]:
    """Read all ``pairs_*.jsonl.gz``: ``{"a", "b", "same"}`` a line."""
    return [_pairs(file) for file in sorted(folder.glob("pairs_*.jsonl.gz"))]


async def embed(embedder: Embedder, texts: set[str]) -> dict[str, Vectors]:
    """Embed each text once."""
    ordered, found = sorted(texts), {}
    for start in range(0, len(ordered), BATCH):
        some = ordered[start : start + BATCH]
        for text, embedding in zip(some, await embedder.embed(some), strict=True):
            found[text] = np.array(embedding.vector, dtype=np.float32)
    return found


def _stream(file: Path) -> Stream:
    rows = list(_rows(file))
    return Stream(_name(file), [normalise(row["text"]) for row in rows], [row["answer_id"] for row in rows])


def _pairs(file: Path) -> Pairs:
    rows = list(_rows(file))
    stored, asked = ([normalise(row[side]) for row in rows] for side in "ab")
    return Pairs(_name(file), stored, asked, [bool(row["same"]) for row in rows])


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _name(file: Path) -> str:
    return file.name.split("_", 1)[1].removesuffix(".jsonl.gz")

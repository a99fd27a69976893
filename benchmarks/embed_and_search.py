"""
The floor of a semantic hit: embed and search through the same adapters, with nothing around them.

``python benchmarks/embed_and_search.py <data folder> <file of bodies>`` reads lines of seconds and of the first
question's place, and prints the median microseconds of embed + search, and of embed, as a JSON list.
"""

import json
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import uvloop
from filling import question
from service import MODELS

from domain.similarity import Embedder, Search, VectorIndex
from entrypoints.opening import open_onnx
from entrypoints.opening_indexes import open_edge
from entrypoints.settings import Settings

NEIGHBOURS = Settings().semantic.neighbours


async def main() -> None:
    """Open both adapters, and measure whenever a line comes; the end of the lines is the end."""
    data, bodies = map(Path, sys.argv[1:])
    texts = [json.loads(line)["query"] for line in bodies.open()]
    embedder = open_onnx(Settings(data_folder=data, models_folder=MODELS))
    index = open_edge(data, embedder)
    await timed(embedder, index, texts[:200], 1.0)
    for line in sys.stdin:
        seconds, first = map(int, line.split())
        figures = await timed(embedder, index, texts[first:] + texts[:first], seconds)
        print(json.dumps(figures), flush=True)
    await index.close()
    await embedder.close()


async def timed(embedder: Embedder, index: VectorIndex, texts: Sequence[str], seconds: float) -> tuple[float, float]:
    """Embed and search one text after the other for so long; give the medians in microseconds."""
    partition = question(0).compatibility
    whole, part = [], []
    deadline = time.perf_counter() + seconds
    for text in cycle(texts):
        began = time.perf_counter()
        (embedding,) = await embedder.embed((text,))
        embedded = time.perf_counter()
        (found,) = await index.search((Search(partition, embedding),), NEIGHBOURS)
        ended = time.perf_counter()
        assert len(found) == NEIGHBOURS
        whole.append(ended - began)
        part.append(embedded - began)
        if ended > deadline:
            break
    return statistics.median(whole) * 1e6, statistics.median(part) * 1e6


if __name__ == "__main__":
    uvloop.run(main())

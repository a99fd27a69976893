"""
How fast and how exact is a search: ``python benchmarks/search.py [--entries 100000] [--json]``.

Each case files the entries in a fresh Edge index in a temporary folder, optimises it, and asks 1,000 questions that
were not filed, one after the other. Beside them, in the same run: a plain numpy search of the same partition, the
exact one (the floor for recall and for speed), and a ping of the engine, which is what any search pays for the way.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from array import array
from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from adapters.vector_index.edge import index as edge
from domain.questions import Compatibility, Fingerprint
from domain.similarity import Embedding, Point, Search

DIMENSIONS, QUESTIONS, NEAREST, SEED = 384, 1_000, 10, 7
CLUSTERS, SPREAD = 2_000, 0.6
Vectors = NDArray[np.float32]

console = Console(stderr=True)


def unit(vectors: NDArray[Any]) -> Vectors:
    """Bring each row to length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def random_vectors(count: int) -> Vectors:
    """Give directions without any structure: the hardest case, which no embedder produces."""
    return unit(np.random.default_rng(SEED).standard_normal((count, DIMENSIONS), dtype=np.float32))


def clustered_vectors(count: int) -> Vectors:
    """Give directions around 2,000 topics, at a cosine of 0.86 to their topic and of 0.73 to one another."""
    rng = np.random.default_rng(SEED)
    topics = unit(rng.standard_normal((CLUSTERS, DIMENSIONS)))
    noise = rng.standard_normal((count, DIMENSIONS)) * SPREAD / DIMENSIONS**0.5
    return unit(topics[rng.integers(0, CLUSTERS, count)] + noise)


KINDS: dict[str, Callable[[int], Vectors]] = {"clustered": clustered_vectors, "random": random_vectors}


class Case:
    """One layout: *entries* vectors of a kind, dealt out to a number of partitions."""

    def __init__(self, kind: str, entries: int, partitions: int) -> None:
        vectors = KINDS[kind](entries + QUESTIONS)
        self.name = f"{partitions} x {entries // partitions:,} {kind}"
        self.filed, self.asked = vectors[:entries], vectors[entries:]
        self.partitions = partitions

    def partition_of(self, number: int) -> Compatibility:
        """Name the partition of the entry, or of the question, *number*."""
        return Compatibility(f"partition {number % self.partitions}")

    def point(self, number: int) -> Point:
        """Give entry *number*."""
        return Point(fingerprint(number), self.partition_of(number), embedding(self.filed[number]))

    def exact(self, number: int) -> list[int]:
        """Give the entries nearest to question *number*, by looking at all of its partition."""
        rows = self.filed[number % self.partitions :: self.partitions]
        similarities = rows @ self.asked[number]
        nearest = np.argpartition(-similarities, NEAREST)[:NEAREST]
        return [int(each) * self.partitions + number % self.partitions for each in nearest]


def fingerprint(number: int) -> Fingerprint:
    """Give any 64 hexadecimal digits, the same for the same number."""
    return Fingerprint(blake2b(str(number).encode(), digest_size=32).hexdigest())


def embedding(vector: Vectors) -> Embedding:
    """Give *vector* as the domain has it."""
    return Embedding(array("f", vector.tobytes()))


async def timed(calls: Iterable[Callable[[], Awaitable[Any]]]) -> tuple[list[Any], list[float]]:
    """Make *calls* one after the other; give their results, and the milliseconds of each."""
    results, durations = [], []
    for call in calls:
        start = time.perf_counter()
        results.append(await call())
        durations.append((time.perf_counter() - start) * 1e3)
    return results, durations


async def measure(case: Case, folder: Path) -> dict[str, Any]:
    """File, optimise, ask, and give the figures."""
    index = edge.EdgeVectorIndex(folder / "index", "benchmark", DIMENSIONS, console.print)
    entries = len(case.filed)
    start = time.perf_counter()
    for first in track(range(0, entries, 1_000), f"{case.name}: filing", console=console):
        await index.upsert([case.point(number) for number in range(first, min(first + 1_000, entries))])
    filed = time.perf_counter()
    with console.status(f"{case.name}: optimising"):
        await index.optimise()
    optimised = time.perf_counter()
    figures = await ask(case, index)
    await index.close()
    return {"case": case.name, "filing_s": filed - start, "optimising_s": optimised - filed, **figures}


async def ask(case: Case, index: edge.EdgeVectorIndex) -> dict[str, Any]:
    """Time searches, pings and exact searches, and compare what was found."""
    questions = [embedding(each) for each in case.asked]
    searches = [
        lambda number=number: index.search((Search(case.partition_of(number), questions[number]),), NEAREST)
        for number in range(QUESTIONS)
    ]
    await timed(searches[:100])  # a service has been used before
    found, searching = await timed(track(searches, f"{case.name}: asking", console=console))
    _, pinging = await timed([index.ping] * QUESTIONS)
    nearest, scanning = exact(case)
    hits = sum(
        len({each.fingerprint for each in one} & {fingerprint(each) for each in other})
        for one, other in zip(found, nearest, strict=True)
    )
    p50, p99 = np.percentile(searching, [50, 99])
    floor50, floor99 = np.percentile(scanning, [50, 99])
    return {
        "p50_ms": p50,
        "p99_ms": p99,
        "recall": hits / NEAREST / QUESTIONS,
        "numpy_p50_ms": floor50,
        "numpy_p99_ms": floor99,
        "ping_p50_ms": np.percentile(pinging, 50),
        "ping_p99_ms": np.percentile(pinging, 99),
        "ratio_p50": p50 / floor50,
        "ratio_p99": p99 / floor99,
    }


def exact(case: Case) -> tuple[list[list[int]], list[float]]:
    """Search all questions with numpy; give what is nearest to each, and the milliseconds of each."""
    nearest, durations = [], []
    for number in track(range(QUESTIONS), f"{case.name}: exact search", console=console):
        start = time.perf_counter()
        nearest.append(case.exact(number))
        durations.append((time.perf_counter() - start) * 1e3)
    return nearest, durations


def table(rows: list[dict[str, Any]]) -> Table:
    """Lay out the figures."""
    shown = Table(title="Search: milliseconds of one, and how many of the ten nearest were found")
    for heading in rows[0]:
        shown.add_column(heading, justify="left" if heading == "case" else "right")
    for row in rows:
        shown.add_row(*(each if isinstance(each, str) else f"{each:.3f}" for each in row.values()))
    return shown


def main() -> None:
    """Measure all cases and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    edge.OPTIMISE_AFTER = options.entries + 1  # once, at the end
    rows = []
    for kind in KINDS:
        for partitions in (100, 1):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(asyncio.run(measure(Case(kind, options.entries, partitions), Path(folder))))
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        Console(width=200).print(table(rows))


if __name__ == "__main__":
    main()

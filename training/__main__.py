"""
Make the prior that ships with the product, from labelled questions.

    python -m training FOLDER

FOLDER holds stream_*.jsonl.gz and pairs_*.jsonl.gz (docs/quality.md says what is in them). Writes adapters/prior.json
and docs/prior.md, its model card. The same data and the same embedder make the same files.
"""

import asyncio
import sys
from math import log
from pathlib import Path

import numpy as np

from adapters.prior import FILE, read_prior, write_prior
from domain.belief import Belief, Vector
from domain.budgets import ErrorBudget, Spending
from domain.calibration import Calibration, Prior
from domain.candidates import FEATURES, bent, describe
from domain.similarity import Embedder
from domain.verdicts import VerifiedPolicy, vetoed
from entrypoints.container import Container
from entrypoints.settings_loading import load_settings
from training.labelled import Pairs, Stream, Vectors, embed, read_pairs, read_streams
from training.model_card import Material, write_card
from training.near_misses import Kind, Search
from training.regression import Sample, prior_of
from training.simulation import Outcome, Replay, candidates_of

SYNTHETIC = {"zipf"}
"""Streams that are made of others: they would count these twice."""

ROUNDS = 2
"""What is remembered depends on what was served, and that on the prior: after so many rounds it changes no more."""

STREAM_WEIGHT = 4000.0
"""What each stream counts, however long it is."""


def first_guess() -> Belief:
    """Begin with similarity alone."""
    nearness = FEATURES.index("nearness")
    mean = tuple(1.0 if number == nearness else -1.0 if number == 0 else 0.0 for number in range(len(FEATURES)))
    size = range(len(FEATURES))
    return Belief(mean, tuple(tuple(0.3 if row == column else 0.0 for column in size) for row in size))


def replay(stream: Stream, vectors: dict[str, Vectors], belief: Belief) -> Outcome:
    """Let a new tenant ask *stream*."""
    return Replay(stream, vectors, VerifiedPolicy(), Calibration.fresh(Prior("", FEATURES, belief))).run()


def fitted(streams: list[Stream], vectors: dict[str, Vectors]) -> Belief:
    """Replay, fit, and replay again."""
    belief = first_guess()
    real = [each for each in streams if each.name not in SYNTHETIC]
    for number in range(ROUNDS):
        belief = prior_of([Sample.of(replay(each, vectors, belief).lessons, STREAM_WEIGHT) for each in real])
        print(f"round {number + 1} of {ROUNDS} done", flush=True)
    return belief


def fitted_alone(pairs: list[Pairs], vectors: dict[str, Vectors]) -> Vector:
    """Draw the line between same and different where a new tenant's budget has its own."""
    weights = Search({each.name: _kind(each, vectors) for each in pairs}).run()
    weights[0] += _log_odds_of_first_hit()
    return tuple(np.round(weights, 6).tolist())


def _kind(pairs: Pairs, vectors: dict[str, Vectors]) -> Kind:
    candidates = candidates_of(pairs, vectors)
    rows = [describe(asked, (nearest,)) for nearest, asked in candidates]
    stopped = [vetoed((nearest,), found) for (nearest, _), (_, found) in zip(candidates, rows, strict=True)]
    return Kind(
        np.array([bent(features) for features, _ in rows]), np.array(pairs.same, float), np.array(stopped, float)
    )


def _log_odds_of_first_hit() -> float:
    """Find how sure a new tenant's first hit must be."""
    grid = [number / 10_000 for number in range(5000, 10_000)]
    least = next(each for each in grid if Spending().allows(each, ErrorBudget()))
    return log(least / (1 - least))


async def embedded(embedder: Embedder, streams: list[Stream], pairs: list[Pairs]) -> dict[str, Vectors]:
    """Embed all texts."""
    texts = {text for each in streams for text in each.texts}
    return await embed(embedder, texts | {text for each in pairs for text in (*each.stored, *each.asked)})


def main(folder: Path) -> None:
    """Read, fit, write."""
    streams, pairs = read_streams(folder), read_pairs(folder)
    embedder = Container(settings=load_settings()).embedder()
    print("embedding: some minutes", flush=True)
    vectors = asyncio.run(embedded(embedder, streams, pairs))
    write_prior(Prior("", FEATURES, fitted(streams, vectors), fitted_alone(pairs, vectors)))
    write_card(read_prior(FEATURES), FILE.stat().st_size, Material(embedder.version, streams, pairs, vectors))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

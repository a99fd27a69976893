"""The graphs against the definition of BERT, written out in numpy."""

from math import erf, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from adapters.embedder.minilm_arithmetic import quantise_columns, quantise_rows
from adapters.embedder.onnx import OnnxEmbedder
from adapters.embedder.preparation import silent
from adapters.embedder.prepared_model import PreparedModel
from adapters.embedder.weight_sources import WEIGHTS, InstalledWeights

Floats = npt.NDArray[np.float64]

TEXTS = [
    "How do I reset my password?",
    "What is the capital of France, and since when?",
    "a",
    "Größe 日本語 🦉 e=mc²",
    "The quick brown fox jumps over the lazy dog. " * 8,
]


def read(path: Path) -> dict[str, Floats]:
    return {name: values.astype(np.float64) for name, values in load_file(path).items()}


gelu = np.vectorize(lambda x: x * 0.5 * (1 + erf(x / sqrt(2))))


class NumpyBert:
    """The original network, one text at a time, in double precision."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self.weights = weights

    def __call__(self, tokens: list[int]) -> Floats:
        rows = self.table("word")[tokens] + self.table("position")[: len(tokens)] + self.table("token_type")[0]
        x = self.norm("embeddings.LayerNorm", rows)
        for number in range(6):
            x = self.layer(f"encoder.layer.{number}", x)
        mean = x.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))

    def table(self, kind: str) -> Floats:
        return self.weights[f"embeddings.{kind}_embeddings.weight"]

    def layer(self, name: str, x: Floats) -> Floats:
        attended = self.dense(f"{name}.attention.output.dense", self.attention(f"{name}.attention.self", x))
        x = self.norm(f"{name}.attention.output.LayerNorm", x + attended)
        inner = gelu(self.dense(f"{name}.intermediate.dense", x))
        return self.norm(f"{name}.output.LayerNorm", x + self.dense(f"{name}.output.dense", inner))

    def attention(self, name: str, x: Floats) -> Floats:
        query, key, value = (
            self.dense(f"{name}.{part}", x).reshape(len(x), 12, 32).swapaxes(0, 1) for part in ("query", "key", "value")
        )
        scores = np.exp(query @ key.swapaxes(1, 2) / sqrt(32))
        context = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        return np.asarray(context.swapaxes(0, 1).reshape(len(x), 384))

    def dense(self, name: str, x: Floats) -> Floats:
        return np.asarray(x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])

    def norm(self, name: str, x: Floats) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        even = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(even * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Floats]:
    folder = InstalledWeights().locate(tmp_path_factory.mktemp("unused"), silent)
    bert, tokenizer = NumpyBert(read(folder / WEIGHTS)), Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    return [bert(tokenizer.encode(text).ids) for text in TEXTS]


async def embed(folder: Path) -> list[Floats]:
    embedder = OnnxEmbedder(folder)
    embeddings = await embedder.embed(TEXTS)
    await embedder.close()
    return [np.array(each.vector) for each in embeddings]


async def test_fp32_equals_the_original_to_six_digits(
    originals: list[Floats], full_precision_model: PreparedModel
) -> None:
    for found, original in zip(await embed(full_precision_model.folder), originals, strict=True):
        assert np.abs(found - original).max() < 1e-6


def test_the_precisions_have_different_versions(
    full_precision_model: PreparedModel, prepared_model: PreparedModel
) -> None:
    assert full_precision_model.manifest.version != prepared_model.manifest.version


async def test_int8_stays_near_the_original(originals: list[Floats], prepared_model: PreparedModel) -> None:
    cosines = [a @ b for a, b in zip(await embed(prepared_model.folder), originals, strict=True)]

    assert min(cosines) > 0.98
    assert np.mean(cosines) > 0.99


async def test_int8_keeps_the_distances_between_texts(originals: list[Floats], prepared_model: PreparedModel) -> None:
    found, expected = np.array(await embed(prepared_model.folder)), np.array(originals)

    assert np.abs(found @ found.T - expected @ expected.T).max() < 0.04


def test_a_quantised_column_is_off_by_half_a_step_at_most() -> None:
    matrix = np.random.default_rng(7).normal(size=(384, 16)).astype(np.float32) * np.logspace(-3, 2, 16, dtype="f4")

    small, scales = quantise_columns(matrix)

    assert (np.abs(small * scales - matrix) <= scales * 0.501).all()


def test_a_quantised_row_is_off_by_half_a_step_at_most() -> None:
    table = np.random.default_rng(7).normal(size=(5, 384)).astype(np.float32)

    small, scales = quantise_rows(table)

    restored = (small.reshape(5, 3, 128).astype(np.float32) - 128) * scales[..., None]
    assert (np.abs(restored - table.reshape(5, 3, 128)) <= scales[..., None] * 0.501).all()

"""Makes a prepared model out of the original weights: all of it or nothing, and only once."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import evolve, frozen

from adapters.embedder.prepared_model import (
    GRAPH,
    MANIFEST,
    TOKENIZER,
    Manifest,
    Precision,
    PreparedModel,
    checksum,
    read_prepared_model,
    write_manifest,
)
from adapters.embedder.weight_sources import ORIGINALS, WEIGHTS, Progress, WeightSource, check_originals
from adapters.translation import translating
from domain.similarity import EmbedderUnavailable

NAME = "all-MiniLM-L6-v2"
DIMENSIONS, MAX_TOKENS = 384, 256

RECIPE = 1
"""Raise this whenever the graph changes, so that models prepared before are prepared anew."""


def silent(step: str, done: float) -> None:
    """Report progress to nobody."""


def prepare(
    source: WeightSource, target: Path, precision: Precision = Precision.INT8, progress: Progress = silent
) -> PreparedModel:
    """
    Make the folder *target* a prepared model; where it is one already, only check it.

    Blocks for seconds. A kill leaves *target* as it was, or absent. Two at a time wait for each other.

    Raises:
        EmbedderUnavailable: the weights are missing or not the original ones, a package that only preparation
            needs is missing, or the disk does not take the files.
    """
    return _Preparation(source, target, precision, progress).run()


@frozen
class _Preparation:
    """One wish for a prepared model; the work is done in a hidden folder beside *target*."""

    source: WeightSource
    target: Path
    precision: Precision
    progress: Progress

    def run(self) -> PreparedModel:
        with translating({OSError: self._not_written}):
            return self._find() or self._run_alone()

    def _run_alone(self) -> PreparedModel:
        self._refuse_to_replace_others()
        with _locked(self.target.parent), _emptied(self._workshop):
            return self._find() or self._run_afresh()

    def _run_afresh(self) -> PreparedModel:
        originals = self._fetch()
        made = self._make(originals)
        return self._install(made)

    def _find(self) -> PreparedModel | None:
        with suppress(EmbedderUnavailable):
            prepared = read_prepared_model(self.target)
            made = prepared.manifest
            wanted = (NAME, self.precision, RECIPE)
            return prepared if (made.name, made.precision, made.recipe) == wanted else None
        return None

    def _fetch(self) -> Path:
        self.progress("find weights", 0.0)
        originals = self.source.locate(_new_folder(self._workshop / "weights"), self.progress)
        self.progress("find weights", 1.0)
        self.progress("check weights", 0.0)
        check_originals(originals)
        self.progress("check weights", 1.0)
        return originals

    def _make(self, originals: Path) -> PreparedModel:
        folder = _new_folder(self._workshop / "model")
        self.progress("build graph", 0.0)
        (folder / GRAPH).write_bytes(_build_graph(originals / WEIGHTS, self.precision))
        shutil.copyfile(originals / TOKENIZER, folder / TOKENIZER)
        self.progress("build graph", 1.0)
        return write_manifest(folder, self._describe(folder))

    def _describe(self, folder: Path) -> Manifest:
        files = {name: checksum(folder / name) for name in (GRAPH, TOKENIZER)}
        return Manifest(NAME, self.precision, DIMENSIONS, MAX_TOKENS, ORIGINALS[WEIGHTS], RECIPE, files)

    def _install(self, made: PreparedModel) -> PreparedModel:
        """Put the folder in place by renaming it; what was there goes with the workshop."""
        self.progress("install", 0.0)
        with suppress(FileNotFoundError):
            self.target.rename(self._workshop / "replaced")
        made.folder.rename(self.target)
        self.progress("install", 1.0)
        return evolve(made, folder=self.target)

    def _refuse_to_replace_others(self) -> None:
        found = {path.name for path in self.target.iterdir()} if self.target.exists() else set()
        if found - {GRAPH, TOKENIZER, MANIFEST}:
            raise EmbedderUnavailable(f"{self.target} holds something else than a model; name another folder")

    def _not_written(self, why: str) -> EmbedderUnavailable:
        return EmbedderUnavailable(f"The model cannot be written to {self.target} ({why})")

    @property
    def _workshop(self) -> Path:
        return self.target.with_name(f".{self.target.name}.preparing")


def _build_graph(weights: Path, precision: Precision) -> bytes:
    remedy = "install what only preparation needs: pip install onnx safetensors"
    with translating({ImportError: lambda why: EmbedderUnavailable(f"A package is missing; {remedy} ({why})")}):
        from adapters.embedder.minilm import build_graph  # noqa: PLC0415 - the service is installed without onnx
    return build_graph(weights, precision)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of *folder*'s preparations; a kill unlocks it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """Begin without what a killed preparation left, and leave nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _new_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path

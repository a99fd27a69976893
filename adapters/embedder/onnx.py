"""A prepared sentence model, run by onnxruntime in one thread of its own."""

import asyncio
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from onnxruntime.capi import onnxruntime_pybind11_state as driver  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from adapters.embedder.prepared_model import REMEDY, read_prepared_model
from adapters.translation import ErrorTable, translating
from domain.similarity import Embedder, EmbedderUnavailable, Embedding

_WHEN_LOADING: ErrorTable = {
    Exception: lambda why: EmbedderUnavailable(f"The model cannot be loaded; {REMEDY} ({why})"),
}
_WHEN_RUNNING: ErrorTable = {
    driver.Fail: EmbedderUnavailable,
    driver.InvalidArgument: EmbedderUnavailable,
    driver.RuntimeException: EmbedderUnavailable,
    RuntimeError: EmbedderUnavailable,  # the thread has ended
}


class OnnxEmbedder(Embedder):
    """
    Embeds with the prepared model in *folder*, on *threads* cores.

    Building it loads the model, which blocks for a tenth of a second. Texts longer than the model reads are cut
    and say so; their *tokens* count the whole text. Each text is a run of its own: in a batch its neighbours
    would change its int8 embedding, and padded batches are no faster (docs/quality.md).

    Raises:
        EmbedderUnavailable: the model is missing or damaged.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        prepared = read_prepared_model(folder)
        self._manifest = prepared.manifest
        with translating(_WHEN_LOADING):
            self._tokenizer = _load_tokenizer(prepared.tokenizer)
            self._session = _load_session(prepared.graph, threads)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")

    @property
    def version(self) -> str:
        """Name model, precision and build, such as ``all-MiniLM-L6-v2/int8/1a2b3c4d``."""
        return self._manifest.version

    @property
    def dimensions(self) -> int:
        """Give what the manifest says."""
        return self._manifest.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Embedding]:
        """Give one embedding for each text; the thread is free for others after each."""
        return [await self._embed_elsewhere(text) for text in texts]

    async def ping(self) -> None:
        """Embed a word; raises ``EmbedderUnavailable``."""
        await self.embed(("ping",))

    async def close(self) -> None:
        """End the thread, after what it has begun; from now on nothing is embedded."""
        await asyncio.to_thread(self._thread.shutdown)

    async def _embed_elsewhere(self, text: str) -> Embedding:
        with translating(_WHEN_RUNNING):
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, text)

    def _embed(self, text: str) -> Embedding:
        tokens = self._tokenizer.encode(text).ids
        read = _cut(tokens, self._manifest.max_tokens)
        (vectors,) = self._session.run(None, {"tokens": np.array([read], np.int32)})
        return Embedding(array("f", vectors.tobytes()), len(tokens), truncated=len(read) < len(tokens))


def _cut(tokens: list[int], limit: int) -> list[int]:
    """Keep the first tokens, and the one that marks the end."""
    return tokens if len(tokens) <= limit else [*tokens[: limit - 1], tokens[-1]]


def _load_tokenizer(path: Path) -> Tokenizer:
    """Load it without its own padding and cutting: we pad nothing, and want to know what is cut."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _load_session(path: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors come as exceptions, and need no line on stderr
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # an idle thread burns no core
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

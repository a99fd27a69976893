import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve

from adapters.embedder.onnx import OnnxEmbedder
from adapters.embedder.prepared_model import GRAPH, MANIFEST, TOKENIZER, PreparedModel, checksum, write_manifest
from domain.similarity import EmbedderUnavailable, Embedding

QUESTION = "How do I reset my password?"


@pytest.fixture
async def embedder(prepared_model: PreparedModel) -> AsyncIterator[OnnxEmbedder]:
    made = OnnxEmbedder(prepared_model.folder)
    yield made
    await made.close()


@pytest.fixture
def copied_model(prepared_model: PreparedModel, tmp_path: Path) -> PreparedModel:
    folder = shutil.copytree(prepared_model.folder, tmp_path / "model")
    return evolve(prepared_model, folder=Path(folder))


async def embed_one(embedder: OnnxEmbedder, text: str) -> Embedding:
    (embedding,) = await embedder.embed([text])
    return embedding


async def test_a_text_of_256_tokens_is_read_whole(embedder: OnnxEmbedder) -> None:
    embedding = await embed_one(embedder, "word " * 254)

    assert (embedding.tokens, embedding.truncated) == (256, False)


async def test_a_longer_text_is_cut_and_says_so(embedder: OnnxEmbedder) -> None:
    embedding = await embed_one(embedder, "word " * 300)

    assert (embedding.tokens, embedding.truncated) == (302, True)
    assert embedding.vector == (await embed_one(embedder, "word " * 254)).vector


async def test_the_version_names_model_precision_and_build(
    embedder: OnnxEmbedder, prepared_model: PreparedModel
) -> None:
    name, precision, build = embedder.version.split("/")

    assert (name, precision) == ("all-MiniLM-L6-v2", "int8")
    assert len(build) == 8
    assert embedder.version == prepared_model.manifest.version


async def test_more_threads_give_the_same_meaning(embedder: OnnxEmbedder, prepared_model: PreparedModel) -> None:
    parallel = OnnxEmbedder(prepared_model.folder, threads=2)

    assert (await embed_one(parallel, QUESTION)).similarity(await embed_one(embedder, QUESTION)) > 0.9999
    await parallel.close()


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match="ragboost models prepare"):
        OnnxEmbedder(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER])
def test_a_damaged_file_is_noticed(copied_model: PreparedModel, name: str) -> None:
    path = copied_model.folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with pytest.raises(EmbedderUnavailable, match=rf"{name} is damaged; run `ragboost models prepare`"):
        OnnxEmbedder(copied_model.folder)


def test_a_lost_file_is_noticed(copied_model: PreparedModel) -> None:
    copied_model.graph.unlink()

    with pytest.raises(EmbedderUnavailable, match=r"model.onnx cannot be read; run `ragboost models prepare`"):
        OnnxEmbedder(copied_model.folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "all-MiniLM-L6-v2"}'])
def test_a_damaged_manifest_is_noticed(copied_model: PreparedModel, text: str) -> None:
    (copied_model.folder / MANIFEST).write_text(text)

    with pytest.raises(EmbedderUnavailable, match=r"manifest.json is damaged; run `ragboost models prepare`"):
        OnnxEmbedder(copied_model.folder)


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER])
def test_a_file_that_its_engine_cannot_load_is_unavailable(copied_model: PreparedModel, name: str) -> None:
    (copied_model.folder / name).write_bytes(b"as whole as its checksum says, and no model")
    files = {GRAPH: checksum(copied_model.graph), TOKENIZER: checksum(copied_model.tokenizer)}
    write_manifest(copied_model.folder, evolve(copied_model.manifest, files=files))

    with pytest.raises(EmbedderUnavailable, match="cannot be loaded; run `ragboost models prepare`"):
        OnnxEmbedder(copied_model.folder)


async def test_a_run_that_fails_is_unavailable_and_the_next_one_works(copied_model: PreparedModel) -> None:
    write_manifest(copied_model.folder, evolve(copied_model.manifest, max_tokens=300))
    embedder = OnnxEmbedder(copied_model.folder)

    with pytest.raises(EmbedderUnavailable):
        await embedder.embed(["word " * 290])
    assert (await embed_one(embedder, QUESTION)).tokens == 9
    await embedder.close()


async def test_it_goes_on_when_its_files_vanish(copied_model: PreparedModel) -> None:
    embedder = OnnxEmbedder(copied_model.folder)
    shutil.rmtree(copied_model.folder)

    assert (await embed_one(embedder, QUESTION)).tokens == 9
    await embedder.close()


async def test_closing_ends_what_is_under_way_properly(prepared_model: PreparedModel) -> None:
    embedder = OnnxEmbedder(prepared_model.folder)
    batch = asyncio.create_task(embedder.embed([QUESTION] * 100))
    await asyncio.sleep(0)

    await embedder.close()

    with pytest.raises(EmbedderUnavailable):
        await batch
    with pytest.raises(EmbedderUnavailable):
        await embedder.embed([QUESTION])


async def test_a_ping_tells_whether_it_embeds(prepared_model: PreparedModel) -> None:
    embedder = OnnxEmbedder(prepared_model.folder)

    await embedder.ping()
    await embedder.close()

    with pytest.raises(EmbedderUnavailable):
        await embedder.ping()


def test_the_service_needs_no_package_of_the_preparation() -> None:
    script = "import sys, adapters.embedder.onnx; print({'onnx', 'safetensors', 'torch'} & sys.modules.keys())"

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603

    assert told.stdout.strip() == "set()"


def test_onnxruntime_keeps_no_device_id_and_no_reports_to_its_makers(
    prepared_model: PreparedModel, tmp_path: Path
) -> None:
    hushing = {"CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in hushing}
    loading = (sys.executable, "-c", "import sys, adapters.embedder.onnx as it; it.OnnxEmbedder(it.Path(sys.argv[1]))")

    subprocess.run(  # noqa: S603
        [*loading, str(prepared_model.folder)], env={**environment, "HOME": str(tmp_path)}, check=True
    )

    assert list(tmp_path.rglob("*")) == []

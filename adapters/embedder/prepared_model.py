"""A prepared model: a folder of files, and the manifest that vouches for them."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from hashlib import file_digest, sha256
from pathlib import Path

import msgspec
from attrs import frozen

from adapters.translation import translating
from domain.similarity import EmbedderUnavailable

MANIFEST = "manifest.json"
GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"

REMEDY = "run `ragboost models prepare`"


class Precision(StrEnum):
    """How exactly a model computes: as it was trained, or in bytes, which is faster and smaller."""

    FP32 = "fp32"
    INT8 = "int8"


@frozen
class Manifest:
    """
    What a prepared model is, and what its files must be.

    *source* is the SHA-256 of the weights it was made from, *recipe* the number of the way it was made,
    *files* gives the SHA-256 of each file by its name.
    """

    name: str
    precision: Precision
    dimensions: int
    max_tokens: int
    source: str
    recipe: int
    files: Mapping[str, str]

    @property
    def version(self) -> str:
        """Name model, precision and build; the build is a digest of the files."""
        build = sha256(" ".join(f"{name}:{self.files[name]}" for name in sorted(self.files)).encode())
        return f"{self.name}/{self.precision}/{build.hexdigest()[:8]}"


@frozen
class PreparedModel:
    """A model that is ready to be loaded; its files were whole when it was read."""

    folder: Path
    manifest: Manifest

    @property
    def graph(self) -> Path:
        """Give the file that holds the model."""
        return self.folder / GRAPH

    @property
    def tokenizer(self) -> Path:
        """Give the file that holds the tokenizer."""
        return self.folder / TOKENIZER


def write_manifest(folder: Path, manifest: Manifest) -> PreparedModel:
    """Vouch for the files in *folder*."""
    text = msgspec.json.format(msgspec.json.encode(manifest))
    (folder / MANIFEST).write_bytes(text + b"\n")
    return PreparedModel(folder, manifest)


def read_prepared_model(folder: Path) -> PreparedModel:
    """
    Give the model in *folder*, after checking every file.

    Raises:
        EmbedderUnavailable: there is none, or a file of it is missing or damaged.
    """
    manifest = _read_manifest(folder)
    for name, expected in manifest.files.items():
        _check_file(folder / name, expected)
    return PreparedModel(folder, manifest)


def find_prepared_model(models: Path, version: str) -> Path | None:
    """Give the folder in *models* that holds the model of this version; ``None`` where none does."""
    for manifest in models.glob(f"*/{MANIFEST}"):
        with suppress(EmbedderUnavailable):
            if _read_manifest(manifest.parent).version == version:
                return manifest.parent
    return None


def checksum(path: Path) -> str:
    """Give the SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    with translating({OSError: lambda why: EmbedderUnavailable(f"There is no model in {folder}; {REMEDY} ({why})")}):
        text = path.read_bytes()
    with translating({msgspec.MsgspecError: lambda why: EmbedderUnavailable(f"{path} is damaged; {REMEDY} ({why})")}):
        return msgspec.json.decode(text, type=Manifest)


def _check_file(path: Path, expected: str) -> None:
    with translating({OSError: lambda why: EmbedderUnavailable(f"{path} cannot be read; {REMEDY} ({why})")}):
        found = checksum(path)
    if found != expected:
        raise EmbedderUnavailable(f"{path} is damaged; {REMEDY} (its SHA-256 is {found}, it should be {expected})")

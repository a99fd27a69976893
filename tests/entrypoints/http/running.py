"""
The service as operators run it: `ragboost serve` in a process of its own, on a free port, with a log to read.

    with running(folder, RAGBOOST_ENVIRONMENT="production") as process:
        process.post("/api/v1/query", {"query": "What is RAGBoost?"})
        assert "answer served" in process.log
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from attrs import frozen

START = [sys.executable, "-c", "from entrypoints.cli.main import main; main()", "serve", "--port", "0"]
ADDRESS = re.compile(r"RAGBoost answers on http://127\.0\.0\.1:(\d+)")
PATIENCE = 60.0
OURS = ("RAGBOOST_", "OPENAI_", "ANTHROPIC_", "LOG_", "REDIS_", "QDRANT_")


@frozen
class Process:
    """A service that runs."""

    client: httpx.Client
    output: Path
    process: "subprocess.Popen[bytes]"

    @property
    def log(self) -> str:
        return self.output.read_text()

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return self.client.post(path, json=body, headers=headers)


@contextmanager
def running(folder: Path, headers: Mapping[str, str] | None = None, **environment: str) -> Iterator[Process]:
    """Start it on parts in memory, unless *environment* says otherwise; end it as an operator does, if nobody has."""
    output = folder / "output.txt"
    with output.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
            START, env=_environment(folder, environment), stdout=written, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{_wait_for_port(process, output)}"
            with httpx.Client(base_url=address, headers=headers, timeout=PATIENCE, verify=False) as client:  # noqa: S501
                yield Process(client, output, process)
        finally:
            process.terminate()
            assert process.wait(PATIENCE) in {0, -signal.SIGTERM, -signal.SIGKILL}, output.read_text()


def _environment(folder: Path, given: Mapping[str, str]) -> Mapping[str, str]:
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    memory = {f"RAGBOOST_{part}_KIND": "memory" for part in ("ANSWER_CACHE", "VECTOR_INDEX")}
    ours = {"RAGBOOST_EMBEDDER_KIND": "hashing", "RAGBOOST_DATA_FOLDER": str(folder), **memory}
    return {**quiet, **ours, **given}


def _wait_for_port(process: "subprocess.Popen[bytes]", output: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while (found := ADDRESS.search(output.read_text())) is None:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.02)
    return int(found[1])

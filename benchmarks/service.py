"""The service as it runs in production: a process of its own, keys, logs that are written."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from attrs import define, field
from processes import processor_seconds

ROOT = Path(__file__).parents[1]
RAGBOOST = str(Path(sys.executable).with_name("ragboost"))
MODELS = Path(os.environ.get("RAGBOOST_MODELS_FOLDER", ROOT / ".data" / "models")).resolve()
TENANT, MODEL = "bench", "bench-model"

CORES = sorted(os.sched_getaffinity(0))
ALL_CORES = frozenset(CORES)
SERVER_CORES, CLIENT_CORES = frozenset(CORES[:1]), frozenset(CORES[-1:])
"""The first core and the last: two, where there are two."""

PATIENCE = 60.0
"""Seconds that a server may take to start before we give up."""

_URL = re.compile(r"http://127\.0\.0\.1:\d+")


def pinned(cores: frozenset[int], command: Sequence[str]) -> list[str]:
    """Have *command*, and what it starts, run on *cores* only."""
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(cores))), *command]


def environment(data: Path, upstream: str, settings: Mapping[str, object]) -> dict[str, str]:
    """Give all that a service is told; nothing is inherited but where programs are."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "RAGBOOST_ENVIRONMENT": "production",
        "RAGBOOST_DATA_FOLDER": str(data),
        "RAGBOOST_MODELS_FOLDER": str(MODELS),
        "RAGBOOST_PORT": "0",
        "RAGBOOST_OPENAI_MODEL": MODEL,
        "OPENAI_BASE_URL": f"{upstream}/v1",
        "OPENAI_API_KEY": "benchmark",
        **{name if name.isupper() else f"RAGBOOST_{name.upper()}": str(value) for name, value in settings.items()},
    }


def prepare_model(folder: Path) -> None:
    """Prepare the embedding model, unless it is there."""
    _ragboost(folder, environment(folder, "http://127.0.0.1:9", {}), "models", "prepare")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def get(url: str, path: str) -> tuple[int, bytes]:
    """GET, on a connection of its own; status 0 when nobody answers."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


@define
class Service:
    """
    ``ragboost serve`` on the data in *data*, with one key; use it as a context manager.

    *settings* are RAGBoost's variables without prefix, or others by their whole name:
    ``{"semantic_threshold": 0.5, "REDIS_URL": "redis://..."}``.
    """

    data: Path
    upstream: str = "http://127.0.0.1:9"
    settings: Mapping[str, object] = field(factory=dict)
    cores: frozenset[int] = SERVER_CORES
    key: str = field(default="", init=False)
    url: str = field(default="", init=False)
    seconds_to_ready: float = field(default=0.0, init=False)
    processor_seconds_to_ready: float = field(default=0.0, init=False)
    _process: "subprocess.Popen[bytes]" = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.key = self._run("keys", "create", f"{TENANT}-{time.time_ns()}", "--tenant", TENANT)

    def __enter__(self) -> Self:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        settings = environment(self.data, self.upstream, {**self.settings, "port": port})
        command = pinned(self.cores, [RAGBOOST, "serve"])
        with self.log.open("ab") as log:
            began = time.perf_counter()
            self._process = subprocess.Popen(command, env=settings, cwd=self.data, stdout=log, stderr=log)
        self._await_ready()
        self.seconds_to_ready = time.perf_counter() - began
        self.processor_seconds_to_ready = processor_seconds(self.process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    @property
    def log(self) -> Path:
        """Give the file to which it writes its log."""
        return self.data / "service.log"

    @property
    def process(self) -> int:
        """Give its process number."""
        return self._process.pid

    def ask(self, question: str, cache_control: str = "") -> tuple[str, bytes]:
        """Ask once; give what X-RAGBoost-Cache says, and the body."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        headers = {"Content-Type": "application/json", "X-API-Key": self.key, "Cache-Control": cache_control}
        connection.request("POST", "/api/v1/query", msgspec.json.encode({"query": question}), headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        assert response.status == http.HTTPStatus.OK, body
        return response.headers["X-RAGBoost-Cache"], body

    def logged(self, origin: str) -> int:
        """Count the lines of the log that tell of an answer of this origin."""
        lines = self.log.read_bytes().splitlines()
        return sum(1 for line in lines if line.startswith(b"{") and _is_of(msgspec.json.decode(line), origin))

    def counted(self, origin: str) -> int:
        """Give what the metrics say of answers of this origin."""
        _, page = get(self.url, "/metrics")
        found = re.search(rf'ragboost_answer_duration_seconds_count{{origin="{origin}"}} ([0-9.e+]+)', page.decode())
        assert found, "the metrics do not tell of answers"
        return int(float(found[1]))

    def _await_ready(self) -> None:
        deadline = time.perf_counter() + PATIENCE
        while not self._is_ready():
            assert self._process.poll() is None, f"it ended: {self.log.read_text()[-2000:]}"
            assert time.perf_counter() < deadline, f"not ready in time: {self.log.read_text()[-2000:]}"
            time.sleep(0.005)

    def _is_ready(self) -> bool:
        status, body = get(self.url, "/ready")
        return status == http.HTTPStatus.OK and msgspec.json.decode(body)["status"] == "ready"

    def _run(self, *command: str) -> str:
        return _ragboost(self.data, environment(self.data, self.upstream, self.settings), *command)


@define
class Plain:
    """A Python script beside this file that prints its URL once it serves; use it as a context manager."""

    script: str
    arguments: Sequence[str] = ()
    key: str = "none"
    url: str = field(default="", init=False)
    _process: "subprocess.Popen[str]" = field(init=False)

    @property
    def process(self) -> int:
        """Give its process number."""
        return self._process.pid

    def __enter__(self) -> Self:
        script = str(Path(__file__).with_name(self.script))
        command = pinned(SERVER_CORES, [sys.executable, script, *self.arguments])
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        found = _URL.search(self._process.stdout.readline())
        assert found, f"{self.script} does not serve"
        self.url = found[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)


def _ragboost(folder: Path, settings: Mapping[str, str], *command: str) -> str:
    ran = subprocess.run([RAGBOOST, *command], env=settings, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip().splitlines()[-1]


def _is_of(line: Any, origin: str) -> bool:
    return bool(line.get("event") == "answer served" and line.get("origin") == origin)

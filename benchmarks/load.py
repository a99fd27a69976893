"""Load by wrk, from a core of its own, with every answer checked."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen
from processes import processor_seconds
from service import CLIENT_CORES, Plain, Service, pinned

SCRIPT = Path(__file__).with_name("load.lua")


@frozen
class Load:
    """
    What wrk saw; latencies in microseconds, *words* counts what X-RAGBoost-Cache said (``none``: nothing).

    *processor* is the processor time that the server took for it, in seconds.
    """

    requests: int
    microseconds: int
    p50: float
    p99: float
    broken: int
    words: Mapping[str, int]
    processor: float

    @property
    def cost(self) -> float:
        """Give the microseconds of processor time for a request."""
        return self.processor / self.requests * 1e6

    @property
    def rate(self) -> float:
        """Give the requests a second."""
        return self.requests / self.microseconds * 1e6

    def check(self, word: str) -> "Load":
        """Give this load again, if all answers had status 200 and were what was to be measured."""
        assert self.requests > 0, "wrk got no answer at all"
        assert not self.broken, f"{self.broken} requests broke"
        assert set(self.words) == {word}, f"expected only {word}: {dict(self.words)}"
        return self


def write_bodies(path: Path, questions: Iterable[str]) -> Path:
    """Write the requests that ask *questions*, one a line."""
    path.write_text("".join(json.dumps({"query": each}) + "\n" for each in questions))
    return path


@frozen
class Asking:
    """Requests from *bodies* to *path*, over so many connections, sent from *cores*."""

    bodies: Path
    connections: int
    cores: frozenset[int] = CLIENT_CORES
    path: str = "/api/v1/query"

    def ask(self, service: Service | Plain, seconds: int, first: int = 0) -> Load:
        """Ask *service* for so long, from the body at place *first* on."""
        sizes = [f"-c{self.connections}", f"-d{seconds}s", "-t1", "--timeout", "10s"]
        address = [f"{service.url}{self.path}", "--", str(self.bodies), service.key, str(first)]
        command = pinned(self.cores, ["wrk", *sizes, "-s", str(SCRIPT), *address])
        before = processor_seconds(service.process)
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        processor = processor_seconds(service.process) - before
        return Load(**json.loads(shown.splitlines()[-1]), processor=processor)


def need_wrk() -> None:
    """Refuse to go on without wrk."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk (Debian, Ubuntu) or brew install wrk")

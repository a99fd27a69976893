"""How long a semantic hit takes over HTTP, beside embedding and searching alone."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define
from figures import Effort, Figure, ratios
from filling import fill
from load import Asking, write_bodies
from progress import steps
from questions import WORDINGS, reworded
from service import SERVER_CORES, Service, pinned

ENTRIES, TARGET = 1_000, 1.4
GENEROUS = {"semantic_error_budget": 0.5, "semantic_checked_share": 0}
"""Every rewording hits, and no model is asked: the decision is made as always, but not what it costs to be careful."""


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Fill two equal memories; let the service use one, and a process that does nothing else the other."""
    data, copy = folder / "data", folder / "copy"
    fill(data, ENTRIES)
    shutil.copytree(data, copy)
    pairs = [(number, wording) for wording in range(len(WORDINGS)) for number in range(ENTRIES)]
    bodies = write_bodies(folder / "bodies", (reworded(*each) for each in pairs))
    served, alone, embedding = [], [], []
    with Service(data, settings=GENEROUS) as service, searching_alone(copy, bodies) as bare:
        asking = Asking(bodies, connections=1)
        asking.ask(service, effort.seconds)
        for turn in steps("semantic hits, 1 connection", range(effort.rounds)):
            served.append(asking.ask(service, effort.seconds, turn * ENTRIES).check("semantic").p50)
            whole, part = bare.time(effort.seconds, turn * ENTRIES)
            alone.append(whole)
            embedding.append(part)
    return [
        Figure("semantic hit", "times embedding and searching alone, p50", "", ratios(served, alone), at_most=TARGET),
        Figure("semantic hit", "embedding and searching alone, p50", "ms", [each / 1000 for each in alone]),
        Figure("semantic hit", "embedding alone, p50", "ms", [each / 1000 for each in embedding]),
        Figure("semantic hit", f"RAGBoost, 1 connection, {ENTRIES:,} entries, p50", "ms", [p / 1000 for p in served]),
    ]


@define
class SearchingAlone:
    """A process that embeds and searches when it is told to, on the service's core."""

    process: "subprocess.Popen[str]"

    def time(self, seconds: int, first: int) -> tuple[float, float]:
        """Give the median microseconds of both together, and of embedding."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{seconds} {first}\n")
        self.process.stdin.flush()
        whole, part = json.loads(self.process.stdout.readline())
        return whole, part


@contextmanager
def searching_alone(data: Path, bodies: Path) -> Iterator[SearchingAlone]:
    """Start it on the memory in *data* and the questions in *bodies*."""
    script = str(Path(__file__).with_name("embed_and_search.py"))
    command = pinned(SERVER_CORES, [sys.executable, script, str(data), str(bodies)])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield SearchingAlone(process)

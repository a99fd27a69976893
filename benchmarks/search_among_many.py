"""How fast and how exact a search is among 100,000 entries: the figures of ``search.py`` that have a target."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from figures import Effort, Figure

P99, RECALL = 2.0, 0.99


def measure(_: Path, __: Effort) -> list[Figure]:
    """Run it; it shows its own progress, and takes its own number of questions."""
    script = str(Path(__file__).with_name("search.py"))
    shown = subprocess.run([sys.executable, script, "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [figure for case in json.loads(shown) for figure in _figures(case)]


def _figures(case: dict[str, Any]) -> list[Figure]:
    """Vectors in clusters are like an embedder's; random ones are the worst that can be, and have no target."""
    real = "clustered" in case["case"]
    name = case["case"]
    return [
        Figure("search", f"{name}: p99", "ms", [case["p99_ms"]], at_most=P99 if real else None),
        Figure("search", f"{name}: recall@10", "", [case["recall"]], at_least=RECALL if real else None),
        Figure("search", f"{name}: p50", "ms", [case["p50_ms"]]),
        Figure("search", f"{name}: p50 times that of an exact numpy scan", "", [case["ratio_p50"]]),
    ]

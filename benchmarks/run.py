"""
Measure RAGBoost: ``python benchmarks/run.py [--only NAME] [--seconds N] [--rounds N] [--json FILE]``.

Prints the table for README.md. Ends with status 1 when a target is missed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import batches
import doors
import exact_hit
import growth
import outages
import search_among_many
import semantic_hit
import shared_hits
import sizing
import start_and_memory
import verdict
from figures import Effort, Figure, markdown, write_json
from load import need_wrk
from progress import console
from service import CORES, prepare_model

BENCHMARKS: dict[str, Callable[[Path, Effort], list[Figure]]] = {
    "exact": exact_hit.measure,
    "semantic": semantic_hit.measure,
    "batch": batches.measure,
    "verdict": verdict.measure,
    "start": start_and_memory.measure,
    "search": search_among_many.measure,
    "growth": growth.measure,
    "shared": shared_hits.measure,
    "outage": outages.measure,
    "doors": doors.measure,
    "sizing": sizing.measure,
}


def main() -> None:
    """Run what was asked for, one benchmark after the other."""
    options = _options()
    need_wrk()
    if len(CORES) == 1:
        console.print("One core only: client and server share it, and ratios come out too low.", style="red")
    figures: list[Figure] = []
    try:
        for name in options.only or BENCHMARKS:
            console.rule(name)
            figures += _measured(name, Effort(options.seconds, options.rounds))
    finally:  # what was measured is told, though a later one may fail
        print(markdown(figures))
        if options.json:
            write_json(figures, options.json)
    sys.exit(any(each.met is False for each in figures))


def _measured(name: str, effort: Effort) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="ragboost-bench-", ignore_cleanup_errors=True) as folder:
        prepare_model(Path(folder))
        return BENCHMARKS[name](Path(folder), effort)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be given several times")
    parser.add_argument("--seconds", type=int, default=5, help="of load in each round")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts")
    parser.add_argument("--json", type=Path, help="a file for the figures, each round included")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""How soon the service is ready, and how much memory it takes."""

from pathlib import Path

from figures import Effort, Figure
from filling import fill
from load import Asking, write_bodies
from processes import family, megabytes
from progress import console, steps
from questions import asked, reworded
from service import ALL_CORES, Service

ENTRIES, STARTS = 10_000, 5
READY_WITHIN, MEGABYTES = 2.0, 300.0


def measure(folder: Path, effort: Effort) -> list[Figure]:
    """Start an empty service and a filled one several times; then use the filled one and look at its memory."""
    empty, filled = folder / "empty", folder / "filled"
    fill(filled, ENTRIES)
    return [
        *starts(empty, "nothing remembered"),
        *starts(filled, f"{ENTRIES:,} remembered"),
        *memory(folder, filled, effort),
    ]


def starts(data: Path, what: str) -> list[Figure]:
    """Give the seconds from ``exec`` to the first 200 of /ready; a start before them leaves Python's bytecode."""
    with Service(data, cores=ALL_CORES) as service:
        pass
    taken = [start(service) for _ in steps(f"starting, {what}", range(STARTS))]
    return [
        Figure("start", f"ready, {what}", "s", [wall for wall, _ in taken], at_most=READY_WITHIN),
        Figure("start", f"processor time until ready, {what}", "s", [processor for _, processor in taken]),
    ]


def start(service: Service) -> tuple[float, float]:
    """Start once; give the seconds that passed, and those of the processors."""
    with service:
        return service.seconds_to_ready, service.processor_seconds_to_ready


def memory(folder: Path, data: Path, effort: Effort) -> list[Figure]:
    """Give the megabytes of all processes after the start, and after every entry was served and many searched."""
    exact = Asking(write_bodies(folder / "exact", map(asked, range(ENTRIES))), connections=8)
    other = Asking(write_bodies(folder / "other", (reworded(each, 0) for each in range(ENTRIES))), connections=8)
    with (
        Service(data, settings={"semantic_policy": "threshold", "semantic_threshold": 0.5}) as service,
        console.status("asking for every entry"),
    ):
        fresh = megabytes(service.process, "Rss")
        served = 0
        while served < ENTRIES:
            served += exact.ask(service, effort.seconds, served).check("exact").requests
        other.ask(service, effort.seconds).check("semantic")
        used, shared = (megabytes(service.process, kind) for kind in ("Rss", "Pss"))
        processes = len(family(service.process))
    name = f"{processes} processes, {ENTRIES:,} entries"
    return [
        Figure("memory", f"resident, {name}, after all were served", "MB", [used], at_most=MEGABYTES),
        Figure("memory", "the same, what is shared counted once (PSS)", "MB", [shared]),
        Figure("memory", f"resident, {name}, just ready", "MB", [fresh]),
    ]

"""What a process and all that it started take: memory and processor time, as Linux counts them."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(process: int) -> list[int]:
    """Give *process*, its children, and theirs."""
    found = [process]
    for parent in found:
        found += _children(parent)
    return found


def processor_seconds(process: int) -> float:
    """Give the seconds that the family has spent on processors, in the kernel too."""
    return sum(sum(map(int, _stat(each)[11:13])) for each in family(process)) / TICKS


def megabytes(process: int, kind: str) -> float:
    """Add up the family's memory: ``Rss``, or ``Pss``, which counts once what several share."""
    pages = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in family(process)]
    kilobytes = (int(line.split()[1]) for page in pages for line in page.splitlines() if line.startswith(f"{kind}:"))
    return sum(kilobytes) * 1024 / 1e6


def _children(process: int) -> list[int]:
    everyone = (int(each.name) for each in Path("/proc").glob("[0-9]*"))
    return [each for each in everyone if int(_stat(each)[1]) == process]


def _stat(process: int) -> list[str]:
    """Give the fields behind the name, the state first; of a process that is gone, nobody's."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["X", "0", *["0"] * 18]

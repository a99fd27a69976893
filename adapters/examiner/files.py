"""What files can say without being changed: whether SQLite finds them sound, who has them, where they lie."""

import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

WAL: Final = "-wal"
LONGEST = 30.0
"""Seconds that reading a whole file may take."""

STEPS = 10_000
"""SQLite's own instructions between two looks at the time."""

MOUNTS = Path("/proc/self/mounts")
NETWORKS: Final = ("nfs", "cifs", "smb", "fuse.sshfs", "ceph", "fuse.ceph", "fuse.glusterfs", "afs", "lustre")
"""How the kinds of file systems begin that several machines may share."""


class Unfinished(Exception):
    """There was no time to read all of it."""


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Open *file* to read it, making no other; raises ``sqlite3.Error``, and ``Unfinished`` after half a minute."""
    # Beside a file that nobody has open SQLite would make two others, and leave them there.
    immutable = "" if beside(file, WAL).exists() else "&immutable=1"
    deadline = time.monotonic() + LONGEST
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro{immutable}", uri=True)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        try:
            yield connection
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise Unfinished from error
            raise


def complaint(connection: sqlite3.Connection) -> str | None:
    """Give the first thing that SQLite finds wrong."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return None if found == "ok" else str(found)


def beside(file: Path, companion: str) -> Path:
    """Name the file that SQLite keeps beside *file*."""
    return file.with_name(file.name + companion)


def size(path: Path) -> int:
    """Give the bytes of a file, or of all that is in a folder; 0 for what is not there."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(each.stat().st_size for each in files if each.is_file())


def is_writable(folder: Path) -> bool:
    """Tell whether something may be made in *folder*, or *folder* itself where it is not there."""
    nearest = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def network(path: Path) -> str | None:
    """Name the kind of file system that *path* lies on, if other machines may have it as well."""
    resolved = path.resolve()
    try:
        told = [line.split(" ")[1:3] for line in MOUNTS.read_text(errors="replace").splitlines()]
    except OSError:
        return None
    places = [(Path(_plain(place)), kind) for place, kind in told]
    above = [(place, kind) for place, kind in places if resolved.is_relative_to(place)]
    return next((kind for _, kind in _by_depth(above) if kind.startswith(NETWORKS)), None)


def _by_depth(places: Sequence[tuple[Path, str]]) -> Sequence[tuple[Path, str]]:
    """Give the deepest, of which the last one that was mounted counts."""
    return sorted(places, key=lambda each: len(each[0].parts))[-1:]


def _plain(place: str) -> str:
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), place)

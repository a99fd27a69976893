"""What a service that moves its memory to another embedder says of it, for a command on the same machine to read."""

import time
from contextlib import suppress
from pathlib import Path

import msgspec

from domain.succession import Progress

NAME = "index-migration.json"

FRESH = 30.0
"""Seconds after which nothing is going on any more: an answer is embedded in thousandths of one."""


class Note(msgspec.Struct, frozen=True):
    """That *done* of *total* answers are in the index of *embedder*, at *at* seconds since 1970."""

    embedder: str
    done: int
    total: int
    at: float


def write_note(folder: Path, embedder: str, progress: Progress) -> None:
    """Say how far it is; where that cannot be said, the moving goes on all the same."""
    note = Note(embedder, progress.done, progress.total, time.time())
    draft = folder / (NAME + ".new")
    with suppress(OSError):
        draft.write_bytes(msgspec.json.encode(note))
        draft.replace(folder / NAME)


def read_note(folder: Path) -> Note | None:
    """Give what was last said, if it is fresh."""
    with suppress(OSError, msgspec.MsgspecError):
        note = msgspec.json.decode((folder / NAME).read_bytes(), type=Note)
        return note if abs(time.time() - note.at) < FRESH else None
    return None


def remove_note(folder: Path) -> None:
    """Say no more."""
    with suppress(OSError):
        (folder / NAME).unlink(missing_ok=True)

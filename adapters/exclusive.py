"""A file that one process at a time has to itself."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from attrs import define, field

from domain.errors import Unavailable

PATIENCE = 1.0
"""Seconds to wait for another process that is ending."""

PAUSE = 0.02
"""Seconds between two attempts."""


class InUse(Unavailable):
    """Another process has the file."""


@define
class Exclusive:
    """
    The right to *file*, from here until ``close``; the kernel takes it back from a process that is killed.

    It is a lock on ``<file>.lock``, and keeps out only those who ask for it too.

    Raises:
        InUse: another process has it, and went on having it for a second, in which this one waits.
        OSError: the folder or the lock cannot be made.
    """

    file: Path
    _descriptor: int | None = field(init=False)

    @_descriptor.default
    def _taken(self) -> int:
        return locked(self.file, PATIENCE)

    async def close(self) -> None:
        """Let go of it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def is_taken(file: Path) -> bool:
    """Tell whether a process has *file*; nothing is made, and nobody is kept out."""
    try:
        descriptor = os.open(_lock_of(file), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def locked(file: Path, patience: float) -> int:
    """
    Lock ``<file>.lock``, which is made if need be, and give the descriptor that holds it; *patience* is in seconds.

    A process that inherits the descriptor holds the lock too.

    Raises:
        InUse: another process has it, and went on having it.
        OSError: the folder or the lock cannot be made.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_lock_of(file), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if _taken_before(time.monotonic() + patience, descriptor):
        return descriptor
    os.close(descriptor)
    raise InUse(f"{file} is in use by another process")


def _lock_of(file: Path) -> Path:
    return file.with_name(file.name + ".lock")


def _taken_before(deadline: float, descriptor: int) -> bool:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)

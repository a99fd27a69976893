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
        self.file.parent.mkdir(parents=True, exist_ok=True)
        lock = self.file.with_name(self.file.name + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    async def close(self) -> None:
        """Let go of it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _wait(self, descriptor: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise InUse(f"{self.file} is in use by another process")
            time.sleep(PAUSE)


def _locked(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False

"""Write a file as a whole, or leave the one that is there alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """
    Give a file that becomes *path* when the ``with`` statement has ended well; only its owner may read it.

    Until then it is ``<path>.part``, which is removed when something goes wrong. Raises ``OSError``, and
    ``BlockingIOError`` while somebody else is writing to the same place.
    """
    part = path.with_name(f"{path.name}.part")
    with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            file.truncate(0)  # a process that was killed may have left something
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

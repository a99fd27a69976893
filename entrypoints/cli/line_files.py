"""Files that are read line by line, as they are or compressed by gzip."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from domain.errors import RAGBoostError

GZIP = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Watch = Callable[[BinaryIO], BinaryIO]
"""Gives a file that tells somebody how much of it has been read."""


class FileUnusable(RAGBoostError):
    """A file, or a line of it, cannot be read as what it should be."""


def lines_of(file: Path, watch: Watch | None = None) -> Iterator[bytes]:
    """Give the lines of *file*, without its byte order mark; raises ``FileUnusable``, maybe after some lines."""
    try:
        with file.open("rb") as opened:
            for number, line in enumerate(_unpacked(file, watch(opened) if watch else opened)):
                yield line.removeprefix(BYTE_ORDER_MARK) if number == 0 else line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileUnusable(f"{file} is damaged, or was cut short: {error}; compress it again") from error
    except OSError as error:
        raise FileUnusable(f"{file} cannot be read: {error.strerror}") from error


def _unpacked(file: Path, opened: IO[bytes]) -> IO[bytes]:
    """Go by what is in the file; that its name says otherwise is told."""
    packed = opened.read(len(GZIP)) == GZIP
    opened.seek(0)
    if file.suffix == ".gz" and not packed:
        raise FileUnusable(f"{file} is not compressed by gzip, as its name says; rename it, or compress it")
    return gzip.GzipFile(fileobj=opened) if packed else opened  # type: ignore[return-value] # reads as a file does

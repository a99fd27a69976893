"""The SQLite file as it is open just now: set aside when it is damaged, opened again when it is gone."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count as numbers
from pathlib import Path
from typing import Final, TypeVar

from attrs import define, field

from adapters.answer_cache.sqlite_schema import prepare_tables

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

Identity = tuple[int, int]
"""Device and inode."""

COMPANIONS: Final = ("", "-wal", "-shm")
"""The file, and those that SQLite keeps beside it."""

PATIENCE: Final = 2.0
"""Seconds to wait for another process that is writing."""

REFUSALS: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What a file may answer instead of data."""

DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

CLASHES: Final = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
"""What was removed a moment ago is still there: an index is damaged."""


@define
class AnswersFile:
    """
    A connection to *path* for one thread, and a *reader* for another, which waits for nobody.

    Every method raises ``sqlite3.Error``, ``OSError``, and ``UnicodeDecodeError`` where damage makes SQLite stammer.

    A damaged file, or one of another version, is set aside and a new one begun; *damaged* then tells its name now.
    """

    path: Path
    damaged: Path | None = field(default=None, init=False)
    connection: sqlite3.Connection | None = field(default=None, init=False)
    reader: sqlite3.Connection | None = field(default=None, init=False)
    _opened: Mapping[str, Identity | None] = field(factory=dict, init=False)
    _refusal: str | None = field(default=None, init=False)

    def open(self) -> sqlite3.Connection:
        """Give the connection, opened if it is not."""
        if self.connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._open_or_set_aside()
            self._opened = self._found()
            self.connection, self.reader = connection, _open_reader(self.path)
        return self.connection

    def use(self, work: Work[T]) -> T:
        """Do *work*; when it comes upon damage it fails, and the next one meets a new file."""
        connection = self.open()
        try:
            return work(connection)
        except REFUSALS as error:
            if _is_damage(error):
                self.close()
                self._set_aside()
            raise

    def keep(self, work: Work[None]) -> None:
        """Do *work*, which writes what must last: the file must be in its place."""
        self._check_place()
        try:
            self.use(work)
        except sqlite3.Error as refusal:
            self._refusal = str(refusal)
            raise
        self._refusal = None

    def check(self) -> None:
        """Read something; raise when that fails, when the file is gone, or when the last answer was not written."""
        self._check_place()
        self.use(lambda connection: connection.execute("SELECT 1 FROM answers LIMIT 1").fetchall())
        if self._refusal:
            raise sqlite3.OperationalError(f"the last answer was not written: {self._refusal}")

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        # The other thread may be reading just now: its connection closes when it lets go of it.
        self.reader = None
        connection, self.connection = self.connection, None
        if connection:
            connection.close()

    def _check_place(self) -> None:
        if self.connection and _identity(self.path) != self._opened[""]:
            self.close()
            self._clear_away()
            raise FileNotFoundError(f"{self.path} was removed or replaced; from now on what is there is used")

    def _clear_away(self) -> None:
        # SQLite would play the journal of the file that is gone into the one that is there now.
        found = self._found()
        for companion in COMPANIONS:
            if found[companion] == self._opened[companion]:
                _beside(self.path, companion).unlink(missing_ok=True)

    def _found(self) -> Mapping[str, Identity | None]:
        return {companion: _identity(_beside(self.path, companion)) for companion in COMPANIONS}

    def _open_or_set_aside(self) -> sqlite3.Connection:
        try:
            return _open(self.path)
        except REFUSALS as error:
            if not _is_unreadable(error):
                raise  # locked, full or forbidden: the file itself may be sound
            self._set_aside()
            return _open(self.path)

    def _set_aside(self) -> None:
        names = (_beside(self.path, f".damaged-{number}") for number in numbers(1))
        self.damaged = next(name for name in names if not name.exists())
        for companion in COMPANIONS:
            with suppress(FileNotFoundError):
                _beside(self.path, companion).rename(_beside(self.damaged, companion))


def _identity(path: Path) -> Identity | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


def _is_damage(error: Exception) -> bool:
    # Python's own complaints of a garbled name, and of SQLite complaining of one, have no code.
    garbled = isinstance(error, UnicodeDecodeError) or "Could not decode" in str(error)
    return garbled or _code(error) & 0xFF in DAMAGED or _code(error) in CLASHES


def _is_unreadable(error: Exception) -> bool:
    """Tell of an error at opening whether the file is to blame: nothing was asked of it that it should not know."""
    operational = isinstance(error, sqlite3.OperationalError) and _code(error) != sqlite3.SQLITE_ERROR
    return _is_damage(error) or not operational


def _code(error: Exception) -> int:
    """Give SQLite's extended code; 0 for an error that is not SQLite's."""
    return getattr(error, "sqlite_errorcode", 0)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_reader(path: Path) -> sqlite3.Connection:
    reader = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    reader.execute("PRAGMA query_only = ON")
    return reader


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    prepare_tables(connection)
    connection.execute("SELECT count(*) FROM totals")


def _beside(path: Path, companion: str) -> Path:
    return path.with_name(path.name + companion)

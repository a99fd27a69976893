"""The schema and the statements of the SQLite answer cache."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count as numbers
from pathlib import Path
from typing import Final

from attrs import frozen

from domain.caching import Holdings, Selection, StoredAnswer
from domain.questions import Fingerprint

VERSION: Final = 1

SCHEMA: Final = """
CREATE TABLE answers (
    fingerprint TEXT PRIMARY KEY, tenant TEXT NOT NULL, namespace TEXT NOT NULL, model TEXT NOT NULL,
    stored_at REAL NOT NULL, dies_at REAL NOT NULL, accessed_at REAL NOT NULL, accesses INTEGER NOT NULL,
    size INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX answers_by_tenant ON answers (tenant, namespace, model, stored_at);
CREATE INDEX answers_by_death ON answers (dies_at, size);
CREATE INDEX answers_by_use ON answers (accessed_at, size);

CREATE TABLE tags (
    tag TEXT NOT NULL, fingerprint TEXT NOT NULL REFERENCES answers ON DELETE CASCADE,
    PRIMARY KEY (tag, fingerprint)
) WITHOUT ROWID;
CREATE INDEX tags_by_answer ON tags (fingerprint);

CREATE TABLE totals (tenant TEXT PRIMARY KEY, entries INTEGER, size INTEGER, accesses INTEGER) WITHOUT ROWID;
CREATE TRIGGER answer_added AFTER INSERT ON answers BEGIN
    INSERT INTO totals VALUES (NEW.tenant, 1, NEW.size, NEW.accesses) ON CONFLICT DO UPDATE SET
    entries = entries + 1, size = size + excluded.size, accesses = accesses + excluded.accesses;
END;
CREATE TRIGGER answer_removed AFTER DELETE ON answers BEGIN
    UPDATE totals SET entries = entries - 1, size = size - OLD.size, accesses = accesses - OLD.accesses
    WHERE tenant = OLD.tenant;
END;
CREATE TRIGGER answer_used AFTER UPDATE OF accesses ON answers BEGIN
    UPDATE totals SET accesses = accesses + NEW.accesses - OLD.accesses WHERE tenant = NEW.tenant;
END;
"""


@frozen
class Row:
    """What is read of an entry."""

    fingerprint: Fingerprint
    body: bytes
    accesses: int
    accessed_at: float


def open_or_set_aside(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open *path*, or begin a new file and tell what the unreadable one is called now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _open(path), None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # locked, full or forbidden: the file itself may be sound
        return _open_afresh(path)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Read something, and see that the file is still where it was."""
    connection.execute("SELECT 1 FROM answers LIMIT 1").fetchall()
    path.stat()


def read(connection: sqlite3.Connection, fingerprints: Sequence[Fingerprint]) -> Sequence[Row]:
    """Give the rows of *fingerprints*, in no order."""
    marks = ",".join("?" * len(fingerprints))
    query = f"SELECT fingerprint, body, accesses, accessed_at FROM answers WHERE fingerprint IN ({marks})"  # noqa: S608 - question marks only
    return [Row(*row) for row in connection.execute(query, fingerprints)]


def write(connection: sqlite3.Connection, answers: Sequence[tuple[StoredAnswer, bytes]]) -> None:
    """Replace the rows of *answers* and their tags, all or none."""
    rows = [
        (
            each.fingerprint, each.tenant, each.namespace, each.completion.model,
            each.stored_at, each.stored_at + each.lifetime.total, each.accessed_at, each.accesses, len(body), body,
        )
        for each, body in answers
    ]  # fmt: skip
    with _transaction(connection):
        _delete(connection, [each.fingerprint for each, _ in answers])
        connection.executemany("INSERT INTO answers VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        tags = [(tag, each.fingerprint) for each, _ in answers for tag in dict.fromkeys(each.tags)]
        connection.executemany("INSERT INTO tags VALUES (?,?)", tags)


def delete(connection: sqlite3.Connection, fingerprints: Sequence[Fingerprint]) -> None:
    """Delete rows and tags."""
    with _transaction(connection):
        _delete(connection, fingerprints)


def count(connection: sqlite3.Connection, hits: Mapping[Fingerprint, tuple[int, float]]) -> None:
    """Add *hits*: how many, and the time of the last."""
    update = "UPDATE answers SET accesses = accesses + ?, accessed_at = ? WHERE fingerprint = ?"
    with _transaction(connection):
        connection.executemany(update, [(number, at, name) for name, (number, at) in hits.items()])


def select(connection: sqlite3.Connection, wanted: Selection) -> Sequence[Fingerprint]:
    """Give the fingerprints that match."""
    conditions = {
        "tenant = ?": wanted.tenant,
        "namespace = ?": wanted.namespace,
        "model = ?": wanted.model,
        "stored_at < ?": wanted.stored_before,
        "fingerprint IN (SELECT fingerprint FROM tags WHERE tag = ?)": wanted.tag,
    }
    given = {condition: value for condition, value in conditions.items() if value is not None}
    query = f"SELECT fingerprint FROM answers WHERE {' AND '.join(given)}"  # noqa: S608 - the conditions above only
    return [name for (name,) in connection.execute(query, tuple(given.values()))]


def totals(connection: sqlite3.Connection, tenant: str | None) -> Holdings:
    """Add up the totals of one tenant, or of all."""
    query = "SELECT sum(entries), sum(size), sum(accesses) FROM totals WHERE ?1 IS NULL OR tenant = ?1"
    entries, size, accesses = connection.execute(query, (tenant,)).fetchone()
    return Holdings(entries or 0, size or 0, accesses or 0)


def expendable(connection: sqlite3.Connection, now: float, excess: int) -> Sequence[Fingerprint]:
    """Give the dead, and then the idle until *excess* bytes are found."""
    dead = connection.execute("SELECT fingerprint, size FROM answers WHERE dies_at < ?", (now,)).fetchall()
    excess -= sum(size for _, size in dead)
    return [name for name, _ in dead] + list(_idle(connection, now, excess))


def names(connection: sqlite3.Connection, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
    """Give the next *limit* fingerprints behind *after*."""
    query = "SELECT fingerprint FROM answers WHERE fingerprint > ? ORDER BY fingerprint LIMIT ?"
    return [name for (name,) in connection.execute(query, (after or "", limit))]


def _idle(connection: sqlite3.Connection, now: float, excess: int) -> Iterator[Fingerprint]:
    query = "SELECT fingerprint, size FROM answers WHERE dies_at >= ? ORDER BY accessed_at"
    for name, size in connection.execute(query, (now,)):
        if excess <= 0:
            return
        excess -= size
        yield name


def _delete(connection: sqlite3.Connection, fingerprints: Sequence[Fingerprint]) -> None:
    connection.executemany("DELETE FROM answers WHERE fingerprint = ?", [(each,) for each in fingerprints])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 2000"):
        connection.execute(f"PRAGMA {pragma}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise sqlite3.DatabaseError(f"written by another version of RAGBoost ({version}, this one reads {VERSION})")
    connection.execute("SELECT count(*) FROM totals")


def _open_afresh(path: Path) -> tuple[sqlite3.Connection, Path]:
    aside = next(name for name in _names_aside(path) if not name.exists())
    path.rename(aside)
    for companion in ("-wal", "-shm"):
        path.with_name(path.name + companion).unlink(missing_ok=True)
    return _open(path), aside


def _names_aside(path: Path) -> Iterator[Path]:
    return (path.with_name(f"{path.name}.damaged-{number}") for number in numbers(1))

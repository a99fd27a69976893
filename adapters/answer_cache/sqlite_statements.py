"""The statements of the SQLite answer cache."""

import sqlite3
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from attrs import frozen

from adapters.answer_cache.pending_hits import Hits
from domain.caching import CLOCK_SKEW, StoredAnswer
from domain.catalogue import Holdings, Selection
from domain.questions import Fingerprint

BATCH: Final = 1_000
"""So many names fit into one statement; SQLite allows 32,766."""

Sized = list[tuple[Fingerprint, int]]


@frozen
class Row:
    """What is read of an entry; damage may have made each of it anything."""

    fingerprint: Fingerprint
    body: Any
    accesses: Any
    accessed_at: Any

    @property
    def counts(self) -> bool:
        """Tell whether the hits are numbers."""
        return isinstance(self.accesses, int) and isinstance(self.accessed_at, float)


def read(connection: sqlite3.Connection, fingerprints: Sequence[Fingerprint]) -> Sequence[Row]:
    """Give the rows of *fingerprints*, in no order."""
    batches = (fingerprints[start : start + BATCH] for start in range(0, len(fingerprints), BATCH))
    return [row for batch in batches for row in _read(connection, batch)]


def write(connection: sqlite3.Connection, answers: Sequence[tuple[StoredAnswer, bytes]]) -> None:
    """Replace the rows of *answers* and their tags, all or none."""
    rows = [
        (
            each.fingerprint, each.tenant, each.namespace, each.completion.model, each.requested_model,
            each.stored_at, each.stored_at + each.lifetime.total, each.accessed_at, each.accesses, len(body), body,
        )
        for each, body in answers
    ]  # fmt: skip
    with _transaction(connection):
        _delete(connection, [each.fingerprint for each, _ in answers])
        connection.executemany("INSERT INTO answers VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
        tags = [(tag, each.fingerprint) for each, _ in answers for tag in dict.fromkeys(each.tags)]
        connection.executemany("INSERT INTO tags VALUES (?,?)", tags)
        cite(connection, [each for each, _ in answers])


def cite(connection: sqlite3.Connection, answers: Iterable[StoredAnswer]) -> None:
    """Add the documents that *answers* cite."""
    cited = [(document, each.fingerprint) for each in answers for document in each.documents]
    connection.executemany("INSERT INTO documents VALUES (?,?)", cited)


def delete(connection: sqlite3.Connection, fingerprints: Sequence[Fingerprint]) -> None:
    """Delete rows and tags."""
    with _transaction(connection):
        _delete(connection, fingerprints)


def count(connection: sqlite3.Connection, hits: Mapping[Fingerprint, Hits]) -> None:
    """Add *hits* to what was counted before."""
    update = "UPDATE answers SET accesses = accesses + ?, accessed_at = ? WHERE fingerprint = ?"
    with _transaction(connection):
        connection.executemany(update, [(each.number, each.last, name) for name, each in hits.items()])


def select(connection: sqlite3.Connection, wanted: Selection) -> Sequence[Fingerprint]:
    """Give the fingerprints that match."""
    conditions = {
        "tenant = ?": wanted.tenant,
        "namespace = ?": wanted.namespace,
        "? IN (model, requested_model)": wanted.model,
        "stored_at < ?": wanted.stored_before,
        "fingerprint IN (SELECT fingerprint FROM tags WHERE tag = ?)": wanted.tag,
        "fingerprint IN (SELECT fingerprint FROM documents WHERE document = ?)": wanted.document,
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
    """Give the dead, among them those from a future that a clock has taken back; then the idle."""
    dead = dict(_past(connection, now) + _yet_to_come(connection, now))
    return [*dead, *_idle(connection, excess - sum(dead.values()), dead)]


def names(connection: sqlite3.Connection, after: Fingerprint | None, limit: int) -> Sequence[Fingerprint]:
    """Give the next *limit* fingerprints behind *after*."""
    query = "SELECT fingerprint FROM answers WHERE fingerprint > ? ORDER BY fingerprint LIMIT ?"
    return [name for (name,) in connection.execute(query, (after or "", limit))]


def _read(connection: sqlite3.Connection, fingerprints: Sequence[Fingerprint]) -> Iterator[Row]:
    marks = ",".join("?" * len(fingerprints))
    query = f"SELECT fingerprint, body, accesses, accessed_at FROM answers WHERE fingerprint IN ({marks})"  # noqa: S608 - question marks only
    return (Row(*row) for row in connection.execute(query, fingerprints))


def _past(connection: sqlite3.Connection, now: float) -> Sized:
    return connection.execute("SELECT fingerprint, size FROM answers WHERE dies_at < ?", (now,)).fetchall()


def _yet_to_come(connection: sqlite3.Connection, now: float) -> Sized:
    # The index by use is enough: what was used since the clock was set back is evicted in its turn.
    query = "SELECT fingerprint, size FROM answers WHERE accessed_at > ?1 AND stored_at > ?1"
    return connection.execute(query, (now + CLOCK_SKEW,)).fetchall()


def _idle(connection: sqlite3.Connection, excess: int, dead: Container[Fingerprint]) -> Iterator[Fingerprint]:
    for name, size in connection.execute("SELECT fingerprint, size FROM answers ORDER BY accessed_at"):
        if excess <= 0:
            return
        if name not in dead:
            excess -= size
            yield name


def _delete(connection: sqlite3.Connection, fingerprints: Sequence[Fingerprint]) -> None:
    connection.executemany("DELETE FROM answers WHERE fingerprint = ?", [(each,) for each in fingerprints])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield

"""The tables of the SQLite answer cache: made, upgraded, and checked."""

import sqlite3
from contextlib import closing
from functools import cache
from typing import Final

from adapters.answer_cache.encoding import decode
from adapters.answer_cache.sqlite_statements import cite

VERSION: Final = 3

UPGRADED: Final = 2
"""The version that is upgraded; any other is set aside."""

DOCUMENTS: Final = """
CREATE TABLE documents (
    document TEXT NOT NULL, fingerprint TEXT NOT NULL REFERENCES answers ON DELETE CASCADE,
    PRIMARY KEY (document, fingerprint)
) WITHOUT ROWID;
CREATE INDEX documents_by_answer ON documents (fingerprint);
"""
"""What version 2 did not have."""

SCHEMA: Final = """
CREATE TABLE answers (
    fingerprint TEXT PRIMARY KEY, tenant TEXT NOT NULL, namespace TEXT NOT NULL, model TEXT NOT NULL,
    requested_model TEXT NOT NULL, stored_at REAL NOT NULL, dies_at REAL NOT NULL, accessed_at REAL NOT NULL,
    accesses INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL
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


def prepare_tables(connection: sqlite3.Connection) -> None:
    """Make the tables, or bring them up to date; raises ``sqlite3.DatabaseError`` where they are not ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(f"BEGIN; {SCHEMA} {DOCUMENTS} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version == UPGRADED:
        _upgrade(connection)
    elif version != VERSION:
        raise sqlite3.DatabaseError(f"written by another version of RAGBoost ({version}, this one reads {VERSION})")
    if _schema(connection) != _schema_as_written():
        raise sqlite3.DatabaseError("the tables are not those that RAGBoost makes")


def _upgrade(connection: sqlite3.Connection) -> None:
    """Name the documents that the answers cite, which the version before did not: all or nothing."""
    connection.executescript(f"BEGIN IMMEDIATE; {DOCUMENTS}")
    with connection:
        bodies = connection.execute("SELECT body FROM answers").fetchall()
        cite(connection, filter(None, (decode(body) for (body,) in bodies)))
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _schema(connection: sqlite3.Connection) -> list[tuple[bytes]]:
    return connection.execute("SELECT CAST(sql AS BLOB) FROM sqlite_schema ORDER BY name").fetchall()


@cache
def _schema_as_written() -> list[tuple[bytes]]:
    with closing(sqlite3.connect(":memory:")) as example:
        example.executescript(SCHEMA + DOCUMENTS)
        return _schema(example)

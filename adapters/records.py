"""The records: tables that must survive, in one database, through SQLAlchemy."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from attrs import field, frozen
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    event,
    inspect,
    select,
    text,
    true,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import Unavailable

HEAD = "0004"
"""The newest version of the tables; a test keeps it equal to the newest migration."""

PATIENCE = 10.0
"""Seconds to wait for another process that is writing."""

REMEDY = "it must be an SQLite file that may be written; RAGBOOST_DATA_FOLDER or RAGBOOST_RECORDS_URL chooses another"

SUMS = (
    *("answers", "remembered", "calls", "served", "provider_tokens", "billable", "avoided", "unpriced"),
    *("spent", "borne", "saved"),
)
"""The fields of ``Consumption``, in its order; the name of the provider takes one of them."""

metadata = MetaData()

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Float, nullable=False),
    Column("revoked_at", Float),
    Column("may_report", Boolean, nullable=False, server_default=true()),
)
"""The fields of ``ApiKey``, in its order."""

calibrations = Table(
    "calibrations",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("namespace", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
)
"""One row for each ``Traffic``; *revision* counts how often it was saved."""

purges = Table(
    "purges",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("uid", String, nullable=False, unique=True),
    Column("value", LargeBinary, nullable=False),
)
"""The last purges, in order."""

accounts = Table(
    "accounts",
    metadata,
    *(Column(name, String, primary_key=True) for name in ("day", "tenant", "provider", "model")),
    *(Column(name, BigInteger, nullable=False) for name in SUMS),
)
"""One row for each ``Account``, with the sums of its ``Consumption``; money is counted in millionths of millionths."""


class RecordsTooNew(Unavailable):
    """The database was written by a newer RAGBoost."""


class RecordsUnusable(Unavailable):
    """The database cannot be opened; the message names its file and what can be done: it is for operators."""


@frozen
class Records:
    """
    The database behind *url*, such as ``sqlite+aiosqlite:///data/records.db``.

    ``open`` it before use, ``close`` it in the end. SQLite waits for its disk at every commit.
    Once it is open, errors are SQLAlchemy's: the ports' adapters translate them.
    """

    url: str
    engine: AsyncEngine = field(init=False, repr=False)

    @engine.default
    def _engine(self) -> AsyncEngine:
        engine = create_async_engine(self.url, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare)
        return engine

    @property
    def file(self) -> Path | None:
        """Give the file; ``None`` where there is none."""
        file = make_url(self.url).database
        return Path(file).absolute() if file and file != ":memory:" else None

    async def open(self) -> None:
        """
        Make the folder, the file and the tables as far as they are missing.

        Raises ``RecordsTooNew`` and ``RecordsUnusable``.
        """
        with self._telling():
            self._make_folder()
            async with self.engine.connect() as connection:
                version = await connection.run_sync(current_version)
            if version != HEAD:
                await self._upgrade()
            await self._read_a_key()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection; what was written is committed in the end, or undone when the body fails."""
        async with self.engine.begin() as connection:
            yield connection

    async def ping(self) -> None:
        """Read from the database."""
        async with self.reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    async def _read_a_key(self) -> None:
        """Come upon damage now, when somebody looks on, rather than at the first question."""
        async with self.reading() as connection:
            await connection.execute(select(api_keys).limit(1))

    async def _upgrade(self) -> None:
        from adapters.migrations.upgrade import upgrade  # noqa: PLC0415 - alembic costs time that a start seldom needs

        async with self.engine.connect() as connection:
            await connection.run_sync(upgrade)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            why = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise RecordsUnusable(f"the records in {self.file or 'memory'} cannot be used: {why}; {REMEDY}") from error

    def _make_folder(self) -> None:
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)


def current_version(connection: Connection) -> str | None:
    """Give the version of the tables; ``None`` where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    try:
        for pragma in (f"busy_timeout = {PATIENCE * 1000:.0f}", "journal_mode = WAL", "synchronous = FULL"):
            cursor.execute(f"PRAGMA {pragma}")
    except Exception:
        connection.close()  # SQLAlchemy forgets it, and its thread would wait for work for ever
        raise
    cursor.close()

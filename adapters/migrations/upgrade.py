"""Brings the tables up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from adapters.records import HEAD, RecordsTooNew, current_version
from adapters.translation import translating

LOCK = "BEGIN IMMEDIATE"
"""Only one process upgrades at a time; the others wait, and then find nothing left to do."""


def configuration() -> Config:
    """Give alembic's configuration; the steps lie beside this file, wherever it is installed."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def upgrade(connection: Connection) -> None:
    """Take every step that is missing, all or none; raises ``RecordsTooNew``."""
    connection.exec_driver_sql(LOCK)
    version = current_version(connection)
    if version != HEAD:
        _climb(connection, version)
    connection.commit()


def _climb(connection: Connection, version: str | None) -> None:
    config = configuration()
    with translating({CommandError: _too_new}):
        ScriptDirectory.from_config(config).get_revisions(version or ())
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _too_new(message: str) -> RecordsTooNew:
    return RecordsTooNew(f"the records were written by a newer RAGBoost: {message}")

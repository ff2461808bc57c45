"""Schema revisions, applied at start and by `python -m bot database upgrade`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

HERE = Path(__file__).resolve().parent


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for an open connection."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Applies every revision that this database has not seen, inside the caller's transaction."""
    command.upgrade(configuration(connection), "head")


def downgrade(connection: Connection) -> None:
    """Undoes every revision, inside the caller's transaction: nothing of ours is left."""
    command.downgrade(configuration(connection), "base")


def check(connection: Connection) -> None:
    """Raises alembic's CommandError when the tables in code and the revisions differ."""
    command.check(configuration(connection))


def write_revision(connection: Connection, message: str) -> None:
    """Writes a new revision file from the difference between the tables and the database."""
    command.revision(configuration(connection), message=message, autogenerate=True)

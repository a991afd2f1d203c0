"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, text

from models.database import driver_url

_LOCK = 0x0ADF_1164  # one migration at a time, whichever process starts first


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Apply what is missing, under an advisory lock. ``url`` must be of an owner of the schema."""
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            command.upgrade(_config(url), "head")
    finally:
        engine.dispose()


def head() -> str:
    """The schema revision of this release."""
    return str(ScriptDirectory.from_config(_config("")).get_current_head())


def knows(revision: str) -> bool:
    """Whether this release can bring a database from a revision to its own."""
    try:
        ScriptDirectory.from_config(_config("")).get_revision(revision)
    except CommandError:
        return False
    return True


def pending(url: str) -> bool:
    """Whether the schema is older than this release."""
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return current != ScriptDirectory.from_config(_config(url)).get_current_head()

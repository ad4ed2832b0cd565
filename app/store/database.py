"""Opening a database: SQLite with nothing to set up, or PostgreSQL by its URL; the tables are brought up to date."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from platformdirs import user_data_path
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from app.core.errors import ResourceError
from app.core.wal import write_ahead

MEMORY = "sqlite://"
_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_LOCK = 0x6D745F72  # advisory lock of PostgreSQL while tables are made; any number that nobody else takes
_BUSY_S = 30.0


def default_url() -> str:
    """A SQLite file in the user's data folder."""
    return f"sqlite:///{user_data_path('mt-repair') / 'documents.sqlite3'}"


def read_url(url: str) -> URL:
    """The URL with its driver.

    Raises:
        ResourceError: It names no database that we speak to.
    """
    try:
        parsed = make_url(url or default_url())
    except ArgumentError as exc:
        raise ResourceError("MT_REPAIR_DATABASE_URL is not a URL; give sqlite:///FILE or postgresql://…") from exc
    match parsed.get_backend_name():
        case "sqlite":
            return parsed
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
    raise ResourceError("MT_REPAIR_DATABASE_URL must begin with sqlite:/// or postgresql://")


def exists(url: str) -> bool:
    """Whether there is something to read; a SQLite file is made with the first document that is saved."""
    parsed = read_url(url)
    return parsed.get_backend_name() != "sqlite" or (bool(parsed.database) and Path(str(parsed.database)).exists())


def open_engine(url: str) -> Engine:
    """A connected engine over up-to-date tables.

    Raises:
        ResourceError: The database cannot be reached or written, or is of a newer version.
    """
    parsed = read_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    try:
        if is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = _sqlite(parsed) if is_sqlite else create_engine(parsed, pool_pre_ping=True)
        with engine.connect() as connection:
            _bring_up_to_date(connection)
    except (OSError, SQLAlchemyError) as exc:
        where = parsed.render_as_string(hide_password=True)
        raise ResourceError(f"cannot use the database {where}; see MT_REPAIR_DATABASE_URL") from exc
    return engine


def _sqlite(url: URL) -> Engine:
    is_file = bool(url.database)
    # One connection to a database in memory: it is the database, and whoever holds it works alone.
    size = {} if is_file else {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_S}, **size)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("foreign_keys = ON", "secure_delete = ON"):  # deleted text does not stay in the file
            connection.execute(f"PRAGMA {pragma}")
        if is_file:
            write_ahead(connection, _BUSY_S)
            connection.execute("PRAGMA synchronous = FULL")  # an acknowledged decision outlives a power cut

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Taking the write lock at once: a reader that becomes a writer midway would fail instead of wait.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def cut_log(engine: Engine) -> None:
    """Take deleted text out of SQLite's write-ahead log as well, as far as no reader still needs it."""
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")  # no checkpoint is made within a transaction
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")


def _bring_up_to_date(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    known = ScriptDirectory.from_config(config)
    with _alone(connection):
        current = _current(connection)
        if current is not None and current not in {script.revision for script in known.walk_revisions()}:
            raise ResourceError("the database was made by a newer mt-repair; update, or name another database")
        if current != known.get_current_head():
            command.upgrade(config, "head")
    connection.commit()


@contextlib.contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One process at a time makes tables."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield
        return
    connection.execution_options(writes=True)
    connection.execute(text("SELECT 1"))  # begins
    yield


def _current(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()

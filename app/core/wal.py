"""SQLite's write-ahead log, turned on by whichever process comes first."""

from __future__ import annotations

import sqlite3
import time


def write_ahead(database: sqlite3.Connection, wait_s: float) -> None:
    """Keep the file of a connection with a write-ahead log, so that readers and a writer do not wait for each other.

    While one process turns the log on, SQLite refuses another at once, whatever the connection's own timeout says:
    each of them reads already and waits to write. So the other lets go, waits for the first, and finds it done.

    Args:
        database: Outside any transaction.
        wait_s: Seconds after which the file counts as locked.

    Raises:
        sqlite3.Error: The file is locked for longer, or is none that SQLite can use.
    """
    until = time.monotonic() + wait_s
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            database.execute("BEGIN IMMEDIATE")  # waits
            database.execute("ROLLBACK")
        else:
            return

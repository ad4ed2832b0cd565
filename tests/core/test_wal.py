from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from app.core.wal import write_ahead

WAIT_S = 60.0


def mode_after(path: Path, start: threading.Barrier) -> str:
    with closing(sqlite3.connect(path, timeout=WAIT_S)) as database:
        start.wait()
        write_ahead(database, WAIT_S)
        return str(database.execute("PRAGMA journal_mode").fetchone()[0])


def test_who_comes_at_the_same_time_as_the_first_waits_for_it(tmp_path: Path) -> None:
    start = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        for number in range(60):
            path = tmp_path / f"{number}.sqlite3"
            assert [f.result() for f in [pool.submit(mode_after, path, start) for _ in range(4)]] == ["wal"] * 4


def test_a_writer_is_waited_for(tmp_path: Path) -> None:
    path, start = tmp_path / "new.sqlite3", threading.Barrier(2)
    with closing(sqlite3.connect(path)) as writer, ThreadPoolExecutor(1) as pool:
        writer.execute("CREATE TABLE words (word)")
        writer.execute("BEGIN IMMEDIATE")
        waiting = pool.submit(mode_after, path, start)
        start.wait()
        writer.execute("INSERT INTO words VALUES ('kept')")
        writer.commit()
        assert waiting.result() == "wal"
        assert writer.execute("SELECT word FROM words").fetchall() == [("kept",)]


def test_a_file_that_stays_locked_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite3"
    with closing(sqlite3.connect(path)) as writer, closing(sqlite3.connect(path, timeout=0.01)) as other:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write_ahead(other, 0.01)


def test_a_file_of_another_kind_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite3"
    path.write_bytes(b"this is no database, whatever its name says" * 99)
    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.DatabaseError, match="not a database"):
        write_ahead(database, WAIT_S)

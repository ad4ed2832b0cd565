"""Stores on SQLite and, where the machine has it, on a PostgreSQL that is started for these tests alone."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.store.database import open_engine
from app.store.models import Base
from app.store.store import Store


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them out of PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"))
    program = found[-1] if found else shutil.which("pg_ctl")
    return Path(os.path.realpath(program)).parent if program else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL on a temporary folder that listens on a socket in it and on no port."""
    programs = postgres_programs()
    if programs is None or not (programs / "initdb").exists():
        pytest.skip("PostgreSQL (pg_ctl, initdb) is not installed")
    user = "nobody" if os.getuid() == 0 else None  # PostgreSQL refuses to be root
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)

        def call(program: str, *arguments: str) -> None:
            environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": folder}
            subprocess.run(
                [programs / program, *arguments], check=True, user=user, cwd=folder, env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
            )  # fmt: skip

        call("initdb", "-D", f"{folder}/data", "-U", "mt_repair", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        call("pg_ctl", "-D", f"{folder}/data", "-w", "-t", "100", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql://mt_repair@/postgres?host={folder}"
        finally:
            call("pg_ctl", "-D", f"{folder}/data", "-w", "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'folder' / 'documents.sqlite3'}"
        return
    url: str = request.getfixturevalue("postgres_url")
    yield url
    engine = open_engine(url)
    with engine.begin() as connection:
        names = ", ".join(f'"{table}"' for table in Base.metadata.tables)
        connection.execute(text(f"TRUNCATE {names}"))
    engine.dispose()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store.open(database_url)
    yield opened
    opened.close()

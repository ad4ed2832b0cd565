from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app.core.errors import ResourceError
from app.store.database import default_url, exists, open_engine, read_url
from app.store.models import Base


def test_the_migrations_make_the_tables_that_the_models_describe(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_opening_twice_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        open_engine(database_url).dispose()


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ResourceError, match="newer mt-repair"):
        open_engine(url)


def test_sqlite_writes_ahead_and_syncs_every_commit(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'wal.sqlite3'}")
    with engine.connect() as connection:
        found = [connection.execute(text(f"PRAGMA {p}")).scalar() for p in ("journal_mode", "synchronous")]
    engine.dispose()
    assert found == ["wal", 2]


def test_without_a_url_the_file_is_in_the_data_folder_of_the_user() -> None:
    assert default_url().startswith("sqlite:///")
    assert "mt-repair" in default_url()


def test_looking_makes_no_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.sqlite3'}"
    assert not exists(url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["mysql://host/name", "no url at all"])
def test_a_url_of_another_kind_is_refused_with_the_name_of_the_setting(url: str) -> None:
    with pytest.raises(ResourceError, match="MT_REPAIR_DATABASE_URL"):
        read_url(url)


def test_a_database_out_of_reach_is_reported_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as caught:
        open_engine(f"postgresql://editor:secret@/none?host={tmp_path}&connect_timeout=1")
    assert "secret" not in str(caught.value)


def test_several_that_open_a_new_file_at_once_all_get_it(tmp_path: Path) -> None:
    start = threading.Barrier(4)

    def opened(number: int) -> str | None:
        start.wait()
        engine = open_engine(f"sqlite:///{tmp_path / f'{number}.sqlite3'}")
        with engine.connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        engine.dispose()
        return found

    with ThreadPoolExecutor(4) as pool:
        for number in range(12):
            assert None not in {f.result() for f in [pool.submit(opened, number) for _ in range(4)]}

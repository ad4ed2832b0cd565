from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.api.words import StoredWords
from app.core.errors import ResourceError


def test_kept_words_that_cannot_be_reached_name_the_setting(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'words.sqlite3'}"
    words = StoredWords(url)
    assert words.add("", "Krag")
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in ("term", "project"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO gone_{table}"))
    engine.dispose()
    for call in (lambda: words.words(""), lambda: words.add("", "Krug"), lambda: words.delete("", "Krag")):
        with pytest.raises(ResourceError, match="MT_REPAIR_DATABASE_URL"):
            call()
    words.close()

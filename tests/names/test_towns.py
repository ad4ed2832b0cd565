"""Names of towns in a file, and what they keep the linker from."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.names.attested import FILE, Attested
from app.names.link import LinkModel
from app.names.linker import MODEL_FILE, NameLinker
from app.names.towns import Towns
from app.names.usage import Usage
from tests.names.linking import SHIPPED, linker, repaired, store

TEXT = "They moved to Valkeapuri in Finland in 2015."


def test_a_file_of_towns_has_what_was_put_in(tmp_path: Path) -> None:
    Towns.of(["Põltsamaa", "Sankt Veit", ""]).save(tmp_path / "towns")
    towns = Towns(tmp_path / "towns")
    assert len(towns) == 2
    assert "poltsamaa" in towns
    assert "sankt veit" in towns
    assert "veit" not in towns


def test_a_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "towns").write_bytes(b"no trie")
    with pytest.raises(ResourceError, match="build_towns"):
        Towns(tmp_path / "towns")


def test_what_some_town_is_called_is_no_damaged_name(tmp_path: Path) -> None:
    assert repaired(linker(tmp_path / "a"), TEXT) == TEXT.replace("puri", "pori")
    names = NameLinker(
        store(tmp_path / "b"),
        LinkModel.load(SHIPPED / MODEL_FILE),
        Attested(SHIPPED / FILE),
        Towns.of(["Valkeapuri"]),
        Usage(None),
    )
    assert repaired(names, TEXT) == TEXT

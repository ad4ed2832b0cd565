"""The shipped base: only facts whose licence is known, and a card that says so."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ResourceError
from app.names.shipped import SOURCES, card, count_sources, shipped_entities
from app.names.store import MANIFEST, Entity, EntityKind, EntityStore, read_manifest

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "names-en"


def _files(folder: Path, **rows: list[dict[str, Any]]) -> Path:
    for name in ("people", "organisations", "places"):
        with lzma.open(folder / f"{name}.jsonl.xz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows.get(name, ()))
    return folder


def _by_id(folder: Path) -> dict[str, Entity]:
    return {row.id: row for row in shipped_entities(folder) if isinstance(row, Entity)}


def test_a_source_without_a_known_licence_stops_the_build(tmp_path: Path) -> None:
    folder = _files(tmp_path, people=[{"id": "Q1", "type": "person", "name": "A B", "source": ["eps", "blog"]}])
    with pytest.raises(ResourceError, match="blog"):
        list(shipped_entities(folder))


def test_names_of_subdivisions_are_kept_only_where_attested(tmp_path: Path) -> None:
    row = {"id": "iso-jp-41", "type": "prefecture", "name": "Saga", "country": "JP", "source": ["cldr"],
           "aliases": ["Saga Prefecture"], "native": {"ja": "佐賀", "uk": "Не місто"}}  # fmt: skip
    saga = _by_id(_files(tmp_path, places=[row]))["iso-jp-41"]
    assert (saga.name, saga.type, saga.aliases) == ("Saga", "subdivision", ())
    assert "Не місто" not in {n.text for n in saga.native}


def test_countries_get_names_in_more_scripts(tmp_path: Path) -> None:
    row = {
        "id": "Q20",
        "type": "country",
        "name": "Norway",
        "country": "NO",
        "source": ["cldr"],
        "native": {"zh": "挪威"},
    }
    norway = _by_id(_files(tmp_path, places=[row]))["Q20"]
    native = {n.language: n.text for n in norway.native}
    assert native["zh"] == "挪威"
    assert native["el"] == "Νορβηγία"


def test_regions_of_the_world_are_places(tmp_path: Path) -> None:
    assert _by_id(_files(tmp_path))["m49-035"].name == "Southeast Asia"


def test_the_card_names_every_source_with_its_licence_and_every_file(tmp_path: Path) -> None:
    counts = count_sources(_by_id(_files(tmp_path)).values())
    assert counts["cldr"] > 20
    sources = {
        code: {"title": s.title, "licence": s.licence, "attribution": s.attribution, "entities": counts[code]}
        for code, s in SOURCES.items()
    }
    kinds = ("person", "organisation", "place", "names", "words", "mangled_forms", "synonyms")
    text = card(
        {"name": "names-en", "version": "abc", "counts": dict.fromkeys(kinds, 1234), "card": {"sources": sources},
         "files": {"tokens.txt": {"bytes": 7, "sha256": "f00"}}}
    )  # fmt: skip
    assert "names-en@abc" in text
    assert "1,234" in text
    assert "| `tokens.txt` | 7 | `f00` |" in text
    for code, source in SOURCES.items():
        assert f"| `{code}` | {source.title} | {source.licence} |" in text


def test_the_base_in_the_tree_is_whole_and_its_card_is_its_own() -> None:
    store = EntityStore.open(SHIPPED)
    manifest = read_manifest(SHIPPED)
    assert (SHIPPED / "README.md").read_text("utf-8") == card(manifest)
    assert len(store) == sum(manifest["counts"][kind.value] for kind in EntityKind)
    assert sum(facts["bytes"] for facts in manifest["files"].values()) < 20_000_000
    assert {p.name for p in SHIPPED.iterdir()} == {"README.md", MANIFEST, manifest["data"]}

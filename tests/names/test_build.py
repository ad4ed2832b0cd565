"""Building: the same bytes each time, all or nothing, and what is learned from the names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import InputError
from app.names.build import (
    BuildOptions,
    learn_function_words,
    learn_synonyms,
    write_base,
)
from app.names.store import MANIFEST, Entity, EntityKind, EntityStore, read_manifest
from tests.names.bases import ROWS, base, entities, many


@dataclass(frozen=True)
class _Form:
    text: str
    probability: float
    kind: str


def _halves(entity: Entity) -> Iterable[_Form]:
    """Forms that keep half of the name, and one that is the name itself."""
    yield _Form(entity.name[: len(entity.name) // 2], 0.25, "cut")
    yield _Form(entity.name[::-1], 0.01, "turned")
    yield _Form(entity.name, 0.5, "same")


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_entities_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    write_base(many(300), tmp_path / "one", mangler=_halves)
    write_base(reversed(many(300)), tmp_path / "two", mangler=_halves)
    assert _contents(tmp_path / "one") == _contents(tmp_path / "two")


def test_another_content_is_another_version(tmp_path: Path) -> None:
    one = write_base(entities(), tmp_path / "one")
    two = write_base(entities(ROWS[1:]), tmp_path / "two")
    assert one.version != two.version


def test_a_rebuild_leaves_one_version_and_nothing_else(tmp_path: Path) -> None:
    write_base(entities(), tmp_path)
    built = write_base(entities(ROWS[1:]), tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {MANIFEST, built.version}


def test_building_the_same_again_mends_a_damaged_file(tmp_path: Path) -> None:
    built = write_base(entities(), tmp_path)
    (tmp_path / built.version / "entities.zst").write_bytes(b"")
    write_base(entities(), tmp_path)
    assert EntityStore.open(tmp_path).get("Q1") is not None


def test_two_entities_of_one_id_build_nothing(tmp_path: Path) -> None:
    base(tmp_path)
    before = _contents(tmp_path)
    with pytest.raises(InputError, match="Q1 stands 2 times"):
        write_base(entities([ROWS[0], ROWS[0]]), tmp_path)
    assert _contents(tmp_path) == before


def test_a_build_that_breaks_off_leaves_the_old_version(tmp_path: Path) -> None:
    base(tmp_path)
    before = _contents(tmp_path)

    def breaks(entity: Entity) -> Iterable[_Form]:
        raise RuntimeError(entity.id)

    with pytest.raises(RuntimeError):
        write_base(entities(ROWS[2:]), tmp_path, mangler=breaks)
    assert _contents(tmp_path) == before


def test_an_empty_base_is_a_base(tmp_path: Path) -> None:
    write_base([], tmp_path, BuildOptions(removed=["Q1"]))
    store = EntityStore.open(tmp_path)
    assert len(store) == 0
    assert store.by_name("x") == []
    assert store.search("x") == []
    assert list(store) == []
    assert store.layers[0].mangled("x") == []


def test_the_manifest_counts_what_is_there(tmp_path: Path) -> None:
    counts = write_base(entities(), tmp_path, mangler=_halves).counts
    assert (counts["person"], counts["organisation"], counts["place"]) == (6, 8, 3)
    assert read_manifest(tmp_path)["counts"] == counts
    assert counts["mangled_forms"] == 2 * len(ROWS)


# ---- mangled forms


def test_a_mangled_form_leads_to_its_entity_with_probability_and_damage(tmp_path: Path) -> None:
    layer = base(tmp_path, mangler=_halves).layers[0]
    (found,) = layer.mangled("tao w")
    assert layer.entity(found.row).id == "Q2"
    assert found.damage == "cut"
    assert found.probability == pytest.approx(0.25, rel=0.1)
    assert layer.mangled("tao wenshu") == [], "a name of its own is no mangled form"
    assert layer.mangled("never made") == []


def test_a_form_of_several_entities_leads_to_all(tmp_path: Path) -> None:
    layer = base(tmp_path, mangler=_halves).layers[0]
    assert {layer.entity(m.row).id for m in layer.mangled("pedro s")} == {"Q4", "Q5"}


def test_a_full_index_keeps_the_likely_forms_of_the_well_known(tmp_path: Path) -> None:
    store = base(tmp_path, options=BuildOptions(mangled_limit=3), mangler=_halves)
    layer = store.layers[0]
    assert len(layer.mangled("ma")) == 1, "of the best known"
    assert layer.mangled("olena ma") == [], "of the unknown"


def test_a_full_index_keeps_what_a_search_by_letters_would_not_find(tmp_path: Path) -> None:
    def forms(entity: Entity) -> Iterable[_Form]:
        return [_Form("Valkeaporu", 0.02, "near"), _Form("Hakubuchi", 0.02, "far")]

    place = Entity("L", EntityKind.PLACE, "city", "Valkeapori")
    write_base([place], tmp_path, BuildOptions(name="x", mangled_limit=1), forms)
    layer = EntityStore.open(tmp_path).layers[0]
    assert layer.mangled("hakubuchi")
    assert not layer.mangled("valkeaporu")


def test_every_form_of_a_large_index_is_found(tmp_path: Path) -> None:
    write_base(many(500), tmp_path, mangler=_halves)
    layer = EntityStore.open(tmp_path).layers[0]
    for entity in many(500):
        assert entity.id in {layer.entity(m.row).id for m in layer.mangled(entity.name[::-1].lower())}


# ---- what is learned


def test_bodies_under_one_native_word_have_synonymous_heads() -> None:
    synonyms = learn_synonyms(entities(), ["of", "the", "for"], {})
    assert synonyms["fund"] == {"foundation": pytest.approx(0.85)}
    assert synonyms["foundation"]["fund"] == synonyms["fund"]["foundation"]


def test_aliases_that_differ_in_one_word_have_synonyms() -> None:
    rows = [
        {"id": f"O{i}", "type": "body", "name": f"Press Office of {town}", "aliases": [f"Press Bureau of {town}"]}
        for i, town in enumerate(("Arvik", "Borg", "Ceder"))
    ]
    assert "bureau" in learn_synonyms(entities(rows), ["of"], {})["office"]


def test_words_that_tell_organisations_of_a_country_apart_are_no_synonyms() -> None:
    def rows(country: str) -> list[dict[str, Any]]:
        named = [
            {"id": f"P{i}", "type": "body", "name": f"Press Office of {town}", "country": "NO"}
            for i, town in enumerate(("Dorv", "Elv"))
        ]
        other = [
            {"id": f"R{i}", "type": "body", "name": f"Press Bureau of {town}", "country": country}
            for i, town in enumerate(("Dorv", "Elv"))
        ]
        both = {"id": "O", "type": "body", "name": "Press Office of Arvik", "aliases": ["Press Bureau of Arvik"]}
        return [both, *named, *other]

    assert "bureau" in learn_synonyms(entities(rows("SE")), ["of"], {})["office"]
    assert learn_synonyms(entities(rows("NO")), ["of"], {}) == {}


def test_what_dictionaries_give_for_one_word_is_a_weak_synonym_unless_it_tells_bodies_apart() -> None:
    rows = [{"id": "O", "type": "court", "name": "International Criminal Court"}]
    known = {"criminal": ("penal",), "blue": ("azure",)}
    found = learn_synonyms(entities(rows), [], known)
    assert found == {"criminal": {"penal": 0.6}, "penal": {"criminal": 0.6}}, "no name has blue"
    apart = [
        {"id": f"{word}{at}", "type": "court", "name": f"{word} Court of {town}", "country": "NO"}
        for word in ("Criminal", "Penal")
        for at, town in enumerate(("Dorv", "Elv"))
    ]
    assert learn_synonyms(entities(apart), ["of"], known) == {}


def test_a_word_of_one_body_alone_is_no_synonym() -> None:
    rows = [{"id": "O1", "type": "body", "name": "Azurex Works", "aliases": ["Belltower Works"]}]
    assert learn_synonyms(entities(rows), [], {}) == {}


def test_words_that_names_print_in_lower_case_are_function_words() -> None:
    rows = [{"id": f"O{i}", "type": "body", "name": f"Haus für Ton und Glas {i}"} for i in range(30)]
    learned = set(learn_function_words(entities(rows)))
    assert {"fur", "und"} <= learned
    assert not {"haus", "ton", "glas"} & learned
    assert "fur" not in learn_function_words([])

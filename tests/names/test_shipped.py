"""The shipped base: only facts whose licence is known, and a card that says so."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ResourceError
from app.names.shipped import SOURCES, card, count_sources, exonyms, shipped_entities
from app.names.store import MANIFEST, Entity, EntityKind, EntityStore, read_manifest
from app.names.subdivisions import Subdivisions

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


_SUBDIVISIONS = {
    "en": {"grm": "Crete", "grl": "South Aegean", "deby": "Bavaria"},
    "et": {"grm": "Kreeta piirkond", "grl": "Lõuna-Egeuse piirkond", "deby": "Baieri"},
    "fr": {"grm": "Crète (périphérie)", "grl": "Égée-Méridionale"},
    "ru": {"grm": "Крит"},
}


@pytest.fixture
def subdivisions(tmp_path: Path) -> Subdivisions:
    folder = tmp_path / "subdivisions"
    folder.mkdir()
    others = {f"xx{i:02}": f"Koht{i} piirkond" for i in range(12)}
    for tag, names in _SUBDIVISIONS.items():
        known = names | (others if tag == "et" else {})
        rows = "".join(f'<subdivision type="{code}">{name}</subdivision>' for code, name in known.items())
        (folder / f"{tag}.xml").write_text(f"<ldml><subdivisions>{rows}</subdivisions></ldml>", "utf-8")
    return Subdivisions(folder)


def _place(entity_id: str, name: str, country: str) -> Entity:
    return Entity(entity_id, EntityKind.PLACE, "subdivision", name, country=country)


def test_the_largest_towns_of_a_small_country_are_places(tmp_path: Path) -> None:
    row = {"id": "Q185866", "type": "city", "name": "Marijampolė", "country": "LT", "popularity": 34975}
    places = _by_id(_files(tmp_path, places=[{**row, "source": ["geo"]}]))
    assert places["geonames-2633274"].name == "Akureyri"
    assert places["geonames-2633274"].country == "IS"
    # Nicosia, too, of sixteen thousand inhabitants in Sicily: Italy has sixty larger ones.
    assert not any(p.country == "IT" and p.name == "Nicosia" for p in places.values())
    assert sum(p.name == "Marijampolė" for p in places.values()) == 1  # what the rows have stands once


def test_languages_call_a_province_by_its_name_without_the_word_province(subdivisions: Subdivisions) -> None:
    crete = _place("iso-gr-m", "Crete", "GR")
    assert dict(subdivisions.names(crete)) == {"en": "Crete", "et": "Kreeta", "fr": "Crète", "ru": "Крит"}
    assert {form.text: form.probability for form in exonyms(crete, subdivisions)} == {"Kreeta": 0.02, "krit": 0.004}


def test_a_province_with_an_id_of_its_own_is_found_by_name_and_country(subdivisions: Subdivisions) -> None:
    assert ("et", "Baieri") in set(subdivisions.names(_place("Q980", "Bavaria", "DE")))
    assert not list(subdivisions.names(_place("Q980", "Bavaria", "US")))
    assert not list(subdivisions.names(Entity("Q64", EntityKind.PLACE, "city", "Bavaria", country="DE")))


def test_a_name_of_several_words_is_taken_whole_or_not_at_all(subdivisions: Subdivisions) -> None:
    aegean = _place("iso-gr-l", "South Aegean", "GR")
    assert dict(subdivisions.names(aegean)) == {"en": "South Aegean", "fr": "Égée-Méridionale"}


def test_a_folder_without_subdivisions_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="unicode-cldr-core"):
        Subdivisions(tmp_path)
    (tmp_path / "en.xml").write_text("<ldml>")
    with pytest.raises(ResourceError, match=r"en\.xml is damaged"):
        Subdivisions(tmp_path)


def test_what_other_languages_call_a_place_is_never_printed_but_leads_to_it(
    tmp_path: Path, subdivisions: Subdivisions
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "geonames-1275339", "type": "city", "name": "Mumbai", "country": "IN", "popularity": 12691836,
         "source": ["geo"], "aliases": ["Bombay", "Mumbaj"]},
        {"id": "Q223", "type": "country", "name": "Greenland", "country": "GL", "source": ["cldr"]},
    ]  # fmt: skip
    found = _by_id(_files(tmp_path, places=rows))
    mumbai = found["geonames-1275339"]
    assert [(a.text, a.language) for a in mumbai.aliases] == [("Bombay", ""), ("Mumbaj", "und")]
    forms = {form.text for form in exonyms(mumbai, subdivisions)}
    assert "Bombej" in forms
    assert not forms & {"Mumbai", "Bombay", "Mumbaj"}
    assert "Groenland" in {form.text for form in exonyms(found["Q223"], subdivisions)}
    assert not list(exonyms(Entity("A", EntityKind.PERSON, "person", "Paris", country="FR"), subdivisions))


def test_a_record_of_cities_of_one_name_stands_for_the_largest(tmp_path: Path) -> None:
    row = {"id": "geonames-6058560", "type": "city", "name": "London", "country": "CA", "popularity": 8961989,
           "source": ["geo"]}  # fmt: skip
    found = _by_id(_files(tmp_path, places=[row]))
    assert found["geonames-2643743"].country == "GB"
    assert found["geonames-6058560"].country == "CA"  # one of the largest there, and a record of its own
    assert found["geonames-6058560"].popularity < found["geonames-2643743"].popularity


@pytest.mark.parametrize(
    ("name", "country", "printed"),
    [
        ("Petaẖ Tiqva", "IL", "Petah Tiqva"),
        ("Arkhangel'sk", "RU", "Arkhangelsk"),
        ("Nizhniy Novgorod", "RU", "Nizhny Novgorod"),
        ("Naberezhnyye Chelny", "RU", "Naberezhnye Chelny"),
        ("Ts'khinvali", "GE", "Tskhinvali"),
        ("'Ajlun", "JO", "Ajlun"),
        ("Ma'rib", "YE", "Ma'rib"),
        ("N'Djamena", "TD", "N'Djamena"),
    ],
)
def test_marks_of_transliteration_are_not_printed(tmp_path: Path, name: str, country: str, printed: str) -> None:
    row = {"id": "geonames-1", "type": "city", "name": name, "country": country, "source": ["geo"],
           "aliases": [printed]}  # fmt: skip
    city = _by_id(_files(tmp_path, places=[row]))["geonames-1"]
    assert city.name == printed
    assert city.is_called(name)


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
    assert sum(facts["bytes"] for facts in manifest["files"].values()) < 23_000_000
    assert {p.name for p in SHIPPED.iterdir()} == {"README.md", MANIFEST, manifest["data"]}

"""Rows from JSON Lines, CSV and a Wikidata dump: what is taken, and what is said of a broken one."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from app.core.errors import InputError
from app.names.readers import (
    Broken,
    Format,
    Removed,
    WikidataFilter,
    WikidataReader,
    entity_of,
    format_of,
    kind_of_type,
    popularity_of,
    read_csv,
    read_jsonl,
    read_sources,
)
from app.names.store import Entity, EntityKind, NameKind, Role

ROW: dict[str, Any] = {"id": "Q1", "type": "person", "name": "Tao Wenshu"}


def _jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), "utf-8")
    return path


# ---- one row


def test_a_row_becomes_an_entity() -> None:
    entity = entity_of(
        {
            **ROW,
            "aliases": ["Wenshu Tao", "T. Wenshu", "TW"],
            "native": {"zh": "陶文书"},
            "country": "cn",
            "roles": ["mayor"],
            "from": 2001,
            "to": 2005,
            "born": 1950,
            "popularity": 3,
            "source": ["x"],
        }
    )
    assert [(a.text, a.kind) for a in entity.aliases] == [
        ("Wenshu Tao", NameKind.REORDERED),
        ("T. Wenshu", NameKind.ALIAS),
        ("TW", NameKind.ABBREVIATION),
    ]
    assert (entity.kind, entity.country, entity.born) == (EntityKind.PERSON, "CN", 1950)
    assert entity.roles == (Role("mayor", 2001, 2005),)
    assert (entity.active_from, entity.active_to) == (2001, 2005)


def test_years_of_a_row_belong_to_no_one_of_several_roles() -> None:
    assert entity_of({**ROW, "roles": ["a", "b"], "from": 2001}).roles == (Role("a"), Role("b"))


def test_roles_can_carry_their_own_years() -> None:
    entity = entity_of(
        {**ROW, "roles": [{"title": "mayor", "from": 1999, "to": 2003}, {"title": "clerk", "from": 1990}]}
    )
    assert entity.roles == (Role("mayor", 1999, 2003), Role("clerk", 1990))
    assert entity.active_from == 1990


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "`name` is missing"),
        ({"id": 7}, "`id` is 7, not a text"),
        ({"name": ["x"]}, "`name` is .*, not a text"),
        ({"type": None}, "`type` is missing"),
        ({"name": "x" * 300}, "`name` is longer"),
        ({"name": "a\tb"}, "`name` .* control characters"),
        ({"aliases": "one"}, "`aliases` is not a list"),
        ({"aliases": [1]}, "`aliases` is not a list of texts"),
        ({"native": ["x"]}, "`native` is not an object"),
        ({"country": "Norway"}, "`country` is not an ISO 3166"),
        ({"born": "1950"}, "`born` is not a year"),
        ({"born": 19500}, "`born` is not a year"),
        ({"from": 2005, "to": 2001}, r"`to` \(2001\) is before `from`"),
        ({"roles": [3]}, "`roles` holds"),
        ({"roles": "mayor"}, "`roles` is not a list"),
        ({"popularity": "much"}, "`popularity` is not a number"),
        ({"kind": "planet"}, "`kind` is 'planet'"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        entity_of({**ROW, **change})


@pytest.mark.parametrize(("type_", "kind"), [("person", "person"), ("river", "place"), ("ministry", "organisation")])
def test_the_type_tells_the_kind(type_: str, kind: str) -> None:
    assert kind_of_type(type_) == kind


@pytest.mark.parametrize("kind", EntityKind)
def test_popularity_grows_from_nought_to_one(kind: EntityKind) -> None:
    values = [popularity_of(kind, raw) for raw in (-1, 0, 1, 5, 1000, 10**9)]
    assert values == sorted(values)
    assert values[0] == 0.0
    assert values[-1] == 1.0


# ---- JSON Lines and CSV


def test_broken_lines_are_reported_and_the_others_read(tmp_path: Path) -> None:
    path = _jsonl(
        tmp_path / "a.jsonl", ROW, "{oops", "", [1], {**ROW, "id": "Q2", "name": ""}, {**ROW, "id": "Q3"}, ROW
    )
    rows = list(read_jsonl(path))
    assert [r.id for r in rows if isinstance(r, Entity)] == ["Q1", "Q3"]
    assert [(r.line, r.reason.split(" (")[0]) for r in rows if isinstance(r, Broken)] == [
        (2, "not JSON"),
        (4, "not a JSON object"),
        (5, "`name` is missing or empty"),
        (7, f"the id Q1 stands already at {path}:1"),
    ]
    assert str(next(r for r in rows if isinstance(r, Broken))).startswith(f"{path}:2: not JSON")


def test_an_overlay_can_remove(tmp_path: Path) -> None:
    assert list(read_jsonl(_jsonl(tmp_path / "a.jsonl", {"id": "Q7", "removed": True}))) == [Removed("Q7")]


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_packed_files_are_read_as_plain_ones(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(PACKERS[ending](json.dumps(ROW).encode()))
    (row,) = read_jsonl(path)
    assert isinstance(row, Entity)
    assert row.name == "Tao Wenshu"


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_file_packed_in_several_pieces_is_read_to_the_end(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.jsonl{ending}"
    pieces = (json.dumps({**ROW, "id": f"Q{i}"}).encode() + b"\n" for i in range(3))
    path.write_bytes(b"".join(map(PACKERS[ending], pieces)))
    assert [r.id for r in read_jsonl(path) if isinstance(r, Entity)] == ["Q0", "Q1", "Q2"]


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path, ending: str) -> None:
    text = "".join(json.dumps({**ROW, "id": f"Q{i}", "name": f"Name {i * 7919}"}) + "\n" for i in range(3000))
    path = tmp_path / f"a.jsonl{ending}"
    packed = PACKERS[ending](text.encode())
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="breaks off after line"):
        list(read_jsonl(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.jsonl: cannot be read"):
        list(read_jsonl(tmp_path / "absent.jsonl"))


def test_csv_has_lists_native_names_and_removals(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "\ufeffid,type,name,aliases,native:zh,roles,from,popularity,removed\n"
        'Q1,person,"Tao, Wenshu",Tao W|T. Wenshu,陶文书,mayor,2001,3.5,\n'
        "Q2,person,,,,,,,\n"
        "Q3,person,Ann,,,,then,,\n"
        "Q4,person,Bo,,,,,,,surplus\n"
        "Q9,,,,,,,,true\n",
        "utf-8",
    )
    rows = list(read_csv(path))
    first = rows[0]
    assert isinstance(first, Entity)
    assert first.name == "Tao, Wenshu"
    assert [a.text for a in first.aliases] == ["Tao W", "T. Wenshu"]
    assert [(n.language, n.text) for n in first.native] == [("zh", "陶文书")]
    assert first.roles == (Role("mayor", 2001),)
    assert [(r.line, r.reason) for r in rows if isinstance(r, Broken)] == [
        (3, "`name` is missing or empty"),
        (4, "`from` is not a number"),
        (5, "more cells than the header has"),
    ]
    assert rows[-1] == Removed("Q9")


def test_tab_separated_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("id\ttype\tname\nP1\tcity\tLindesund\n", "utf-8")
    (row,) = read_csv(path)
    assert isinstance(row, Entity)
    assert row.kind is EntityKind.PLACE


@pytest.mark.parametrize("content", ["", "name,type\n", "id,name\nQ1,x\n"])
def test_a_header_that_lacks_a_field_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=r"a\.csv:1: the header lacks"):
        list(read_csv(path))


def test_bytes_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,type,name\n" + b"Q1,person,Bruckner\n" * 10_000 + b"Q2,person,Br\xfcckner\n")
    with pytest.raises(InputError, match="cannot be read beyond line"):
        list(read_csv(path))


# ---- Wikidata


def _item_value(q: str) -> dict[str, Any]:
    value = {"entity-type": "item", "numeric-id": int(q[1:]), "id": q}
    return {"snaktype": "value", "datavalue": {"value": value, "type": "wikibase-entityid"}}


def _time(year: str, precision: int = 11) -> dict[str, Any]:
    value = {
        "time": f"{year}-00-00T00:00:00Z",
        "precision": precision,
        "calendarmodel": "http://www.wikidata.org/entity/Q1985727",
    }
    return {"snaktype": "value", "datavalue": {"value": value, "type": "time"}}


def _claim(snak: dict[str, Any], rank: str = "normal", **qualifiers: dict[str, Any]) -> dict[str, Any]:
    return {"mainsnak": snak, "type": "statement", "rank": rank, "qualifiers": {p: [q] for p, q in qualifiers.items()}}


def _item(q: str, label: str, claims: dict[str, list[dict[str, Any]]], links: int = 10, **more: Any) -> dict[str, Any]:
    labels = {"en": {"language": "en", "value": label}} if label else {}
    labels |= {k: {"language": k, "value": v} for k, v in more.pop("labels", {}).items()}
    sitelinks = {f"w{i}wiki": {"site": f"w{i}wiki", "title": label} for i in range(links)}
    return {"type": "item", "id": q, "labels": labels, "claims": claims, "sitelinks": sitelinks, "aliases": {}, **more}


PERSON = _item(
    "Q100",
    "Ingeborg Tallgren",
    {
        "P31": [_claim(_item_value("Q5"))],
        "P27": [_claim(_item_value("Q20"))],
        "P569": [_claim(_time("+1951"))],
        "P570": [_claim(_time("+2010", 7))],
        "P39": [
            _claim(_item_value("Q901"), P580=_time("+1990"), P582=_time("+1994")),
            _claim(_item_value("Q902"), P580=_time("+1995"), P582={"snaktype": "somevalue"}),
            _claim(_item_value("Q903"), "deprecated"),
            _claim({"snaktype": "novalue"}),
        ],
    },
    labels={"ru": "Ингеборг Тальгрен", "fr": "Ingeborg Tallgren", "nl": "Ingeborg T."},
    aliases={"en": [{"language": "en", "value": "I. Tallgren"}]},
)
OFFICES = [
    _item("Q901", "minister of harbours", {}, 0),
    _item("Q902", "mayor of Lindesund", {}, 0),
    _item(
        "Q20",
        "Norway",
        {"P31": [_claim(_item_value("Q6256"))], "P297": [_claim({"snaktype": "value", "datavalue": {"value": "NO"}})]},
    ),
]


def _dump(path: Path, *items: dict[str, Any] | str) -> Path:
    """As Wikidata writes it: an array, one entity a line, commas at the ends."""
    lines = [i if isinstance(i, str) else json.dumps(i, separators=(",", ":")) for i in items]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")
    return path


def test_a_dump_gives_names_offices_years_and_countries(tmp_path: Path) -> None:
    rows = list(WikidataReader(_dump(tmp_path / "d.json", PERSON, *OFFICES)).read())
    person, norway = rows
    assert isinstance(person, Entity)
    assert isinstance(norway, Entity)
    assert (person.id, person.kind, person.name, person.country) == (
        "Q100",
        EntityKind.PERSON,
        "Ingeborg Tallgren",
        "NO",
    )
    assert [a.text for a in person.aliases] == ["I. Tallgren"]
    assert {n.language: n.text for n in person.native} == {"ru": "Ингеборг Тальгрен"}
    assert person.roles == (Role("mayor of Lindesund", 1995), Role("minister of harbours", 1990, 1994))
    assert (person.born, person.died) == (1951, None), "a decade is no year"
    assert (person.active_from, person.active_to) == (1990, None)
    assert (norway.type, norway.country) == ("country", "NO")
    assert 0 < person.popularity < 1


def test_broken_lines_of_a_dump_are_reported_with_their_number(tmp_path: Path) -> None:
    broken_claim = {
        **PERSON,
        "id": "Q101",
        "claims": {**PERSON["claims"], "P569": [{"mainsnak": {"snaktype": "value"}}]},
    }
    dump = _dump(
        tmp_path / "d.json", '{"type":"item","id":"Q9', PERSON, broken_claim, "[3]", '{"type":"item"}', *OFFICES
    )
    rows = list(WikidataReader(dump).read())
    assert [r.line for r in rows if isinstance(r, Broken)] == [2, 4, 5, 6]
    assert [r.id for r in rows if isinstance(r, Entity)] == ["Q100", "Q20"]


def test_an_item_that_stands_twice_is_reported(tmp_path: Path) -> None:
    rows = list(WikidataReader(_dump(tmp_path / "d.json", PERSON, PERSON)).read())
    assert [type(r) for r in rows] == [Broken, Entity]


def test_what_is_filtered_out_is_counted(tmp_path: Path) -> None:
    dump = _dump(
        tmp_path / "d.json",
        _item("Q1", "A painting", {"P31": [_claim(_item_value("Q3305213"))]}),
        _item("Q2", "Obscure", {"P31": [_claim(_item_value("Q5"))]}, 4),
        _item("Q3", "", {"P31": [_claim(_item_value("Q5"))]}, labels={"ru": "Без имени"}),
        {"type": "property", "id": "P31", "labels": {}},
    )
    reader = WikidataReader(dump)
    assert list(reader.read()) == []
    assert reader.skipped == {"class": 1, "sitelinks": 1, "no English label": 1}


def test_a_deprecated_class_does_not_count_and_a_preferred_one_does(tmp_path: Path) -> None:
    dump = _dump(
        tmp_path / "d.json",
        _item("Q1", "Once a city", {"P31": [_claim(_item_value("Q515"), "deprecated")]}),
        _item("Q2", "Now a bank", {"P31": [_claim(_item_value("Q515")), _claim(_item_value("Q22687"), "preferred")]}),
    )
    assert [(r.id, r.type) for r in WikidataReader(dump).read() if isinstance(r, Entity)] == [("Q2", "bank")]


def test_classes_and_languages_can_be_chosen(tmp_path: Path) -> None:
    wanted = WikidataFilter({"Q3305213": (EntityKind.ORGANISATION, "painting")}, 0, frozenset({"el"}))
    item = _item(
        "Q1", "A painting", {"P31": [_claim(_item_value("Q3305213"))]}, labels={"el": "Πίνακας", "ru": "Картина"}
    )
    (row,) = WikidataReader(_dump(tmp_path / "d.json", item, PERSON), wanted).read()
    assert isinstance(row, Entity)
    assert row.type == "painting"
    assert [n.language for n in row.native] == ["el"]


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".zst"])
def test_packed_dumps_are_read(tmp_path: Path, ending: str) -> None:
    plain = _dump(tmp_path / "d.json", PERSON, *OFFICES)
    path = tmp_path / f"d.json{ending}"
    path.write_bytes(PACKERS[ending](plain.read_bytes()))
    assert list(WikidataReader(path).read()) == list(WikidataReader(plain).read())


# ---- several sources


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("latest-all.json.bz2", Format.WIKIDATA),
        ("a.csv", Format.CSV),
        ("a.tsv.gz", Format.CSV),
        ("x.jsonl.zst", Format.JSONL),
    ],
)
def test_the_name_of_a_file_tells_its_format(name: str, format_: Format) -> None:
    assert format_of(Path(name)) is format_


def test_a_name_that_tells_nothing_asks_for_the_format() -> None:
    with pytest.raises(InputError, match="--format"):
        format_of(Path("people.data"))


def test_an_id_may_stand_once_in_all_sources(tmp_path: Path) -> None:
    one, two = _jsonl(tmp_path / "1.jsonl", ROW), _jsonl(tmp_path / "2.jsonl", ROW)
    assert [type(r) for r in read_sources([one, two])] == [Entity, Broken]

"""Candidates: whoever may be meant is among them, the likelier before the less likely."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.names.build import BuildOptions, write_base
from app.names.candidates import Candidate, CandidateFinder, Route
from app.names.store import Entity, EntityKind, EntityStore, Name, NameKind
from tests.names.bases import ROWS, base, entities


@dataclass(frozen=True)
class _Form:
    text: str
    probability: float
    kind: str


def _first_syllables(entity: Entity) -> Iterable[_Form]:
    if entity.id == "Q2":
        yield _Form("Yanagi Honsho", 0.2, "dropped_character")


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> CandidateFinder:
    return CandidateFinder(base(tmp_path_factory.mktemp("kb"), mangler=_first_syllables))


def _of(found: list[Candidate], entity_id: str) -> Candidate:
    return next(c for c in found if c.entity.id == entity_id)


@pytest.mark.parametrize(
    ("text", "entity_id", "route"),
    [
        ("Tao Wenshu", "Q2", Route.NAME),
        ("TAO WENSHU’S", "Q2", Route.NAME),
        ("陶文书", "Q2", Route.NAME),
        ("Yanagi Honsho", "Q2", Route.MANGLED),
        ("Wenshu Tao", "Q2", Route.REORDERED),
        ("Ole Na Maksymchuk", "Q3", Route.REORDERED),
        ("Olena Maximchuk", "Q3", Route.FUZZY),
        ("Anneliese Bruckner Rot", "Q1", Route.FUZZY),
        ("P. Sarmiento", "Q5", Route.INITIALS),
        ("Olena M.", "Q3", Route.INITIALS),
        ("Northern Lights Foundation", "O1", Route.WORD_BAG),
        ("Fund of the Northern Lights", "O1", Route.WORD_BAG),
        ("Bridge Inspection National Commission", "O7", Route.WORD_BAG),
        ("NCBI", "O7", Route.INITIALS),
        ("N.C.B.I.", "O7", Route.INITIALS),
        ("University of Vestmark", "O8", Route.PART),
        ("Maksymchuk", "Q3", Route.SURNAME),
        ("Olena", "Q3", Route.GIVEN_NAME),
        ("Tao", "Q2", Route.SURNAME),
        ("Maximchuk", "Q3", Route.SURNAME),
        ("Vestmark", "O8", Route.PART),
        ("St Olavs Bay", "P3", Route.NAME),
    ],
)
def test_a_mention_leads_to_its_entity(finder: CandidateFinder, text: str, entity_id: str, route: Route) -> None:
    found = finder.find(text)
    assert found[0].entity.id == entity_id
    assert found[0].route is route


def test_the_same_sound_is_enough_where_letters_differ(tmp_path: Path) -> None:
    rows = [{"id": "Q1", "type": "person", "name": "Muammar Yildiz"}]
    (found,) = CandidateFinder(base(tmp_path, rows)).find("Mouhamer Yildiz")
    assert (found.entity.id, found.route) == ("Q1", Route.PHONETIC)


def test_a_mangled_form_carries_probability_and_damage(finder: CandidateFinder) -> None:
    found = _of(finder.find("Yanagi Honsho"), "Q2")
    assert found.damage == "dropped_character"
    assert found.probability == pytest.approx(0.2, rel=0.1)


def test_nobody_is_found_for_a_name_like_no_other(finder: CandidateFinder) -> None:
    assert finder.find("Zbigniew Quux") == []
    assert finder.find("") == []
    assert finder.find("…!") == []


def test_a_right_name_stands_before_a_similar_one(finder: CandidateFinder) -> None:
    ids = [c.entity.id for c in finder.find("Lidia Sarmiento")]
    assert ids[0] == "Q6"
    assert {"Q4", "Q5"} <= set(ids), "others of the surname come after"


def test_the_better_known_of_two_namesakes_comes_first(finder: CandidateFinder) -> None:
    assert [c.entity.id for c in finder.find("Pedro Sarmiento")[:2]] == ["Q5", "Q4"]


def test_a_country_of_the_document_breaks_the_tie(finder: CandidateFinder) -> None:
    found = finder.find("Sarmiento", countries=("AR",))
    assert found[0].entity.country == "AR"


def test_only_entities_of_the_kind_are_found(finder: CandidateFinder) -> None:
    assert {c.entity.kind for c in finder.find("Granite", kind=EntityKind.ORGANISATION)} == {EntityKind.ORGANISATION}
    assert finder.find("Granite Fund", kind=EntityKind.PERSON) == []


def test_at_most_the_limit_is_returned(finder: CandidateFinder) -> None:
    assert len(finder.find("Sarmiento", limit=2)) == 2
    assert finder.find("Sarmiento", limit=0) == []


def test_an_overlay_is_searched_and_hides_what_it_replaces(tmp_path: Path) -> None:
    base(tmp_path / "base")
    overlay = entities(
        [{**ROWS[2], "name": "Olha Maksymchuk"}, {"id": "X1", "type": "body", "name": "Kestrel Council"}]
    )
    write_base(overlay, tmp_path / "overlay", BuildOptions(removed=["O2"]))
    finder = CandidateFinder(EntityStore.open(tmp_path / "base", [tmp_path / "overlay"]))
    assert [(c.entity.id, c.entity.name) for c in finder.find("Olena Maksymchuk")] == [("Q3", "Olha Maksymchuk")]
    assert [c.entity.id for c in finder.find("Kestrel")] == ["X1"]


WORDS = st.sampled_from([w for row in ROWS for w in str(row["name"]).split()])
MENTIONS = st.lists(WORDS | st.text("abcxyz -'.ä陶", min_size=1, max_size=8), min_size=1, max_size=6).map(" ".join)


@given(MENTIONS)
def test_whatever_the_mention_each_entity_comes_once_with_scores_in_range(finder: CandidateFinder, text: str) -> None:
    found = finder.find(text)
    ids = [c.entity.id for c in found]
    assert len(ids) == len(set(ids))
    assert all(0.0 <= c.score <= 1.0 and 0.0 <= c.similarity <= 1.0 for c in found)
    assert found == finder.find(text)


@given(st.sampled_from(entities()), st.data())
def test_one_wrong_letter_does_not_hide_a_name_of_two_words(
    finder: CandidateFinder, entity: Entity, data: st.DataObject
) -> None:
    if " " not in entity.name:
        return
    at = data.draw(st.integers(1, len(entity.name) - 1).filter(lambda i: entity.name[i - 1 : i + 2].isalpha()))
    spoilt = entity.name[:at] + data.draw(st.sampled_from("aeioubdkt")) + entity.name[at + 1 :]
    assert entity.id in {c.entity.id for c in finder.find(spoilt)}


def test_threads_find_the_same(finder: CandidateFinder) -> None:
    mentions = ["Yanagi Honsho", "Sarmiento", "Northern Lights Foundation", "Olena Maximchuk"] * 20
    expected = [finder.find(m) for m in mentions]
    wrong: list[str] = []

    def search() -> None:
        fresh = CandidateFinder(finder.store)
        wrong.extend(m for m, e in zip(mentions, expected, strict=True) if finder.find(m) != e or fresh.find(m) != e)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_machines_make_of_a_name_is_not_crowded_out_by_what_is_spelt_like_it(tmp_path: Path) -> None:
    rows = [
        {"id": f"M{i}", "type": "person", "name": f"Yanagi Honsho{c}", "country": "JP"}
        for i, c in enumerate("abcdefghij")
    ]
    finder = CandidateFinder(base(tmp_path, (*ROWS, *rows), mangler=_first_syllables))
    assert "Q2" in {c.entity.id for c in finder.find("Yanagi Honsho", limit=8)}
    assert len(finder.find("Yanagi Honsho", limit=8)) == 8


@pytest.mark.parametrize("text", ["Lintukoto", "Lintukotos", "Lintukotei"])
def test_a_place_is_found_by_what_another_language_calls_it_with_and_without_an_ending(
    tmp_path: Path, text: str
) -> None:
    def abroad(entity: Entity) -> Iterable[_Form]:
        return [_Form("Lintukoto", 0.02, "exonym"), _Form("Lintukota", 0.02, "exonym")]

    write_base([Entity("L", EntityKind.PLACE, "city", "Vogelheim")], tmp_path, BuildOptions(name="x"), abroad)
    found = _of(CandidateFinder(EntityStore.open(tmp_path)).find(text), "L")
    assert (found.route, found.damage) == (Route.MANGLED, "exonym")


@pytest.mark.parametrize("text", ["Lintukotos", "Lintukotei"])
def test_a_native_name_in_latin_letters_is_found_with_an_ending(tmp_path: Path, text: str) -> None:
    names = [Name(n, NameKind.NATIVE, "fi") for n in ("Lintukoto", "Lintukota")]
    place = Entity("L", EntityKind.PLACE, "city", "Vogelheim", native=tuple(names[:1]))
    other = Entity("M", EntityKind.PLACE, "city", "Birdhome", native=tuple(names[1:]))
    write_base([place, other], tmp_path, BuildOptions(name="x"))
    found = _of(CandidateFinder(EntityStore.open(tmp_path)).find(text), "L" if text.endswith("s") else "M")
    assert (found.route, found.damage) == (Route.MANGLED, "exonym")


def test_a_name_that_another_language_has_with_an_ending_is_found_as_the_name(tmp_path: Path) -> None:
    place = Entity("L", EntityKind.PLACE, "city", "Vogelheim", native=(Name("Vogelheims", NameKind.NATIVE, "lt"),))
    write_base([place], tmp_path, BuildOptions(name="x"))
    found = _of(CandidateFinder(EntityStore.open(tmp_path)).find("Vogelheim"), "L")
    assert (found.route, found.damage, found.probability) == (Route.NAME, "", 0.0)


def test_a_name_closed_up_is_no_native_one(tmp_path: Path) -> None:
    names = (Name("Han-vogel", NameKind.ALIAS, "en"),)
    place = Entity("L", EntityKind.PLACE, "city", "Vogelheim", names, (Name("Fuglhjem", NameKind.NATIVE, "da"),))
    assert place.is_native_only("fuglhjem")
    assert not place.is_native_only("hanvogel")
    assert not place.is_native_only("vogelheim")
    assert not place.is_native_only("whatever")


def test_an_ending_behind_a_name_that_english_prints_too_makes_no_exonym(tmp_path: Path) -> None:
    names = (Name("Lintukoto", NameKind.ALIAS, "en"), Name("Lintukoto", NameKind.NATIVE, "fi"))
    write_base(
        [Entity("L", EntityKind.PLACE, "city", "Vogelheim", aliases=names[:1], native=names[1:])],
        tmp_path,
        BuildOptions(name="x"),
    )
    assert all(c.damage != "exonym" for c in CandidateFinder(EntityStore.open(tmp_path)).find("Lintukotos"))


def test_letters_of_one_sound_at_the_start_do_not_hide_a_name(tmp_path: Path) -> None:
    write_base([Entity("L", EntityKind.PLACE, "island", "Crete")], tmp_path, BuildOptions(name="x"))
    assert _of(CandidateFinder(EntityStore.open(tmp_path)).find("Kreeta"), "L").name == "crete"


def test_of_words_as_near_those_of_the_well_known_are_looked_at(tmp_path: Path) -> None:
    crowd = [
        Entity(f"N{i}", EntityKind.PERSON, "person", f"{given} Hultqvist", popularity=0.1)
        for i, given in enumerate(f"Nikola{a}{b}" for a in "aeioubdfg" for b in "aeioubdfg")
    ]
    known = Entity("K", EntityKind.PERSON, "person", "Nicolas Sarlandy", popularity=1.0)
    write_base([*crowd, known], tmp_path, BuildOptions(name="test"))
    found = CandidateFinder(EntityStore.open(tmp_path)).find("Nikola Sarlandi")
    assert "K" in {c.entity.id for c in found}


def _crowd() -> list[Entity]:
    """Many with one given name, and somebody well known whose given name is nearly that."""
    crowd = [Entity(f"C{i}", EntityKind.PERSON, "person", f"Kristin Vahtra{chr(97 + i)}") for i in range(26)]
    return [*crowd, Entity("W", EntityKind.PERSON, "person", "Christine Lagorse", popularity=0.9)]


def test_a_word_that_many_have_crowds_nobody_out(tmp_path: Path) -> None:
    write_base(_crowd(), tmp_path, BuildOptions(name="crowd"))
    found = CandidateFinder(EntityStore.open(tmp_path)).find("Kristin Lagorsa", limit=12)
    candidate = _of(found, "W")
    assert candidate.route is Route.FUZZY  # both words are told, the given name by ear

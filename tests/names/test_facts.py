"""Tests of joining the product's own facts to what other sources have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.names.facts import literal_translations, with_facts
from app.names.mangle.forms import Damage
from app.names.store import Entity, EntityKind, Name, NameKind, Role
from tests.names.linking import person

KNOWN = replace(
    person("Q1", "Tauno Vaherpuu", "EE", "member of the Riigikogu"),
    aliases=(Name("T. Vaherpuu"),), native=(Name("Тауно", NameKind.NATIVE, "ru"),), born=1960, sources=("eps",),
)  # fmt: skip
FACT = Entity(
    "cur-a", EntityKind.PERSON, "person", "Tauno Vaherpuu", (Name("Vaherpuu Tauno"),),
    (Name("タウノ", NameKind.NATIVE, "ja"),), "EE", (Role("prime minister of Estonia", 2021, 2023),), 2021, 2023, 1960,
    popularity=0.9, sources=("cur",),
)  # fmt: skip


def test_a_fact_is_joined_to_the_record_of_the_same_person() -> None:
    (one,) = with_facts([KNOWN], [FACT])
    assert (one.id, one.name, one.born, one.popularity) == ("Q1", "Tauno Vaherpuu", 1960, 0.9)
    assert [r.title for r in one.roles] == ["prime minister of Estonia", "member of the Riigikogu"]
    assert {a.text for a in one.aliases} == {"T. Vaherpuu", "Vaherpuu Tauno"}
    assert {n.language: n.text for n in one.native} == {"ja": "タウノ", "ru": "Тауно"}
    assert (one.active_from, one.active_to) == (2010, 2023)
    assert one.sources == ("eps", "cur")


def test_a_namesake_stays_another() -> None:
    for other in (replace(FACT, country="FI"), replace(FACT, born=1931), replace(FACT, kind=EntityKind.PLACE)):
        assert [e.id for e in with_facts([KNOWN], [other])] == ["Q1", "cur-a"]


def test_a_place_is_called_as_the_fact_has_it_whose_alias_its_name_is() -> None:
    native = (Name("麦加", NameKind.NATIVE, "zh"), Name("מכה", NameKind.NATIVE, "he"))
    place = Entity("P", EntityKind.PLACE, "city", "Makkarah", native=native, country="SA", sources=("geo",))
    fact = Entity(
        "cur-m", EntityKind.PLACE, "place", "Meccar", (Name("Makkarah"),), (Name("麥加", NameKind.NATIVE, "zh"),), "SA",
        sources=("cur",),
    )  # fmt: skip
    (one,) = with_facts([place], [fact])
    assert (one.id, one.name, {a.text for a in one.aliases}) == ("P", "Meccar", {"Makkarah"})
    assert {n.language: n.text for n in one.native} == {"zh": "麥加", "he": "מכה"}, "the fact knows better"
    for other in (replace(fact, country="YE"), replace(fact, country=""), replace(fact, aliases=())):
        assert [e.id for e in with_facts([place], [other])] == ["P", "cur-m"]


def test_somebodys_alias_is_no_proof_of_who_they_are() -> None:
    other = replace(FACT, name="Taunu Vaherpuu", aliases=(Name("Tauno Vaherpuu"),))
    assert [e.id for e in with_facts([KNOWN], [other])] == ["Q1", "cur-a"]


def test_a_fact_with_the_id_of_a_record_is_of_it_whatever_it_is_called() -> None:
    famous = replace(KNOWN, id="Q2", popularity=0.95)
    first, second = with_facts([KNOWN, famous], [replace(FACT, id="Q1")])
    assert (first.id, first.sources, second) == ("Q1", ("eps", "cur"), famous)
    bank = Entity("O", EntityKind.ORGANISATION, "company", "VAHERPUU BK OF EST", country="EE", sources=("org",))
    (one,) = with_facts([bank], [replace(bank, name="Vaherpuu Bank of Estonia", sources=("cur",))])
    assert (one.id, one.name, [a.text for a in one.aliases]) == ("O", "Vaherpuu Bank of Estonia", [bank.name])


def test_a_second_fact_with_the_id_of_a_first_is_joined_to_it() -> None:
    (one,) = with_facts([], [FACT, replace(FACT, name="Tauno V. Vaherpuu", aliases=())])
    assert (one.id, one.name) == ("cur-a", "Tauno V. Vaherpuu")
    with pytest.raises(ResourceError, match="cur-a"):
        list(with_facts([], [FACT, replace(FACT, kind=EntityKind.PLACE)]))


def test_of_two_namesakes_the_better_known_is_meant() -> None:
    famous = replace(KNOWN, id="Q2", popularity=0.95)
    first, second = with_facts([KNOWN, famous], [FACT])
    assert first == KNOWN
    assert second.sources == ("eps", "cur")


def test_two_facts_of_one_person_are_one_record() -> None:
    again = replace(FACT, id="cur-b", roles=(Role("prime minister of Estonia", 2021, 2023), Role("mayor of Tartu")))
    (one,) = with_facts([], [FACT, again])
    assert [r.title for r in one.roles] == ["prime minister of Estonia", "mayor of Tartu"]


def test_literal_translations_are_read_by_id(tmp_path: Path) -> None:
    path = tmp_path / "translated.tsv"
    path.write_text("O\tLuminous Path of Vaher|Bright Path\nP\tRed Place\n", "utf-8")
    found = literal_translations(path)
    assert {i: [form.text for form in forms] for i, forms in found.items()} == {
        "O": ["Luminous Path of Vaher", "Bright Path"], "P": ["Red Place"],
    }  # fmt: skip
    assert {form.kind for forms in found.values() for form in forms} == {Damage.TRANSLATED}


@pytest.mark.parametrize(
    "line", ["O", "O\t", "\tRed Place", "O\tRed||Blue", "O\tRed| ", "O\tRed\tBlue", "P\tRed\nP\tBlue"]
)
def test_a_broken_line_of_translations_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "translated.tsv"
    path.write_text(f"N\tVaher\n{line}\n", "utf-8")
    with pytest.raises(ResourceError, match=f"translated.tsv:{2 + line.count(chr(10))}"):
        literal_translations(path)
    with pytest.raises(ResourceError, match="missing"):
        literal_translations(tmp_path / "none.tsv")

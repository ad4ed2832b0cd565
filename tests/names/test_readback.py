"""What a name in another script gives when it is read back letter by letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.names.comparison import Comparison
from app.names.mangle.readback import words_read_back
from app.names.possible import is_possible
from app.names.store import Entity, EntityKind, Name, NameKind
from tests.names.comparing import comparison, scores
from tests.names.linking import person


def with_native(entity: Entity, **native: str) -> Entity:
    return replace(entity, native=tuple(Name(text, NameKind.NATIVE, language) for language, text in native.items()))


BANKER = with_native(
    person("R", "Jacques Ardeval", "FR", popularity=0.7),
    ru="Жак Ардеваль",
    ja="ジャック・アルデヴァル",
    ko="자크 아르데발",
)


def of(text: str, entity: Entity = BANKER) -> Comparison:
    return comparison(text, entity)


@pytest.mark.parametrize("word", ["zhak", "ardeval", "arudevaru", "jakeu"])
def test_words_of_every_script_are_read(word: str) -> None:
    assert word in words_read_back(BANKER)


def test_without_native_names_nothing_is_read() -> None:
    assert words_read_back(person("R", "Jacques Ardeval", "FR")) == frozenset()


def test_a_word_without_a_letter_of_the_name_is_paired_with_it_and_in_its_place() -> None:
    c = of("Zhak Ardevall")
    assert [(p.found, p.meant) for p in c.pairs] == [("zhak", "jacques"), ("ardevall", "ardeval")]
    assert not c.unpaired_found
    assert not c.unpaired_meant
    assert scores(c)["read_back"] > 0


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("Zhak Ardevall", person("R", "Jacques Ardeval", "FR", popularity=0.7)),  # no native name
        ("Zhak Ardevall", replace(BANKER, popularity=0.2)),  # hardly anybody knows them
        ("Ardevall", BANKER),  # others have the surname
        ("Zhak Morensson", BANKER),
    ],
)
def test_what_no_native_name_gives_is_not_read_back(text: str, entity: Entity) -> None:
    c = of(text, entity)
    assert not c.is_read_back
    assert "read_back" not in scores(c)


def test_a_place_is_read_back_by_one_word() -> None:
    town = with_native(Entity("P", EntityKind.PLACE, "city", "Brisbury", country="AU", popularity=0.8), ru="Брисбери")
    assert comparison("Brisberi", town).is_read_back
    assert not comparison("Brisborough", town).is_read_back


@pytest.mark.parametrize("text", ["Jacques Jacques", "Ardeval Ardevall", "Jacquesa Jacques"])
def test_a_word_of_the_name_does_not_stand_for_another(text: str) -> None:
    assert not of(text).is_read_back


def test_where_the_own_letters_say_as_much_nothing_is_read_back() -> None:
    leader = with_native(person("R", "Vihtor Ardevalov", "RU", popularity=0.9), ru="Вихтор Ардевалов")
    assert not of("Vihtora Ardevalova", leader).is_read_back


def test_who_is_read_back_may_be_meant_where_letters_alone_say_little() -> None:
    famous = replace(BANKER, popularity=0.9)
    assert is_possible(of("Zhak Ardevall", famous))
    assert not is_possible(of("Zhak Ardevall", replace(famous, native=())))
    assert not is_possible(of("Zhak Ardevall", BANKER))  # less well known, and nothing of the text is of their country

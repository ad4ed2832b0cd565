"""Tests of the features by order: what speaks for a candidate says more than what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import Span
from app.names.attested import Attested
from app.names.candidates import Candidate, Route
from app.names.evidence import (
    Comparison,
    Context,
    Reading,
    align,
    compare,
    countries_of,
    fit_of_roles,
    gather,
    is_possible,
    likeness,
    sound,
    years_of,
)
from app.names.mentions import Mention, MentionKind
from app.names.store import Entity
from tests.names.linking import person

NOTHING = Attested.of({})


def comparison(
    text: str, entity: Entity, context: Context | None = None, title: str = "", name: str = ""
) -> Comparison:
    mention = Mention(Span(0, len(text)), text, MentionKind.UNKNOWN, 0, title=title)
    candidate = Candidate(entity, Route.FUZZY, name or entity.name, 0.5, 0.5)
    return compare(Reading(text, (mention,)), candidate, 0.0, context or Context(), NOTHING)


def scores(c: Comparison) -> dict[str, float]:
    return {e.feature: e.score for e in gather(c)}


MINISTER = person("A", "Tauno Vaherpuu", "EE", "prime minister of Estonia")


@pytest.mark.parametrize(
    ("better", "worse", "meant"),
    [
        ("Vaherpu", "Vahtramäe", "Vaherpuu"),
        ("Yatsenjuk", "Yakovlev", "Yatsenyuk"),
        ("Jerevan", "Jericho", "Yerevan"),
        ("Chaikovsky", "Charkowski", "Tchaikovsky"),
    ],
)
def test_a_misspelling_is_more_alike_than_another_name(better: str, worse: str, meant: str) -> None:
    assert likeness(better.lower(), meant.lower()) > likeness(worse.lower(), meant.lower())


@pytest.mark.parametrize(("a", "b"), [("khrushchev", "hrushchev"), ("shein", "sheyn"), ("annan", "anan")])
def test_rival_spellings_of_one_sound_are_the_same(a: str, b: str) -> None:
    assert sound(a) == sound(b)


def test_a_fitting_title_says_more_than_another() -> None:
    assert fit_of_roles(["Prime Minister"], MINISTER)[0] > fit_of_roles(["General"], MINISTER)[0]


def test_a_title_without_an_office_says_nothing() -> None:
    assert fit_of_roles(["Mr."], MINISTER) == (0.0, "", "")


def test_a_title_that_they_never_had_is_evidence_against() -> None:
    assert "role_differs" in scores(comparison("Tauno Vaherpu", MINISTER, title="finance minister"))
    assert "role_differs" not in scores(comparison("Tauno Vaherpu", MINISTER, title="Prime Minister"))


def test_years_in_office_speak_for_and_others_against() -> None:
    inside = scores(comparison("Tauno Vaherpu", MINISTER, Context(years=(2015,))))
    outside = scores(comparison("Tauno Vaherpu", MINISTER, Context(years=(1950,))))
    assert inside["in_office"] > 0 > outside["in_office"]


def test_the_country_in_the_sentence_says_more_than_in_the_text() -> None:
    near = Context(countries={"EE": 1}, countries_of_segment={0: frozenset({"EE"})})
    far = Context(countries={"EE": 1})
    a, b = (scores(comparison("Tauno Vaherpu", MINISTER, c))["country"] for c in (near, far))
    assert a > b > 0


def test_the_right_name_elsewhere_is_evidence() -> None:
    assert "fuller_form" in scores(comparison("Vaherpu", MINISTER, Context(known={"A": MINISTER}), name="Vaherpuu"))


@pytest.mark.parametrize(
    ("text", "name", "possible"),
    [
        ("Tauno Vaherpu", "Tauno Vaherpuu", True),
        ("Tauno K Vaherpuu", "Tauno Vaherpuu", False),  # an initial more
        ("Vaherpuu Tauno", "Tauno Vaherpuu", True),  # the other order
        ("Tauna-Vaherpu", "Tauno Vaherpuu", False),  # one surname of two parts
        ("Tauno Vaherpuu Senior", "Tauno Vaherpuu", False),  # a word more
    ],
)
def test_what_only_says_more_or_less_is_no_damage(text: str, name: str, possible: bool) -> None:
    assert is_possible(comparison(text, MINISTER, name=name)) is possible


@given(
    st.lists(st.text("abcdef", min_size=1, max_size=6), max_size=5),
    st.lists(st.text("abcdef", min_size=1, max_size=6), max_size=5),
)
def test_alignment_uses_every_word_once(found: list[str], meant: list[str]) -> None:
    pairs, left, right = align(tuple(found), tuple(meant))
    assert sorted([*(p.found for p in pairs), *left]) == sorted(found)
    assert sorted([*(p.meant for p in pairs), *right]) == sorted(meant)


def test_countries_are_told_by_noun_and_adjective() -> None:
    assert countries_of(["the", "estonian", "minister", "flew", "to", "south", "korea"]) == {"EE": 1, "KR": 1}


def test_years_are_whole_numbers_only() -> None:
    assert years_of("In 2014 some 120145 people and in 1989") == (2014, 1989)

"""One canonical form: what it ignores, what it keeps, and its laws."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.names.normalise import acronyms, index_keys, normalise, query_keys, script_of, strip_possessive, tokens

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"]), max_size=40)
ENGLISH = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ -.'"), max_size=30)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Łódź", "Lodz"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("Þórður Ægir", "Thordur Aegir"),
        ("Nguyễn Đức", "Nguyen Duc"),
        ("O’Brien", "O'Brien"),
        ("O'Brien", "OBrien"),
        ("Jean-Luc", "Jean Luc"),
        ("J. R. R. Olsen", "J.R.R. Olsen"),
        ("U.S.", "US"),
        ("Brown & Co.", "Brown and Co"),
        ("ＮＡＴＯ", "nato"),
        ("Ёлкин", "елкин"),
        ("مُحَمَّد", "محمد"),
        ("ドナルド・ケイ", "ﾄﾞﾅﾙﾄﾞ ｹｲ"),
    ],
)
def test_these_are_the_same_name(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ma Li", "Mali"), ("カ", "ガ"), ("हिन्दी", "हन्द"), ("Li Qiang", "Li Keqiang"), ("Wells", "Well"), ("山", "川")],
)
def test_these_are_different_names(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(NAMES)
def test_doing_it_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(NAMES)
def test_the_way_a_letter_is_composed_does_not_matter(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert normalise(composed) == normalise(decomposed)


@given(ENGLISH)
def test_case_does_not_matter(text: str) -> None:
    assert normalise(text.upper()) == normalise(text) == normalise(text.lower())


@given(NAMES)
def test_the_form_is_words_parted_by_single_spaces(text: str) -> None:
    form = normalise(text)
    assert form == " ".join(form.split())
    assert tokens(text) == tuple(form.split())


@given(NAMES)
def test_a_name_is_found_under_every_key_it_is_filed_under(text: str) -> None:
    assert set(index_keys(text)) <= set(query_keys(text))


@given(st.text("abcdefghijklmnop", min_size=2, max_size=12))
def test_a_name_is_found_in_the_possessive(name: str) -> None:
    for possessive in (f"{name}'s", f"{name}’s"):
        assert strip_possessive(possessive) == name
        assert normalise(name) in query_keys(possessive)


def test_a_plural_possessive_loses_its_apostrophe_only() -> None:
    assert strip_possessive("Wells'") == "Wells"


def test_a_name_that_ends_like_a_possessive_is_found_as_it_is_first() -> None:
    assert query_keys("McDonald's") == ("mcdonalds", "mcdonald")


def test_a_leading_article_may_be_missing_in_the_base() -> None:
    assert query_keys("The Hague") == ("the hague", "hague")


def test_hyphens_part_words_or_close_up() -> None:
    assert query_keys("Wen-shu Tao") == ("wen shu tao", "wenshu tao")


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Tao", "Latn"),
        ("陶文书", "Hani"),
        ("ひらがな", "Hira"),
        ("カタカナ", "Kana"),
        ("陶の文書", "Jpan"),
        ("Максим", "Cyrl"),
        ("한국", "Hang"),
        ("شي", "Arab"),
        ("123", "Zyyy"),
        ("", "Zyyy"),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


def test_acronyms_are_made_with_the_function_words_and_without() -> None:
    assert acronyms("Ministry of Water and Air", frozenset({"of", "and"})) == {"mowaa", "mwa"}
    assert acronyms("Water Board", frozenset()) == set(), "two letters are too few"

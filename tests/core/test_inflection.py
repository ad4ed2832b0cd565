# ruff: noqa: SIM905
# Word lists are read and edited as running text.
"""Endings and articles of English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.inflection import Form, article, bases, inflect, is_plural


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("house", "houses housed housed housing"),
        ("plan", "plans planned planned planning"),
        ("visit", "visits visited visited visiting"),
        ("permit", "permits permitted permitted permitting"),
        ("fix", "fixes fixed fixed fixing"),
        ("carry", "carries carried carried carrying"),
        ("play", "plays played played playing"),
        ("agree", "agrees agreed agreed agreeing"),
        ("die", "dies died died dying"),
        ("write", "writes wrote written writing"),
        ("go", "goes went gone going"),
        ("be", "is was been being"),
    ],
)
def test_forms_of_a_verb_and_back(word: str, forms: str) -> None:
    kinds = (Form.S, Form.PAST, Form.PARTICIPLE, Form.ING)
    for form, expected in zip(kinds, forms.split(), strict=True):
        assert inflect(word, form) == expected
        assert word in {base for base, _ in bases(expected)}


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("city", "cities"),
        ("day", "days"),
        ("boss", "bosses"),
        ("church", "churches"),
        ("man", "men"),
        ("chairman", "chairmen"),
        ("human", "humans"),
        ("child", "children"),
        ("analysis", "analyses"),
        ("hero", "heroes"),
        ("photo", "photos"),
        ("bus", "buses"),
        ("NGO", "NGOs"),
        ("Schultz", "Schultzes"),
        ("artificial intelligence", "artificial intelligences"),
        ("data", "data"),
        ("directors", "directors"),
        ("C++", "C++"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert inflect(one, Form.S) == many


def test_the_particle_of_a_verb_takes_no_ending() -> None:
    assert inflect("carry out", Form.PAST) == "carried out"
    assert inflect("carry out", Form.S) == "carries out"
    assert inflect("write off", Form.PAST, after_auxiliary=True) == "written off"


@pytest.mark.parametrize("word", ["singed", "his", "king", "ring", "bed", "class", "this"])
def test_an_ending_that_only_looks_like_one_is_none(word: str) -> None:
    assert {base for base, _ in bases(word)} <= {"singe"}


@pytest.mark.parametrize(
    ("word", "claim"), [("directors", True), ("men", True), ("news", True), ("bus", False), ("status", False)]
)
def test_what_is_plural_already(word: str, claim: bool) -> None:
    assert is_plural(word) is claim


AN = """hour honest FBI MBA 8-year 11th 18 800 umbrella heir x-ray unidentified uninteresting uncle urn onion upset LED
unimportant SMS NHS 11,000 apple island OPEC Åland unintended onerous hourly""".split()
A = """university one-way NATO European UN US EU UNESCO use user usual unit union united uniform ukulele utility Ukraine
Uganda once historic 1,100 180 UFO utopia house year U-turn BBC unique Ural eulogy""".split()


@pytest.mark.parametrize(("word", "expected"), [(w, "an") for w in AN] + [(w, "a") for w in A])
def test_the_article_goes_by_sound(word: str, expected: str) -> None:
    assert article(f"{word} thing") == expected


@given(st.text(max_size=20), st.sampled_from(Form))
def test_any_text_is_borne(text: str, form: Form) -> None:
    assert article(text) in ("a", "an")
    inflect(text, form)
    bases(text.lower())

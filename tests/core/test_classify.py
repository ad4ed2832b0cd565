"""Kinds, types and reasons of edits, from the surface alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.classify import edit_kind, errant_type, explain
from app.core.types import EditKind


@pytest.mark.parametrize(
    ("old", "new", "errant", "kind"),
    [
        ("a", "an", "R:DET", EditKind.GRAMMAR),
        ("", "the ", "M:DET", EditKind.GRAMMAR),
        ("the ", "", "U:DET", EditKind.GRAMMAR),
        ("in the house", "in house", "U:DET", EditKind.GRAMMAR),
        ("in", "on", "R:PREP", EditKind.GRAMMAR),
        ("he", "they", "R:PRON", EditKind.GRAMMAR),
        ("and", "but", "R:CONJ", EditKind.GRAMMAR),
        ("cat", "cats", "R:NOUN:NUM", EditKind.GRAMMAR),
        ("city", "cities", "R:NOUN:NUM", EditKind.GRAMMAR),
        ("children", "child", "R:NOUN:NUM", EditKind.GRAMMAR),
        ("boy", "boy's", "R:NOUN:POSS", EditKind.GRAMMAR),
        ("goes", "go", "R:VERB:SVA", EditKind.GRAMMAR),
        ("was", "were", "R:VERB:SVA", EditKind.GRAMMAR),
        ("is", "was", "R:VERB:TENSE", EditKind.GRAMMAR),
        ("walk", "walked", "R:VERB:TENSE", EditKind.GRAMMAR),
        ("has gone", "went", "R:VERB:TENSE", EditKind.GRAMMAR),
        ("running", "run", "R:VERB:FORM", EditKind.GRAMMAR),
        ("went", "gone", "R:VERB:FORM", EditKind.GRAMMAR),
        ("bigger", "biggest", "R:OTHER", EditKind.WORDING),
        ("big", "bigger", "R:ADJ:FORM", EditKind.GRAMMAR),
        ("economic", "economical", "R:MORPH", EditKind.GRAMMAR),
        ("goverment", "government", "R:SPELL", EditKind.SPELLING),
        ("cafe", "café", "R:SPELL", EditKind.SPELLING),
        ("english", "English", "R:ORTH", EditKind.SPELLING),
        ("every one", "everyone", "R:ORTH", EditKind.SPELLING),
        (" ,", ",", "R:ORTH", EditKind.SPACING),
        ("  ", " ", "R:ORTH", EditKind.SPACING),
        (".", "!", "R:PUNCT", EditKind.PUNCTUATION),
        ("", ",", "M:PUNCT", EditKind.PUNCTUATION),
        (". Then", ", then", "R:PUNCT", EditKind.PUNCTUATION),
        ("dont", "don't", "R:CONTR", EditKind.GRAMMAR),
        ("house big", "big house", "R:WO", EditKind.GRAMMAR),
        ("the the", "the", "U:DET", EditKind.REPETITION),
        ("big", "large", "R:OTHER", EditKind.WORDING),
        ("the house", "a home", "R:OTHER", EditKind.WORDING),
    ],
)
def test_the_surface_tells_type_and_kind(old: str, new: str, errant: str, kind: EditKind) -> None:
    assert (errant_type(old, new), edit_kind(old, new)) == (errant, kind)


def test_a_name_that_becomes_another_is_a_name() -> None:
    assert edit_kind("Straswima", "Straujuma") is EditKind.NAME


def test_a_capital_at_the_start_of_a_sentence_does_not_make_a_name() -> None:
    assert edit_kind("Large", "Big", starts_sentence=True) is EditKind.WORDING


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("", "the ", "Article or determiner seems to be missing: “the”."),
        ("in the house", "in house", "Article or determiner: “the” can go."),
        ("goverment", "government", "Spelling: “government”."),
        ("  ", " ", "Spacing."),
        ("the the", "the", "Repeated: “the” is enough."),
        ("", ",", "Punctuation: “,” is missing."),
        ("Straswima", "Straujuma", "Name: “Straujuma” rather than “Straswima”."),
        ("goes", "go", "Agreement of subject and verb: “go” rather than “goes”."),
    ],
)
def test_the_reason_is_written_for_an_editor(old: str, new: str, reason: str) -> None:
    assert explain(old, new, edit_kind(old, new)) == reason


@pytest.mark.parametrize(
    ("before_it", "old", "new", "what"),
    [
        ("The cable will ", "lies", "lie", "Form of the verb"),
        ("He didn’t even ", "enjoys", "enjoy", "Form of the verb"),
        ("They can ", "transports", "transport", "Form of the verb"),
        ("They hope to ", "goes", "go", "Form of the verb"),
        ("The cables ", "goes", "go", "Agreement of subject and verb"),
        ("", "goes", "go", "Agreement of subject and verb"),
        ("He gave it to ", "cats", "cat", "Singular or plural"),
    ],
)
def test_behind_an_auxiliary_a_verb_agrees_with_nothing(before_it: str, old: str, new: str, what: str) -> None:
    assert explain(old, new, edit_kind(old, new), before_it).startswith(f"{what}: ")


@pytest.mark.parametrize(("old", "new"), [("then", "than"), ("united", "untied"), ("horse", "house")])
def test_words_that_look_alike_are_no_inflections(old: str, new: str) -> None:
    assert errant_type(old, new) in ("R:SPELL", "R:OTHER")


TEXT = st.one_of(st.text(max_size=12), st.text(alphabet="abeinsT '’.,-\n\u0301", max_size=12))


@given(TEXT, TEXT)
def test_any_two_texts_have_a_type_a_kind_and_one_line_of_reason(old: str, new: str) -> None:
    assert re.fullmatch(r"[MRU]:[A-Z]+(?::[A-Z]+)?", errant_type(old, new))
    kind = edit_kind(old, new)
    assert explain(old, new, kind)


@given(TEXT, TEXT)
def test_missing_and_unnecessary_are_each_other_the_other_way_round(old: str, new: str) -> None:
    swapped = {"M": "U", "U": "M", "R": "R"}
    assert errant_type(new, old)[0] == swapped[errant_type(old, new)[0]]

"""Tests of likeness by order: a misspelling is nearer than another name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.names.likeness import align, likeness, sound


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


@given(
    st.lists(st.text("abcdef", min_size=1, max_size=6), max_size=5),
    st.lists(st.text("abcdef", min_size=1, max_size=6), max_size=5),
)
def test_alignment_uses_every_word_once(found: list[str], meant: list[str]) -> None:
    pairs, left, right = align(tuple(found), tuple(meant))
    assert sorted([*(p.found for p in pairs), *left]) == sorted(found)
    assert sorted([*(p.meant for p in pairs), *right]) == sorted(meant)

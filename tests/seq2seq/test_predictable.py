"""What the English alone explains, and what only the source could."""

from __future__ import annotations

import pytest

from app.seq2seq.predictable import is_predictable


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("walk", "walked"),
        ("", "the"),
        ("of", ""),
        ("in the", "on"),
        ("harbour", "harbor"),
        ("said to", "said"),
        (",", ""),
        ("Mayor the", "the mayor"),
        ("sang", "sung"),
        ("his", "her"),
    ],
)
def test_forms_function_words_order_and_punctuation_are_predictable(old: str, new: str) -> None:
    assert is_predictable(old.split(), new.split())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("banana", "regent"),
        ("", "yesterday"),
        ("quickly", ""),
        ("1999", "1989"),
        ("the letter", "the message"),
        ("a b c d e f", "a b c d e"),
        ("walk home", "walked"),
    ],
)
def test_other_content_is_not(old: str, new: str) -> None:
    assert not is_predictable(old.split(), new.split())

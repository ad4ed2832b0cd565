"""Which answers are never made."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.seq2seq.lexicon import Lexicon, unknown_words
from app.seq2seq.tokenizer import Tokenizer
from app.seq2seq.unfit import invented, is_unfit
from tests.seq2seq.tiny import make_tokenizer

KNOWN = (
    "schools school goes government teams has began begun sampling return returns to too expensive the they it large "
    "larger customers was is are were have"
)
LEXICON = Lexicon(dict.fromkeys(KNOWN.split(" "), 9))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    return make_tokenizer(folder)


@pytest.mark.parametrize(
    ("edited", "found"),
    [
        ("The schoools go xyzzy.", {"schoools"}),
        ("Schoools go xyzzy.", {"schoools"}),
        ("The school-yeer goes xyzzy.", set()),
        ("The schools go Xyzzy.", set()),
        ("The school goes.", set()),
    ],
)
def test_a_word_that_neither_the_list_nor_the_text_has_is_invented(
    tokenizer: Tokenizer, edited: str, found: set[str]
) -> None:
    assert invented(tokenizer.words(edited), tokenizer.words("The schools go xyzzy."), LEXICON) == found


@pytest.mark.parametrize(
    ("text", "old", "new", "is_never_made"),
    [
        ("It has began sampling to them.", "began sampling", "begun", True),
        ("It has began to them.", "began", "begun", False),
        ("It is more larger.", "more larger", "larger", False),
        ("They return return to it.", " return", "", False),
        ("The government have it.", "have", "has", True),
        ("The teams were large.", "were", "was", False),
        ("The government has it.", "has", "have", False),
        ("It is to expensive.", " to", "", True),
        ("They began to to return.", " to", "", False),
        ("The school goes.", "school", "schoool", True),
        ("The xyzzy goes.", "xyzzy", "school", False),
    ],
)
def test_what_loses_a_word_counts_the_many_as_one_or_writes_no_word_is_never_made(
    tokenizer: Tokenizer, text: str, old: str, new: str, is_never_made: bool
) -> None:
    start = text.index(old)
    end = start + len(old)
    edited = tokenizer.words(text[:start] + new + text[end:])
    assert is_unfit(tokenizer.words(text), start, end, new, edited, LEXICON) is is_never_made


def test_a_word_without_its_last_letter_before_an_apostrophe_is_no_misspelling(tokenizer: Tokenizer) -> None:
    known = unknown_words(tokenizer.words("They are goin' and goin’ with xyzzy’."), LEXICON).values()
    assert "xyzzy" in known
    assert "goin" not in known

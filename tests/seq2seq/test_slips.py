"""Grammatical slips: real words, real text around them, and labels that give the sentence back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from app.seq2seq.codec import word_edits
from app.seq2seq.slips import Slipper, word_families
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import make_tokenizer

LEXICON = ("walk", "walks", "walked", "walking", "make", "makes", "made", "making", "country", "countries", "sea")
TEXT = "The country made it clear that they were walking to the sea with him, and he has a plan."


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    return make_tokenizer(folder)


def slipped(tokenizer: Tokenizer, count: int, seeds: range) -> list[str]:
    slipper, words = Slipper(word_families(LEXICON)), tokenizer.words(TEXT)
    return [slipper.slip(words, count, random.Random(seed)) for seed in seeds]


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("walk", {"walks", "walked", "walking"}),
        ("made", {"make", "makes"}),
        ("country", {"countries"}),
    ],
)
def test_a_family_holds_the_forms_that_the_text_shows(word: str, forms: set[str]) -> None:
    assert set(word_families(LEXICON)[word]) == forms


def test_a_word_without_other_forms_has_no_family() -> None:
    assert "sea" not in word_families(LEXICON)


def test_no_slip_leaves_the_text_as_it_is(tokenizer: Tokenizer) -> None:
    assert set(slipped(tokenizer, 0, range(5))) == {TEXT}


def test_slips_of_every_kind_are_drawn(tokenizer: Tokenizer) -> None:
    seen = slipped(tokenizer, 1, range(400))
    for sign in ("country make", "Country made", "walks to", "they are", "with her", "walking the sea", "it it"):
        assert any(sign in text for text in seen), sign


def test_one_slip_is_one_edit(tokenizer: Tokenizer) -> None:
    for text in slipped(tokenizer, 1, range(200)):
        assert len(word_edits(tokenizer.words(text), tokenizer.words(TEXT))) <= 2  # a moved word is two


def test_a_slip_keeps_the_capital_of_the_sentence(tokenizer: Tokenizer) -> None:
    assert all(text[0].isupper() for text in slipped(tokenizer, 3, range(200)))


def test_the_same_seed_gives_the_same_slips(tokenizer: Tokenizer) -> None:
    assert slipped(tokenizer, 3, range(20)) == slipped(tokenizer, 3, range(20))

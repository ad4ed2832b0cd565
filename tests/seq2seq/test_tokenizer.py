"""Text to pieces and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ResourceError
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import make_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), max_size=60)


@given(TEXT)
def test_words_hold_every_character_but_white_space(tokenizer: Tokenizer, text: str) -> None:
    words = tokenizer.words(text)
    at = 0
    for start, end in words.bounds:
        assert text[at:start].strip() == ""
        assert start < end
        at = end
    assert text[at:].strip() == ""
    assert "".join(words.surfaces()) == "".join(text[a:b] for a, b in words.bounds)


@given(TEXT)
def test_every_word_has_pieces(tokenizer: Tokenizer, text: str) -> None:
    assert all(tokenizer.words(text).pieces)


@pytest.mark.parametrize("text", ["习近平 said", "naïve café", "a  b", "“Quote” – dash", "😀 ok", "https://a.b/c?d=1"])
def test_pieces_of_all_words_give_the_text_back(tokenizer: Tokenizer, text: str) -> None:
    words = tokenizer.words(text)
    assert tokenizer.decode([p for word in words.pieces for p in word]) == " " + text


def test_decoding_keeps_the_leading_space_or_its_absence(tokenizer: Tokenizer) -> None:
    words = tokenizer.words("He goes.")
    assert tokenizer.decode(words.pieces[1]) == " goes"
    assert tokenizer.decode(words.pieces[2]) == "."


def test_control_symbols_vanish_from_decoded_text(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode([tokenizer.open, *tokenizer.words("He goes").pieces[1], tokenizer.close]) == " goes"


def test_a_missing_file_is_a_resource_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="missing"):
        Tokenizer(tmp_path / "none.model")


def test_a_damaged_file_is_a_resource_error(tmp_path: Path) -> None:
    (tmp_path / "bad.model").write_bytes(b"no model at all")
    with pytest.raises(ResourceError, match="damaged"):
        Tokenizer(tmp_path / "bad.model")

"""The word list: what it knows, what it leaves alone, and what it suggests."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.seq2seq.lexicon import Lexicon, read_lexicon, write_lexicon

COUNTS = {
    "government": 900, "governments": 90, "received": 300, "deceived": 5, "the": 9000, "in": 5000, "fact": 400,
    "intact": 40, "form": 500, "from": 5000, "water": 500, "slides": 50, "gouvernment": 1, "lot": 90, "a": 9000,
}  # fmt: skip
LEXICON = Lexicon(COUNTS)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("goverment", "government"),
        ("recieved", "received"),
        ("governmnets", "governments"),
        ("fron", "from"),
        ("infact", "in fact"),
        ("alot", "a lot"),
    ],
)
def test_a_word_that_is_none_gets_the_likeliest_one_near_it(wrong: str, meant: str) -> None:
    assert wrong not in LEXICON
    assert LEXICON.suggest(wrong) == meant


def test_two_words_are_as_frequent_as_the_rarer_one() -> None:
    assert [LEXICON.count(text) for text in ("received", "in fact", "xylo", "")] == [300, 400, 0, 0]


def test_two_strokes_are_too_many_for_a_short_word() -> None:
    assert LEXICON.suggest("fxxm") == ""


def test_two_nouns_written_as_one_are_left_as_they_are() -> None:
    assert LEXICON.suggest("waterslides") == ""


def test_what_was_seen_once_is_known_and_not_suggested() -> None:
    assert "gouvernment" in LEXICON
    assert LEXICON.suggest("gouvernmet") == "government"


@pytest.mark.parametrize("word", ["Xylo", "NATO", "abc", "naïvly", "l33t", "don't", "well-knwn", ""])
def test_only_plain_small_words_are_judged(word: str) -> None:
    assert not LEXICON.judges(word)


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "words.xz"
    write_lexicon(path, COUNTS)
    first = path.read_bytes()
    again = read_lexicon(path)
    assert len(again) == len(COUNTS)
    assert all(word in again for word in COUNTS)
    assert again.suggest("recieved") == "received"
    write_lexicon(path, dict(reversed(COUNTS.items())))
    assert path.read_bytes() == first


@pytest.mark.parametrize("data", [None, b"", b"nothing"])
def test_a_list_that_cannot_be_read_is_a_resource_error(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "words.xz"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ResourceError, match="restore"):
        read_lexicon(path)

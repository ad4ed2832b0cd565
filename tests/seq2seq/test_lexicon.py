"""The word list: what it knows, what it leaves alone, and what it suggests."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.seq2seq.lexicon import Lexicon, read_lexicon, suggestions, write_lexicon
from app.seq2seq.ngrams import NGrams, count_runs, write_ngrams
from tests.seq2seq.tiny import make_tokenizer

COUNTS = {
    "government": 900, "governments": 90, "received": 300, "deceived": 5, "the": 9000, "in": 5000, "fact": 400,
    "intact": 40, "form": 500, "from": 5000, "water": 500, "slides": 50, "gouvernment": 1, "lot": 90, "a": 9000,
}  # fmt: skip
MISSPELLINGS = {"guverment": "government", "inffact": "in fact", "dont": "don't"}
LEXICON = Lexicon(COUNTS, MISSPELLINGS)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("goverment", "government"),
        ("recieved", "received"),
        ("governmnets", "governments"),
        ("fron", "from"),
        ("infact", "in fact"),
        ("alot", "a lot"),
        ("guverment", "government"),
        ("inffact", "in fact"),
        ("dont", "don't"),
    ],
)
def test_a_word_that_is_none_gets_the_likeliest_one_near_it(wrong: str, meant: str) -> None:
    assert wrong not in LEXICON
    assert LEXICON.suggest(wrong) == meant


def test_two_words_are_as_frequent_as_the_rarer_one() -> None:
    assert [LEXICON.count(text) for text in ("received", "in fact", "xylo", "")] == [300, 400, 0, 0]


def test_two_strokes_are_too_many_for_a_short_word() -> None:
    assert LEXICON.suggest("fxxm") == ""


def test_what_people_are_known_to_misspell_is_told_apart(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    words = tokenizer.words("Guverment has recieved the water, and dont form it.")
    found = [(s.index, s.text, s.is_listed) for s in suggestions(words, LEXICON, tokenizer)]
    assert found == [(0, "government", True), (2, "received", False), (7, "don't", True)]


def test_of_several_words_near_the_one_that_fits_between_its_neighbours_is_meant(tmp_path: Path) -> None:
    write_ngrams(tmp_path / "runs", count_runs(["He filled in the form at once."] * 9 + ["He came from there."] * 9))
    lexicon = Lexicon(COUNTS, ngrams=NGrams(tmp_path / "runs"))
    for text, meant in (("He filled in the frm at once.", "form"), ("He came frm there.", "from")):
        start = text.index("frm")
        assert lexicon.suggest(text, start, start + 3) == meant
    assert lexicon.suggest("frm") == "from"  # the more frequent one


def test_a_neighbour_that_people_misspell_is_read_as_what_is_meant(tmp_path: Path) -> None:
    write_ngrams(tmp_path / "runs", count_runs(["She read the letter."] * 9 + ["It came later than that."] * 9))
    tokenizer = make_tokenizer(tmp_path)
    counts = {"later": 300, "letter": 100}
    for listed, meant in (({"teh": "the"}, "letter"), ({}, "later")):
        lexicon = Lexicon(counts, listed, NGrams(tmp_path / "runs"))
        found = [s.text for s in suggestions(tokenizer.words("She left teh leter there."), lexicon, tokenizer)]
        assert found == [*listed.values(), meant]


def test_what_people_are_known_to_write_may_be_shorter() -> None:
    lexicon = Lexicon(COUNTS, {"teh": "the", "ot": "to"})
    assert [lexicon.judges(word) for word in ("teh", "tah", "ot")] == [True, False, False]


def test_another_vowel_may_begin_a_word_and_no_other_letter() -> None:
    lexicon = Lexicon({"environment": 90, "enormous": 90, "fact": 90})
    assert [lexicon.suggest(word) for word in ("inviroment", "anormous", "tact")] == ["environment", "enormous", ""]


def test_misspellings_by_the_word_they_are_for() -> None:
    assert LEXICON.misspelt == {"government": ("guverment",), "in fact": ("inffact",), "don't": ("dont",)}


def test_two_nouns_written_as_one_are_left_as_they_are() -> None:
    assert LEXICON.suggest("waterslides") == ""


def test_only_words_that_stand_side_by_side_elsewhere_may_lack_a_space(tmp_path: Path) -> None:
    counts = {"them": 900, "self": 90, "a": 9000, "lot": 90}
    write_ngrams(tmp_path / "runs", count_runs(["They saw a lot of them.", "The self is them."] * 9))
    for ngrams, meant in ((None, ["them self", "a lot"]), (NGrams(tmp_path / "runs"), ["", "a lot"])):
        lexicon = Lexicon(counts, ngrams=ngrams)
        assert [lexicon.suggest(word) for word in ("themself", "alot")] == meant


def test_what_was_seen_once_is_known_and_not_suggested() -> None:
    assert "gouvernment" in LEXICON
    assert LEXICON.suggest("gouvernmet") == "government"


@pytest.mark.parametrize("word", ["Xylo", "NATO", "abc", "naïvly", "l33t", "don't", "well-knwn", ""])
def test_only_plain_small_words_are_judged(word: str) -> None:
    assert not LEXICON.judges(word)


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "words.xz"
    write_lexicon(path, COUNTS, MISSPELLINGS)
    first = path.read_bytes()
    again = read_lexicon(path)
    assert len(again) == len(COUNTS)
    assert all(word in again for word in COUNTS)
    assert again.suggest("recieved") == "received"
    assert again.misspellings == MISSPELLINGS
    write_lexicon(path, dict(reversed(COUNTS.items())), dict(reversed(MISSPELLINGS.items())))
    assert path.read_bytes() == first


@pytest.mark.parametrize("data", [None, b"", b"nothing"])
def test_a_list_that_cannot_be_read_is_a_resource_error(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "words.xz"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ResourceError, match="restore"):
        read_lexicon(path)

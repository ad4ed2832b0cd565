"""Counts of word runs, and what they say of two ways to put a sentence."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ResourceError
from app.seq2seq.ngrams import ALL, END, START, UNKNOWN, NGrams, count_runs, split, write_ngrams

SENTENCES = (*["We have seen it."] * 8, *["She has seen it."] * 8, *["They don’t know 12 names."] * 4, "Xyzzy has it.")


@pytest.fixture(scope="module")
def ngrams(tmp_path_factory: pytest.TempPathFactory) -> NGrams:
    path = tmp_path_factory.mktemp("ngrams") / "ngrams.marisa"
    write_ngrams(path, count_runs(SENTENCES))
    return NGrams(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("She's here, isn’t she?", ["she", "'s", "here", ",", "is", "n't", "she", "?"]),
        ("do n't 1,000.5 of O'Neil", ["do", "n't", "0", "of", "o", "'", "neil"]),
        ("", []),
    ],
)
def test_words_are_cut_alike_however_they_are_printed(text: str, words: list[str]) -> None:
    assert split(text) == words


@given(st.text())
def test_no_character_that_shows_is_lost(text: str) -> None:
    letters = sum(c.isalpha() for c in text.lower())
    assert sum(c.isalpha() for word in split(text) for c in word) == letters


def test_runs_are_counted_and_rare_ones_left_out() -> None:
    counts = count_runs(SENTENCES)
    assert counts["seen"] == 16
    assert counts["have seen"] == counts["we have seen"] == 8
    assert counts[f"{START} we have"] == 8
    assert counts["do n't know"] == counts["know 0 names"] == 4
    assert counts[f". {END}"] == 21
    assert counts[ALL] == sum(n for run, n in counts.items() if " " not in run and run != ALL)
    assert "xyzzy" not in counts
    assert UNKNOWN in counts
    assert f"{UNKNOWN} has it" not in counts


def test_words_side_by_side_were_seen_so_often(ngrams: NGrams) -> None:
    assert ngrams.count("has") == pytest.approx(9, rel=0.06)
    assert ngrams.count("has", "seen", "it") == pytest.approx(8, rel=0.06)
    assert ngrams.count("seen", "has") == ngrams.count("xyzzy") == 0


def test_a_run_that_was_seen_is_likelier_than_one_that_was_not(ngrams: NGrams) -> None:
    text = "We has seen it."
    assert ngrams.log_ratio(text, 3, 6, "have") > 4
    assert ngrams.log_ratio("We have seen it.", 3, 7, "has") == pytest.approx(-ngrams.log_ratio(text, 3, 6, "have"))
    assert ngrams.log_ratio(text, 3, 6, "has") == 0
    assert ngrams.log_ratio(text, 3, 6, "xyzzy") < 0 < ngrams.log_ratio("We have seen the it.", 13, 17, "")


def test_a_probability_is_a_share_of_what_begins_so(ngrams: NGrams) -> None:
    """``has`` follows ``she`` always, and the start of a sentence never."""
    ratio = ngrams.log_ratio("She has", 0, 3, "They")
    she = math.log(8 / 21) + 0.0  # <s> she, she has
    they = math.log(4 / 21) + 2 * math.log(0.4) + math.log(9 / 131)  # <s> they, has by itself
    assert ratio == pytest.approx(they - she, abs=0.4)  # counts are kept within 6 %


def test_a_word_fits_where_it_is_likelier_than_elsewhere(ngrams: NGrams) -> None:
    text = "We hvae seen it."
    assert ngrams.log_fit(text, 3, 7, "have") > 2
    assert ngrams.log_fit(text, 3, 7, "names") < 0
    assert ngrams.log_fit(text, 3, 7, "has") < ngrams.log_fit(text, 3, 7, "have")


def test_what_stands_before_a_word_is_told_by_that_word_or_by_those_that_begin_alike(ngrams: NGrams) -> None:
    """*We* stands before *have*, *she* before *has*; nothing is known of *it* before either, nor of any other word."""
    assert ngrams.log_ratio_before("we", "she", "have") == pytest.approx(math.log(8.5 / 0.5), abs=0.1)
    assert ngrams.log_ratio_before("we", "she", "has") == pytest.approx(-math.log(8.5 / 0.5), abs=0.1)
    assert ngrams.log_ratio_before("we", "she", "haven") == ngrams.log_ratio_before("we", "she", "have")
    assert ngrams.log_ratio_before("we", "she", "hat") == pytest.approx(0.0, abs=0.1)  # as often one as the other
    assert ngrams.log_ratio_before("we", "she", "zebra") == ngrams.log_ratio_before("it", "they", "have") == 0


@given(st.text(max_size=30), st.text(max_size=30), st.data())
def test_any_text_can_be_compared(ngrams: NGrams, text: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert math.isfinite(ngrams.log_ratio(text, start, end, new))
    assert math.isfinite(ngrams.log_fit(text, start, end, new))


def test_a_file_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"ngrams\.marisa.*restore it"):
        NGrams(tmp_path / "ngrams.marisa")
    (tmp_path / "ngrams.marisa").write_bytes(b"no trie")
    with pytest.raises(ResourceError, match=r"ngrams\.marisa"):
        NGrams(tmp_path / "ngrams.marisa")

"""*A* or *an*: told by the words of right English, guessed from words that begin alike, left alone elsewhere."""

from __future__ import annotations

import pytest

from app.seq2seq.articles import MOST_ODDS, SURE, article_odds, doubtful_articles, odds_of_an
from app.seq2seq.ngrams import NGrams, count_runs, write_ngrams
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import make_tokenizer

SENTENCES = [
    "An apple fell.",
    "It took an hour.",
    "He left a university.",
    "She is a union man.",
    "An uncle came.",
] * 40


@pytest.fixture(scope="module")
def ngrams(tmp_path_factory: pytest.TempPathFactory) -> NGrams:
    path = tmp_path_factory.mktemp("articles") / "ngrams.marisa"
    write_ngrams(path, count_runs(SENTENCES))
    return NGrams(path)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.mark.parametrize(("word", "is_an"), [("hour", True), ("Apple", True), ("university", False), ("union", False)])
def test_a_word_that_was_seen_tells_its_article(ngrams: NGrams, word: str, is_an: bool) -> None:
    odds = odds_of_an(ngrams, word)
    assert SURE < abs(odds) <= MOST_ODDS
    assert (odds > 0) is is_an


@pytest.mark.parametrize(("word", "is_an"), [("hourly", True), ("universal", False), ("unclean", True)])
def test_of_another_word_those_tell_that_begin_alike(ngrams: NGrams, word: str, is_an: bool) -> None:
    assert (odds_of_an(ngrams, word) > 0) is is_an


def test_nobody_knows_of_a_word_like_no_other(ngrams: NGrams) -> None:
    assert odds_of_an(ngrams, "zebra") == 0


def test_what_right_english_does_not_write_is_in_doubt(ngrams: NGrams, tokenizer: Tokenizer) -> None:
    words = tokenizer.words(
        "A apple, an hour, an university, a uncle; vitamin A hour, a FBI, a 8, plan a-hour, a “hour”."
    )
    places = [(*words.surfaces()[i : i + 2], other) for i, other in doubtful_articles(words, ngrams)]
    assert places == [("A", "apple", "An"), ("an", "university", "a"), ("a", "uncle", "an"), ("A", "hour", "An")]


@pytest.mark.parametrize(
    ("text", "old", "new", "sign"),
    [
        ("It took a hour.", "a", "an", 1),
        ("It took a hour.", "a hour", "an hour", 1),
        ("It took a hour.", " a", " an", 1),
        ("It took an hour.", "an", "a", -1),
        ("A hour went by.", "A", "An", 1),
        ("It took a hour.", "a", "the", 0),
        ("It took a hour.", "a hour", "an uncle", 0),
        ("It took a hour.", "", "an", 0),
        ("It took a 8.", "a", "an", 0),
    ],
)
def test_the_odds_of_an_answer_are_those_of_the_article_that_it_writes(
    ngrams: NGrams, text: str, old: str, new: str, sign: int
) -> None:
    start = text.index(old) if old else 8
    odds = article_odds(ngrams, text, start, start + len(old), new)
    assert (odds > 0) - (odds < 0) == sign

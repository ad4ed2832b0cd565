"""Damage drawn from what real pairs show."""

from __future__ import annotations

import random

import pytest

from app.seq2seq.corrupt import Corrupter, EditStatistics
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import make_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def stats(tokenizer: Tokenizer) -> EditStatistics:
    pairs = [("We saw sea", "We saw the sea"), ("He walk home", "He walked home"), ("in the Monday", "on Monday")]
    return EditStatistics.learn(
        (tokenizer.words(wrong), tokenizer.words(right)) for wrong, right in pairs for _ in range(5)
    )


def drawn(stats: EditStatistics, tokenizer: Tokenizer, text: str, rate: float, lexicon: frozenset[str]) -> set[str]:
    corrupter = Corrupter(stats, lexicon, rate)
    return {corrupter.corrupt(tokenizer.words(text), random.Random(seed)) for seed in range(200)}


def test_a_word_that_machines_lose_is_lost_with_its_space(stats: EditStatistics, tokenizer: Tokenizer) -> None:
    assert "We saw sea" in drawn(stats, tokenizer, "We saw the sea", 1.0, frozenset())


def test_an_ending_slips_only_to_a_word_that_exists(stats: EditStatistics, tokenizer: Tokenizer) -> None:
    assert "They talk" in drawn(stats, tokenizer, "They talked", 1.0, frozenset({"talk"}))
    assert drawn(stats, tokenizer, "They talked", 1.0, frozenset()) == {"They talked"}


def test_nothing_is_damaged_at_rate_zero(stats: EditStatistics, tokenizer: Tokenizer) -> None:
    assert drawn(stats, tokenizer, "He walked on Monday to the sea", 0.0, frozenset({"walk"})) == {
        "He walked on Monday to the sea"
    }


def test_what_was_never_seen_wrong_stays_right(stats: EditStatistics, tokenizer: Tokenizer) -> None:
    assert drawn(stats, tokenizer, "Ducks swim.", 5.0, frozenset({"swim"})) == {"Ducks swim."}


def test_the_same_seed_gives_the_same_damage(stats: EditStatistics, tokenizer: Tokenizer) -> None:
    corrupter, words = Corrupter(stats, frozenset(), 1.0), tokenizer.words("We saw the sea on Monday")
    assert corrupter.corrupt(words, random.Random(4)) == corrupter.corrupt(words, random.Random(4))


def test_what_was_seen_less_than_three_times_is_chance(tokenizer: Tokenizer) -> None:
    stats = EditStatistics.learn([(tokenizer.words("We saw sea"), tokenizer.words("We saw the sea"))] * 2)
    assert stats.phrases == {}

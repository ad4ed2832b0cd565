"""Corruption by a network trained the other way round: where it draws, and what becomes of the text."""

from __future__ import annotations

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.seq2seq.codec import Mark
from app.seq2seq.network import RepairNetwork
from app.seq2seq.reverse import ReverseNetwork, drawn_places
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import SENTENCES, make_network, make_tokenizer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[RepairNetwork, Tokenizer]:
    tokenizer = make_tokenizer(tmp_path_factory.mktemp("tokenizer"))
    return make_network(tokenizer), tokenizer


def test_places_are_drawn_with_their_chance_and_neighbours_are_one() -> None:
    sure = np.asarray([[0, 1], [1, 0], [1, 1], [0, 1], [0, 0], [1, 1]], np.float32)
    # The gap behind a drawn run belongs to the run, and the last row has no word.
    assert [d.mark for d in drawn_places(sure, random.Random(1))] == [Mark(0, 0), Mark(1, 3), Mark(5, 5)]
    chances = np.full((11, 2), (0.3, 0.0), np.float32)
    rng = random.Random(2)
    drawn = sum(d.mark.last - d.mark.first for _ in range(2000) for d in drawn_places(chances, rng))
    assert drawn / 20_000 == pytest.approx(0.3, abs=0.02)


def test_nothing_is_damaged_at_rate_zero(made: tuple[RepairNetwork, Tokenizer]) -> None:
    network, tokenizer = made
    sentences = [tokenizer.words(s) for s in SENTENCES]
    assert ReverseNetwork(network, tokenizer, rate=0.0).corrupt(sentences, random.Random(1)) == list(SENTENCES)


def test_one_seed_gives_the_same_damage_and_another_gives_other(made: tuple[RepairNetwork, Tokenizer]) -> None:
    network, tokenizer = made
    sentences = [tokenizer.words(s) for s in SENTENCES] * 3
    reverse = ReverseNetwork(network, tokenizer)
    first, again, other = (reverse.corrupt(sentences, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first != list(SENTENCES) * 3

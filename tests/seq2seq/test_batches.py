"""Examples to tensors: what the network is taught."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.seq2seq.batches import add_noise, batch_indices, choose_hints, choose_marks, make_batch
from app.seq2seq.codec import Mark, WordEdit
from app.seq2seq.examples import Example, ExampleSet, make_pair, write_examples
from app.seq2seq.lexicon import Lexicon
from app.seq2seq.network import INSERT, REPLACE
from app.seq2seq.tokenizer import Tokenizer
from scripts.train import losses
from tests.seq2seq.tiny import SENTENCES, make_network, make_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def examples(tokenizer: Tokenizer) -> list[Example]:
    pairs = list(zip(SENTENCES[::2], SENTENCES[1::2], strict=True))
    return [make_pair(a, b, 1.0, 0, tokenizer) for a, b in [*pairs, (SENTENCES[1], SENTENCES[1])]]


def repaired(example: Example) -> list[tuple[int, ...]]:
    """The pieces after every edit, flattened word by word where edits leave them alone."""
    out: list[tuple[int, ...]] = []
    at = 0
    for edit in example.edits:
        out += [*example.pieces[at : edit.mark.first], edit.pieces or ()]
        at = edit.mark.last
    return [*out, *example.pieces[at:]]


def flat(words: list[tuple[int, ...]]) -> list[int]:
    return [p for word in words for p in word]


def test_labels_stand_at_the_first_piece_of_each_wrong_word_and_gap(
    tokenizer: Tokenizer, examples: list[Example]
) -> None:
    batch = make_batch(examples, tokenizer, random.Random(1))
    assert batch.rows.tolist() == [0, 1, 2]  # the fourth needs no edit
    for row, example in enumerate(examples):
        marked = {i for e in example.edits for i in range(e.mark.first, e.mark.last)}
        gaps = {e.mark.first for e in example.edits if e.mark.first == e.mark.last}
        place = 1
        for i, word in enumerate(example.pieces):
            assert batch.ids[row, place] == word[0]
            assert bool(batch.labels[row, place, REPLACE]) == (i in marked)
            assert bool(batch.labels[row, place, INSERT]) == (i in gaps)
            place += len(word)
        assert batch.word_weights[row].sum() == len(example.pieces) + 1


def test_only_the_answer_behind_the_prompt_is_scored(tokenizer: Tokenizer, examples: list[Example]) -> None:
    batch = make_batch(examples, tokenizer, random.Random(1))
    for row, example in enumerate(examples[:3]):
        scored = batch.targets[row][batch.weights[row] > 0].tolist()
        assert scored == [*(example.edits[0].pieces or ()), tokenizer.eos]
        first = int((batch.weights[row] > 0).nonzero()[0])
        assert batch.decoder_ids[row, first] == tokenizer.answer


def test_a_right_span_is_answered_with_its_own_words(tokenizer: Tokenizer, examples: list[Example]) -> None:
    clean = examples[3]
    flat_pieces = [p for word in clean.pieces for p in word]
    for seed in range(20):
        for edit in choose_marks(clean, random.Random(seed), 3):
            words = [p for word in clean.pieces[edit.mark.first : edit.mark.last] for p in word]
            assert list(edit.pieces or ()) == words
            assert all(p in flat_pieces for p in words)


def test_what_only_the_source_could_explain_is_passed_over(tokenizer: Tokenizer) -> None:
    example = make_pair("He saw sea go fine", "He saw school go fine", 1.0, 0, tokenizer)
    assert [(e.mark, e.pieces) for e in example.edits] == [(Mark(2, 3), None)]
    batch = make_batch([example], tokenizer, random.Random(1))
    assert float(batch.labels.sum()) == 0
    assert float(batch.word_weights.sum()) == len(example.pieces)  # five words and the end, less the one passed over
    assert float(batch.weights.sum()) == 0


def test_a_batch_without_a_mark_still_has_a_loss(tokenizer: Tokenizer, examples: list[Example]) -> None:
    network = make_network(tokenizer)
    detect, correct = losses(network, make_batch([examples[3]], tokenizer, random.Random(1)))
    assert float(detect.detach()) > 0
    assert float(correct.detach()) == 0


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_repaired_by_the_edits_that_come_with_it(examples: list[Example], seed: int) -> None:
    rng = random.Random(seed)
    pool = [word for example in examples for word in example.pieces]
    for example in examples:
        noisy = add_noise(example, 3, pool, rng)
        assert flat(repaired(noisy)) == flat(repaired(example))
        assert all(a.mark.last < b.mark.first for a, b in pairwise(noisy.edits))


def test_without_noise_an_example_stays_as_it_is(examples: list[Example]) -> None:
    assert add_noise(examples[0], 0, [], random.Random(1)) == examples[0]


@pytest.mark.parametrize("seed", range(20))
def test_marks_keep_a_word_between_themselves(examples: list[Example], seed: int) -> None:
    for example in examples:
        marks = choose_marks(example, random.Random(seed), 2)
        assert set(example.edits) <= set(marks)
        assert all(a.mark.last < b.mark.first for a, b in pairwise(marks))


def test_suggestions_for_unknown_words_stand_beside_their_marks_right_or_wrong(tokenizer: Tokenizer) -> None:
    lexicon = Lexicon({"school": 900, "ministry": 900})
    wrong = make_pair("He saw schol today with ministrx", "He saw school today with ministrx", 1.0, 4, tokenizer,
                      is_exact=True, lexicon=lexicon)  # fmt: skip
    shown = {h.mark: tokenizer.decode(h.pieces or ()).strip() for h in wrong.hints}
    assert shown == {Mark(2, 3): "school", Mark(5, 6): "ministry"}
    marks = choose_marks(wrong, random.Random(1), 0)
    assert [(e.mark, tokenizer.decode(e.pieces or ()).strip()) for e in marks] == [
        (Mark(2, 3), "school"),
        (Mark(5, 6), "ministrx"),
    ]
    batch = make_batch([wrong], tokenizer, random.Random(1))
    for row, hint in enumerate(wrong.hints):
        prompt = batch.decoder_ids[row].tolist()
        at = prompt.index(tokenizer.hint)
        assert prompt[at + 1 : at + 1 + len(hint.pieces or ())] == list(hint.pieces or ())


def test_hints_are_right_or_of_another_sentence() -> None:
    edit, rng = WordEdit(Mark(0, 1), (7,)), random.Random(3)
    seen = {choose_hints([edit], [(9,)], rng, 1.0).get(edit.mark) for _ in range(50)}
    assert seen == {(7,), (9,)}
    assert choose_hints([edit], [(9,)], rng, 0.0) == {}


def test_batches_hold_every_example_once_within_the_bound() -> None:
    lengths = np.asarray([random.Random(i).randrange(1, 80) for i in range(500)])
    batches = batch_indices(lengths, 300, random.Random(1))
    assert sorted(i for batch in batches for i in batch) == list(range(500))
    assert all(len(b) == 1 or (max(lengths[b]) + 2) * len(b) <= 300 for b in batches)


def test_examples_come_back_from_disk_as_they_were(tmp_path: Path, examples: list[Example]) -> None:
    hinted = replace(examples[0], hints=(WordEdit(Mark(1, 2), (7, 8)), WordEdit(Mark(4, 5), (9,))))
    examples = [*examples, hinted, examples[1]]
    assert write_examples(tmp_path / "train.npz", examples) == len(examples)
    stored = ExampleSet(tmp_path / "train.npz")
    assert [stored[i] for i in range(len(stored))] == examples


@pytest.mark.parametrize("seed", range(20))
def test_an_edit_marked_with_a_neighbour_leaves_that_as_it_is(examples: list[Example], seed: int) -> None:
    for example in examples:
        marks = choose_marks(example, random.Random(seed), 2, 1.0)
        assert all(a.mark.last < b.mark.first for a, b in pairwise(marks))
        edits = [m for m in marks if any(m.mark.first <= e.mark.first and e.mark.last <= m.mark.last
                                         for e in example.edits)]  # fmt: skip
        assert flat(repaired(replace(example, edits=tuple(edits)))) == flat(repaired(example))


def test_an_edit_is_marked_with_either_neighbour_or_alone(tokenizer: Tokenizer) -> None:
    example = make_pair("He go fine", "He goes fine", 1.0, 0, tokenizer, is_exact=True)
    seen = {choose_marks(example, random.Random(seed), 0, 0.5)[0].mark for seed in range(60)}
    assert seen == {Mark(1, 2), Mark(0, 2), Mark(1, 3)}

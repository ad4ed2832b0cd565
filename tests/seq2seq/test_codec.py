"""Edits to what the network reads and writes, and back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.seq2seq.codec import (
    Mark,
    decoder_prompt,
    encoder_input,
    to_change,
    word_edits,
)
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import make_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


WORDS = st.lists(
    st.sampled_from(["the", "He", "goes", "sea", ",", "“", "”", "(", ")", "Ångström", "don't", "3"]), max_size=9
)


def joined(words: list[str]) -> str:
    text = ""
    for word in words:
        text += word if not text or word in ",”)" or text[-1] in "“(" else " " + word
    return text


@given(WORDS, WORDS)
def test_applying_the_word_edits_gives_the_target(tokenizer: Tokenizer, a: list[str], b: list[str]) -> None:
    source, target = tokenizer.words(joined(a)), tokenizer.words(joined(b))
    out: list[str] = []
    at = 0
    for edit in word_edits(source, target):
        out.extend(source.surfaces()[at : edit.mark.first])
        out.extend(tokenizer.words(tokenizer.decode(edit.pieces or ())).surfaces())
        at = edit.mark.last
    out.extend(source.surfaces()[at:])
    assert out == target.surfaces()


@given(WORDS, WORDS)
def test_every_edit_written_as_a_change_gives_the_target_text(tokenizer: Tokenizer, a: list[str], b: list[str]) -> None:
    source, target = tokenizer.words(joined(a)), tokenizer.words(joined(b))
    text = source.text
    for edit in reversed(word_edits(source, target)):
        change = to_change(source, edit.mark, tokenizer.decode(edit.pieces or ()))
        if change is not None:
            text = text[: change.start] + change.text + text[change.end :]
    assert tokenizer.words(text).surfaces() == target.surfaces()


@given(WORDS)
def test_a_text_needs_no_edit_to_become_itself(tokenizer: Tokenizer, a: list[str]) -> None:
    words = tokenizer.words(joined(a))
    assert word_edits(words, words) == ()


def test_edits_never_touch_each_other(tokenizer: Tokenizer) -> None:
    source, target = tokenizer.words("He go to big sea"), tokenizer.words("We went to the sea today")
    edits = word_edits(source, target)
    assert all(a.mark.last < b.mark.first for a, b in itertools.pairwise(edits))


def test_the_encoder_reads_one_position_a_word_and_the_end(tokenizer: Tokenizer) -> None:
    words = tokenizer.words("He goes to school.")
    ids, firsts = encoder_input(words.pieces, tokenizer)
    assert (ids[0], ids[-1]) == (tokenizer.bos, tokenizer.eos)
    assert len(firsts) == len(words) + 1
    assert [ids[at] for at in firsts] == [*(p[0] for p in words.pieces), tokenizer.eos]


def test_the_prompt_holds_the_marked_words_between_their_neighbours(tokenizer: Tokenizer) -> None:
    words = tokenizer.words("We said that He go to the big sea")
    said, that, he, go, to, the, big, _ = (list(p) for p in words.pieces[1:])
    t = tokenizer
    assert decoder_prompt(words.pieces, Mark(4, 5), t, words.pieces[8]) == [
        t.bos, *said, *that, *he, t.open, *go, t.hint, *words.pieces[8], t.close, *to, *the, t.answer
    ]  # fmt: skip
    sea = list(words.pieces[8])
    assert decoder_prompt(words.pieces, Mark(7, 7), t)[-len(big) - len(sea) - 3 :] == [
        t.open, t.close, *big, *sea, t.answer
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "mark", "new", "expected"),
    [
        ("He go home", Mark(1, 2), " goes", "He goes home"),
        ("He go home", Mark(1, 2), "", "He home"),
        ("He go home", Mark(0, 1), " She", "She go home"),
        ("The the sea", Mark(0, 1), "", "the sea"),
        ("saw sea", Mark(1, 1), " the", "saw the sea"),
        ("saw sea", Mark(0, 0), " We", "We saw sea"),
        ("saw sea", Mark(2, 2), ".", "saw sea."),
        ("sea ,", Mark(1, 2), ",", "sea,"),
        ("sea", Mark(0, 0), " “", "“sea"),
        ("a  b", Mark(1, 2), " c", "a  c"),
    ],
)
def test_a_change_keeps_the_spaces_around_it(
    tokenizer: Tokenizer, text: str, mark: Mark, new: str, expected: str
) -> None:
    change = to_change(tokenizer.words(text), mark, new)
    assert change is not None
    assert text[: change.start] + change.text + text[change.end :] == expected


def test_writing_what_stands_there_is_no_change(tokenizer: Tokenizer) -> None:
    assert to_change(tokenizer.words("He goes home"), Mark(1, 2), " goes") is None

"""A segment with misspelt words put right: places lead there and back, whatever else is changed in it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.diff import Change, apply_edits
from app.core.types import Span
from app.seq2seq.respelt import Respelt
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import make_tokenizer

TEXT = "It has alot of wich, dont you thnk so ?"
MEANT = {"alot": "a lot", "wich": "which", "dont": "don't", "thnk": "think"}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


def respelt_with(words: set[str], tokenizer: Tokenizer) -> tuple[Respelt, list[Change]]:
    places = sorted((TEXT.index(word), word) for word in words)
    changes = [Change(Span(at, at + len(word)), MEANT[word]) for at, word in places]
    return Respelt.of(TEXT, changes, tokenizer), changes


def test_the_words_that_were_changed_are_known(tokenizer: Tokenizer) -> None:
    respelt, _ = respelt_with({"alot", "dont"}, tokenizer)
    assert respelt.words.text == "It has a lot of wich, don't you thnk so ?"
    assert "".join(respelt.words.surfaces()[i] for i in respelt.changed) == "alotdon't"


@given(words=st.sets(st.sampled_from(sorted(MEANT)), min_size=1), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_else_is_changed_comes_out_the_same_in_either_text(
    tokenizer: Tokenizer, words: set[str], data: st.DataObject
) -> None:
    respelt, changes = respelt_with(words, tokenizer)
    text = respelt.words.text
    others = [b for i, b in enumerate(respelt.words.bounds) if i not in respelt.changed]
    start, end = data.draw(st.sampled_from(others))
    if data.draw(st.booleans()):
        start = end  # something is put in behind the word
    there = text[:start] + "<new>" + text[end:]
    origin = respelt.offsets.to_source(Span(start, end))
    assert origin is not None
    assert origin.of(TEXT) == text[start:end]
    both = sorted([*changes, Change(origin, "<new>")], key=lambda c: c.span)
    assert apply_edits(TEXT, both) == there

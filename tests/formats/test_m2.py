from __future__ import annotations

import re

import pytest
from hypothesis import given

from app.core.diff import Change, diff
from app.core.errors import InputError
from app.formats.m2 import in_tokens, read_m2, tokenise, write_m2
from tests.formats.changing import texts_with_changes


@given(texts_with_changes())
def test_the_edits_turn_the_tokens_of_one_text_into_those_of_the_other(
    given_: tuple[str, tuple[Change, ...], str],
) -> None:
    source, changes, target = given_
    sentence = in_tokens(source, changes)
    assert sentence.tokens == tokenise(source)
    assert sentence.corrected() == tokenise(target)


@given(texts_with_changes())
def test_what_is_written_is_read_again(given_: tuple[str, tuple[Change, ...], str]) -> None:
    source, changes, _ = given_
    sentences = [in_tokens(source, changes), in_tokens(source, ())]
    assert read_m2(write_m2(sentences)) == sentences


def test_the_lines_are_those_that_scorers_read() -> None:
    source = "He has went home ."
    text = write_m2([in_tokens(source, diff(source, "He went home .")), in_tokens("Fine .", ())])
    first, second = text.split("\n\n")
    assert first.split("\n")[0] == "S He has went home ."
    assert re.fullmatch(r"A 1 2\|\|\|U:[A-Z:]+\|\|\|\|\|\|REQUIRED\|\|\|-NONE-\|\|\|0", first.split("\n")[1])
    assert second == "S Fine .\nA -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0\n"


@pytest.mark.parametrize("text", ["A 1 2|||x|||y|||REQUIRED|||-NONE-|||0", "hello", "S a\nA one|||x"])
def test_a_line_out_of_place_is_named(text: str) -> None:
    with pytest.raises(InputError, match=r"line \d"):
        read_m2(text)


def test_a_bar_is_a_token_like_any_other() -> None:
    sentence = in_tokens("a b", diff("a b", "a | b"))
    assert read_m2(write_m2([sentence])) == [sentence]

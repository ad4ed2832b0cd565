# ruff: noqa: SIM905
# Word tables are read and edited as running text.
"""Answers of the network that are never made, however sure it is of them: what they say cannot be right, or is lost."""

from __future__ import annotations

from typing import Final

import regex
from rapidfuzz.distance import OSA

from app.core.classify import FUNCTION_WORDS
from app.seq2seq.lexicon import Lexicon, unknown_words
from app.seq2seq.tokenizer import Words

_WORD: Final = regex.compile(r"\p{L}+(?:['’]\p{L}+)?")
# Of many people, and so singular or plural in British English: "the government have decided".
_COLLECTIVE: Final = frozenset(
    "army audience band bank board cabinet club committee company congress council couple crew family firm government "
    "group jury majority minority ministry pair parliament party police population press public staff team "
    "union".split()
)
_SINGULAR_OF: Final = {"have": "has", "are": "is", "were": "was", "do": "does"}
_TO_BE: Final = frozenset("am is are was were be been 's ’s".split())
_NEAR: Final = 40  # code points on either side, in which a word that an edit takes away may stand again
_LEAST_LETTERS = 4  # of a word that says something
_SAME = 0.5  # of the letters of two forms of a word differ at most


def is_unfit(words: Words, start: int, end: int, new: str, edited: Words, lexicon: Lexicon) -> bool:
    """Whether an answer is never made.

    Args:
        words: A segment.
        start, end: Code points of it that ``new`` replaces.
        new: The answer.
        edited: The segment with the answer in it.
        lexicon: Knows words.
    """
    text = words.text
    return (
        bool(invented(edited, words, lexicon))
        or _loses_a_word(text, start, end, new, lexicon)
        or _counts_the_many_as_one(text, start, end, new)
        or _loses_too(text, start, end, new)
    )


def invented(edited: Words, words: Words, lexicon: Lexicon) -> set[str]:
    """The words of an edited segment that neither the lexicon knows nor the segment had."""
    return {*unknown_words(edited, lexicon).values()} - {surface.lower() for surface in words.surfaces()}


def _loses_a_word(text: str, start: int, end: int, new: str, lexicon: Lexicon) -> bool:
    """Whether a word that says something goes, and neither a form of it nor another such word is there then: *began
    sampling to customers*, *begun to customers*."""
    old_words, new_words = _said(text[start:end]), _said(new)
    if len(new_words) >= len(old_words):
        return False
    near = {w.lower() for w in _WORD.findall(f"{text[max(0, start - _NEAR) : start]} {text[end : end + _NEAR]}")}
    every = [w.lower() for w in _WORD.findall(new)]
    return any(
        len(word) >= _LEAST_LETTERS
        and word in lexicon
        and word not in near
        and not any(OSA.normalized_distance(word, other) <= _SAME for other in every)
        for word in old_words
    )


def _said(text: str) -> list[str]:
    return [word for w in _WORD.findall(text) if (word := w.lower()) not in FUNCTION_WORDS]


def _counts_the_many_as_one(text: str, start: int, end: int, new: str) -> bool:
    if _SINGULAR_OF.get(text[start:end].strip()) != new.strip():
        return False
    return _last_word(text[:start]) in _COLLECTIVE


def _loses_too(text: str, start: int, end: int, new: str) -> bool:
    """Whether *to* goes behind a form of *be*, where *too* is meant, or an infinitive is."""
    return text[start:end].strip() == "to" and not new.strip() and _last_word(text[:start]) in _TO_BE


def _last_word(text: str) -> str:
    found = regex.search(r"(?:\p{L}+|['’]s)\s*$", text)
    return found.group().strip().lower() if found else ""

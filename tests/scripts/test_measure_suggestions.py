"""The misspelt sentences on which suggestions are measured."""

from __future__ import annotations

import random

from app.seq2seq.lexicon import Lexicon
from scripts.measure_suggestions import misspelt

LEXICON = Lexicon({"government": 900, "water": 90, "rare": 1}, {"goverment": "government", "guvernment": "government"})


def test_each_sentence_has_one_misspelling_of_a_word_that_may_be_suggested() -> None:
    sentences = ["The government has water.", "Nothing known.", "A rare government."] * 20
    cases = list(misspelt(sentences, LEXICON, random.Random(1)))
    assert len(cases) > 30
    for is_seen, text, start, end, word in cases:
        assert text[:start] + word + text[end:] in sentences
        assert text[start:end] not in LEXICON
        assert word in ("government", "water")
        assert not is_seen or LEXICON.misspellings[text[start:end]] == word
    assert {is_seen for is_seen, *_ in cases} == {True, False}

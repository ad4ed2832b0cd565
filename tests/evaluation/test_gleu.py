"""GLEU: hand-counted cases, and the tokenisation that makes it comparable."""

import math

import pytest

from app.evaluation.gleu import PublishedTokens, corpus_gleu

SOURCE = "there are several reason to do this today"
REFERENCE = "there are several reasons to do this today"


def test_a_perfect_correction_scores_100() -> None:
    assert corpus_gleu([SOURCE], [REFERENCE], [[REFERENCE]]) == pytest.approx(100)


def test_doing_nothing_is_scored_by_hand_count() -> None:
    """One wrong word far from the ends spoils n of the n-grams: they do not match, and stand only in the source."""
    source, reference = (f"{text} and it was good for us" for text in (SOURCE, REFERENCE))
    counts = [(14 - n + 1, n) for n in range(1, 5)]
    expected = 100 * math.exp(sum(math.log((total - 2 * spoilt) / total) for total, spoilt in counts) / 4)
    assert corpus_gleu([source], [source], [[reference]]) == pytest.approx(expected)
    assert corpus_gleu([SOURCE], [SOURCE], [[REFERENCE]]) == 0.0  # of five 4-grams four are spoilt: 1 - 4 < 0


def test_the_better_correction_ranks_higher() -> None:
    reference = "he goes to the old school every day ."
    source = "he go to old school every day ."
    half = "he goes to old school every day ."
    harmed = "he go to old school all days ."
    scores = [corpus_gleu([source], [h], [[reference]]) for h in (harmed, source, half, reference)]
    assert scores == sorted(scores)
    assert scores[1] < scores[2] < scores[3]


def test_several_references_count_by_their_mean() -> None:
    first = corpus_gleu(["a b c d e"], ["a b c d x"], [["a b c d x"]])
    both = corpus_gleu(["a b c d e"], ["a b c d x"], [["a b c d x", "a b c d e"]])
    assert 0 < both < first


def test_short_output_is_punished() -> None:
    assert corpus_gleu(["a b c d e f"], ["a b c d"], [["a b c d e f"]]) == pytest.approx(100 * math.exp(1 - 6 / 4))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I can't go, he said.", "I ca n't go , he said ."),
        ("She's at Mr. Hill's house.", "She 's at Mr. Hill 's house ."),
        ('He said "no" (twice)!', 'He said " no " ( twice ) !'),
        ("The U.S. has 3.5 million.", "The U.S. has 3.5 million ."),
        ("well-to-do, he/she", "well-to-do , he/she"),
    ],
)
def test_new_text_is_split_as_the_treebank_does(text: str, tokens: str) -> None:
    assert PublishedTokens([]).tokenise(text) == tokens


def test_words_of_the_published_sentence_keep_their_published_tokens() -> None:
    published = PublishedTokens([("Odd heat(energy) here.", "Odd heat(energy) here .")])
    assert published.tokenise("Odd heat(energy) here.") == "Odd heat(energy) here ."
    assert published.tokenise("The heat(energy) is here.") == "The heat(energy) is here ."

"""P, R and F0.5 of corrections."""

import pytest

from app.evaluation.correction import EditScore, score_edits, token_edits

SOURCE = "He go to school yesterday."


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("He went to school yesterday.", EditScore(1, 0, 0)),
        (SOURCE, EditScore(0, 0, 1)),
        ("He goes to school yesterday.", EditScore(0, 1, 1)),
        ("He went to school yesterday, she said.", EditScore(1, 1, 0)),
    ],
)
def test_edits_are_counted_against_the_annotator(output: str, expected: EditScore) -> None:
    assert score_edits([SOURCE], [output], [["He went to school yesterday."]]) == expected


def test_the_annotator_who_agrees_best_counts() -> None:
    refs = ["He went to school yesterday.", "He goes to school yesterday."]
    assert score_edits([SOURCE], ["He goes to school yesterday."], [refs]) == EditScore(1, 0, 0)
    assert score_edits([SOURCE], [SOURCE], [[*refs, SOURCE]]) == EditScore(0, 0, 0)


@pytest.mark.parametrize(
    ("score", "p", "r", "f"),
    [
        (EditScore(0, 0, 0), 1.0, 1.0, 1.0),
        (EditScore(0, 0, 5), 1.0, 0.0, 0.0),
        (EditScore(0, 5, 0), 0.0, 1.0, 0.0),
        (EditScore(6, 2, 6), 0.75, 0.5, 1.25 * 0.375 / (0.25 * 0.75 + 0.5)),
    ],
)
def test_f_half_weighs_precision_twice(score: EditScore, p: float, r: float, f: float) -> None:
    assert (score.precision, score.recall, score.f_half) == pytest.approx((p, r, f))


def test_neighbouring_changes_are_one_edit() -> None:
    assert token_edits("a b c d", "a x y d") == {(1, 3, ("x", "y"))}
    assert token_edits("don't go", "don't go.") == {(2, 2, (".",))}

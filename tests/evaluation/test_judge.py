"""Verdicts on edits, and promises that a broken answer must not hide."""

from dataclasses import replace

import pytest

from app.core.types import Edit, Mode, ProtectedKind, ProtectedSpan, Span
from app.evaluation.judge import (
    JudgedEdit,
    Tally,
    Verdict,
    changed_tokens,
    find_violations,
    is_name_edit,
    judge_edits,
    reliability,
)
from tests.evaluation.fakes import make_edit, make_repair

SOURCE = "He go to 21 : 05 train of Straswima."
REFERENCE = "He goes to the 21:05 train of Straujuma."


@pytest.mark.parametrize(
    ("edit", "verdict"),
    [
        (make_edit(3, 5, "goes"), Verdict.RIGHT),
        (make_edit(3, 5, "went"), Verdict.NEUTRAL),
        (make_edit(0, 2, "She"), Verdict.WRONG),
        (make_edit(8, 8, " the"), Verdict.RIGHT),
        (make_edit(5, 8, ""), Verdict.WRONG),
        (make_edit(9, 16, "21:05"), Verdict.RIGHT),  # spacing: the same words and marks, nearer in words as they stand
        (make_edit(26, 35, "Straujuma", name=True), Verdict.RIGHT),
    ],
)
def test_an_edit_is_right_if_it_alone_comes_closer(edit: Edit, verdict: Verdict) -> None:
    (judged,) = judge_edits(make_repair(SOURCE, edit), [REFERENCE])
    assert judged.verdict is verdict


def test_the_nearest_reference_counts() -> None:
    (judged,) = judge_edits(make_repair("He go home.", make_edit(3, 5, "went")), ["He goes home.", "He went home."])
    assert judged.verdict is Verdict.RIGHT


def test_edits_are_judged_one_by_one_but_groups_together() -> None:
    source, reference = "He had not to go.", "He did not have to go."
    edits = (make_edit(3, 6, "did"), make_edit(10, 10, " have"), make_edit(0, 2, "She"))
    alone = [j.verdict for j in judge_edits(make_repair(source, *sorted(edits, key=lambda e: e.span)), [reference])]
    assert alone == [Verdict.WRONG, Verdict.RIGHT, Verdict.RIGHT]
    # each half of this swap changes nothing for the better alone; together they do
    swap = (
        replace(make_edit(2, 2, "b "), group="g"),
        replace(make_edit(4, 6, ""), group="g"),
    )
    assert [j.verdict for j in judge_edits(make_repair("a c b d e", *swap), ["a b c d e"])] == [Verdict.RIGHT] * 2


def test_an_honest_answer_breaks_no_promise() -> None:
    protected = (ProtectedSpan(Span(9, 11), ProtectedKind.NUMBER),)
    assert find_violations(make_repair(SOURCE, make_edit(3, 5, "goes"), protected=protected)) == []
    # an edit around a protected text that repeats it
    assert find_violations(make_repair(SOURCE, make_edit(6, 11, "to the 21"), protected=protected)) == []


@pytest.mark.parametrize(
    ("edits", "text", "found"),
    [
        ((make_edit(9, 11, "22"),), None, {"protected:number", "text:figures"}),
        ((make_edit(10, 11, "2"),), None, {"protected:number", "text:figures"}),
        ((make_edit(10, 10, "-"),), None, {"protected:number", "text:figures"}),
        ((make_edit(12, 13, "7"),), None, {"text:figures"}),  # nobody called it protected; the figures differ anyway
        ((make_edit(3, 5, "goes"),), "He went.", {"law:edits_give_text", "text:figures"}),
        ((make_edit(6, 8, "x"), make_edit(3, 5, "y")), SOURCE, {"law:edits_give_text", "law:sorted_without_conflict"}),
        ((make_edit(3, 5, "a"), make_edit(4, 6, "b")), SOURCE, {"law:edits_give_text", "law:sorted_without_conflict"}),
    ],
)
def test_every_broken_promise_is_found(edits: tuple[Edit, ...], text: str | None, found: set[str]) -> None:
    protected = (ProtectedSpan(Span(9, 11), ProtectedKind.NUMBER),)
    assert set(find_violations(make_repair(SOURCE, *edits, text=text, protected=protected))) == found


@pytest.mark.parametrize(
    ("source", "edits", "found"),
    [
        ("Today&#39;s 21.", (make_edit(5, 10, "'"),), []),
        ("Today& # 39; s 21.", (make_edit(5, 12, "'"),), []),
        ("Today #39; s 21.", (make_edit(6, 9, ""),), ["text:figures"]),
        ("It was 4&#39;21.", (make_edit(13, 15, "9"),), ["text:figures"]),
    ],
)
def test_the_figures_of_an_entity_count_nothing(source: str, edits: tuple[Edit, ...], found: list[str]) -> None:
    assert find_violations(make_repair(source, *edits)) == found


@pytest.mark.parametrize(
    ("source", "after"),
    [("See https://a.org/x?y now.", "See https://a.org/x now."), ("To bob@a.org.", "To rob@a.org.")],
)
def test_addresses_are_checked_without_the_products_word(source: str, after: str) -> None:
    assert any(v.startswith("text:") for v in find_violations(make_repair(source, make_edit(0, len(source), after))))


def test_in_detect_only_the_text_must_stay() -> None:
    edit = make_edit(3, 5, "goes")
    assert find_violations(make_repair(SOURCE, edit, text=SOURCE), Mode.DETECT_ONLY) == []
    assert find_violations(make_repair(SOURCE, edit), Mode.DETECT_ONLY) == ["law:edits_give_text"]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [("a b.", "a b.", 0), ("a b.", "a c.", 1), ("a b.", "a  b.", 1), ("a b.", "a b c!", 2)],
)
def test_changed_tokens_count_words_and_marks(before: str, after: str, changed: int) -> None:
    assert changed_tokens(before, after) == (changed, 3)


def judged(confidence: float, verdict: Verdict) -> JudgedEdit:
    return JudgedEdit(make_edit(0, 1, "x", confidence=confidence), verdict)


def test_precision_counts_neutral_edits_against_us() -> None:
    tally = Tally.of([judged(0.9, v) for v in (Verdict.RIGHT, Verdict.NEUTRAL, Verdict.WRONG, Verdict.RIGHT)])
    assert (tally.right, tally.neutral, tally.wrong, tally.precision) == (2, 1, 1, 0.5)
    assert Tally().precision is None


def test_calibration_error_is_the_weighted_gap_per_band() -> None:
    edits = [judged(0.92, Verdict.RIGHT)] * 3 + [judged(0.92, Verdict.WRONG)] + [judged(1.0, Verdict.RIGHT)] * 4
    bands, error = reliability(edits)
    assert {b: t.total for b, t in bands.items()} == {"0.90-0.95": 4, "0.98-1.00": 4}
    assert error == pytest.approx((4 * abs(0.92 - 0.75) + 4 * 0.0) / 8)
    assert reliability([]) == ({}, None)


def test_names_are_told_apart_by_kind_or_origin() -> None:
    assert is_name_edit(make_edit(0, 1, "X", name=True))
    assert not is_name_edit(make_edit(0, 1, "x"))

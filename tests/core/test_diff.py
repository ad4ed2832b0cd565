"""Laws and examples of the diff, of applying edits, of choosing among rivals and of mapping offsets."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from app.core.diff import Change, OffsetMap, apply_changes, apply_edits, diff, resolve, weaker
from app.core.types import Edit, EditKind, Origin, Span

ALPHABET = "ab A.,\"'\u2019-1\n\r\t\u0301\u200d\u00e9\U0001f600\U0001f3fd\u05d0\u0e33\u1100\u1161🇩🇪ß"
TEXT = st.one_of(st.text(max_size=40), st.text(alphabet=ALPHABET, max_size=40))
WORDS = st.lists(
    st.sampled_from(["the", "cat", "cats", "sat", "on", "a", "mat", ",", ".", "“", "goes", "went"]), max_size=14
).map(" ".join)


def edit(
    start: int,
    end: int,
    text: str = "",
    origin: Origin = Origin.MODEL,
    confidence: float = 0.9,
    group: str | None = None,
) -> Edit:
    return Edit(Span(start, end), text, EditKind.GRAMMAR, origin, confidence, "MTR_TEST", "", group=group)


@given(TEXT, TEXT)
def test_applying_the_diff_gives_the_target(source: str, target: str) -> None:
    assert apply_changes(source, diff(source, target)) == target


@given(WORDS, WORDS)
def test_applying_the_diff_of_similar_sentences_gives_the_target(source: str, target: str) -> None:
    assert apply_edits(source, diff(source, target)) == target


@given(TEXT, TEXT)
def test_changes_are_sorted_free_of_conflict_and_never_empty(source: str, target: str) -> None:
    changes = diff(source, target)
    for change in changes:
        assert change.span.of(source) != change.text
    for left, right in pairwise(changes):
        assert left.span < right.span
        assert not left.span.conflicts(right.span)


@given(TEXT, TEXT)
def test_no_change_ends_inside_a_grapheme_cluster(source: str, target: str) -> None:
    def bounds(text: str) -> set[int]:
        return {0} | {m.end() for m in regex.finditer(r"\X", text)}

    changes = diff(source, target)
    moved = OffsetMap.of(source, changes)
    for at, change in enumerate(changes):
        assert {change.span.start, change.span.end} <= bounds(source)
        assert {moved.patched_starts[at], moved.patched_ends[at]} <= bounds(target)


@given(WORDS, WORDS)
def test_no_change_ends_inside_a_word(source: str, target: str) -> None:
    for change in diff(source, target):
        for at in (change.span.start, change.span.end):
            assert not (0 < at < len(source) and source[at - 1].isalnum() and source[at].isalnum())


@given(TEXT)
def test_equal_texts_have_no_changes(text: str) -> None:
    assert diff(text, text) == ()


@pytest.mark.parametrize(
    ("source", "target", "steps"),
    [
        ("I ate a apple.", "I ate an apple.", [("a", "an")]),
        ("He went home.", "He went.", [(" home", "")]),
        ("the cat sat", "the sat", [("cat ", "")]),
        ("So he went", "he went", [("So ", "")]),
        ("He went.", "He went home.", [("", " home")]),
        ("on mat", "on the mat", [("", "the ")]),
        ("a  b", "a b", [(" ", "")]),
        ("in the the house", "in the house", [("the ", "")]),
        (
            "The goverment anounced it",
            "The government announced it",
            [("goverment", "government"), ("anounced", "announced")],
        ),
        ("he was here", "they were here", [("he was", "they were")]),
        ("He came. Then he left", "He came, then he left", [(". Then", ", then")]),
        ("It cost 1,000 euros", "It cost 1,200 euros", [("1,000", "1,200")]),
        ("I dont know", "I don't know", [("dont", "don't")]),
        ("an all day event", "an all-day event", [(" ", "-")]),
        ("He left .“", 'He left."', [(" ", ""), ("“", '"')]),
        ("one\r\ntwo", "one\ntwo", [("\r\n", "\n")]),
        ("one\n", "one", [("\n", "")]),
        ("cafe\u0301s open", "cafe\u0301 open", [("cafe\u0301s", "cafe\u0301")]),
        ("👨‍👩‍👧 came", "👨‍👩‍👦 came", [("👨‍👩‍👧", "👨‍👩‍👦")]),
    ],
)
def test_a_step_is_the_one_a_person_would_make(source: str, target: str, steps: list[tuple[str, str]]) -> None:
    assert [(change.span.of(source), change.text) for change in diff(source, target)] == steps


def test_a_long_text_with_one_change_takes_no_time() -> None:
    source = "The committee met on Tuesday and agreed. " * 50_000
    target = source[:1_000_000] + source[1_000_000:].replace("Tuesday", "Monday", 1)
    began = time.process_time()
    assert [change.text for change in diff(source, target)] == ["Monday"]
    assert time.process_time() - began < 1


def test_a_long_text_rewritten_everywhere_stays_affordable() -> None:
    source = " ".join(f"w{k * 7919 % 9001} of" for k in range(20_000))
    target = " ".join(f"w{k * 104729 % 9001} to" for k in range(20_000))
    began = time.process_time()
    assert apply_changes(source, diff(source, target)) == target
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "edits",
    [
        [edit(3, 5), edit(0, 2)],
        [edit(0, 3), edit(2, 5)],
        [edit(2, 2, "a"), edit(2, 2, "b")],
        [edit(1, 4, "a"), edit(2, 2, "b")],
        [edit(3, 11)],
    ],
)
def test_edits_that_cannot_be_applied_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match=r"\[\d+, \d+\)"):
        apply_edits("0123456789", edits)


def test_an_insertion_may_touch_a_replacement() -> None:
    assert apply_edits("0123456789", [edit(2, 2, "a"), edit(2, 4, "b"), edit(4, 4, "c")]) == "01abc456789"


@pytest.mark.parametrize(
    ("patched", "source"),
    [
        (Span(0, 2), Span(0, 2)),
        (Span(0, 3), Span(0, 3)),  # touches the replacement
        (Span(3, 7), Span(3, 5)),  # is the replacement
        (Span(4, 6), None),  # inside it
        (Span(0, 5), None),  # ends inside it
        (Span(2, 8), Span(2, 6)),  # covers it
        (Span(7, 8), Span(5, 6)),
        (Span(9, 10), Span(9, 10)),  # starts where something was deleted
        (Span(8, 9), Span(6, 7)),  # ends where something was deleted
        (Span(9, 9), Span(9, 9)),
    ],
)
def test_a_span_of_the_patched_text_maps_to_the_source(patched: Span, source: Span | None) -> None:
    # 0123456789 -> 012XXXX569: "34" replaced by "XXXX", "78" deleted
    edits = [edit(3, 5, "XXXX"), edit(7, 9)]
    assert apply_edits("0123456789", edits) == "012XXXX569"
    assert OffsetMap.of("0123456789", edits).to_source(patched) == source


@given(TEXT, TEXT, st.data())
def test_kept_text_is_found_again_on_either_side(source: str, target: str, data: st.DataObject) -> None:
    offsets = OffsetMap.of(source, diff(source, target))
    start = data.draw(st.integers(0, len(source)))
    span = Span(start, data.draw(st.integers(start, len(source))))
    there = offsets.to_patched(span)
    if there is not None:
        assert there.end <= len(target)
        touched = any(s <= span.end and span.start <= e for s, e in _regions(offsets))
        if len(span) and not touched:
            assert there.of(target) == span.of(source)
            assert offsets.to_source(there) == span


def _regions(offsets: OffsetMap) -> list[tuple[int, int]]:
    return list(zip(offsets.source_starts, offsets.source_ends, strict=True))


@given(TEXT, TEXT, st.data())
def test_an_edit_of_the_patched_text_beside_the_first_edits_joins_them(
    source: str, target: str, data: st.DataObject
) -> None:
    first = diff(source, target)
    offsets = OffsetMap.of(source, first)
    start = data.draw(st.integers(0, len(target)))
    span = Span(start, data.draw(st.integers(min(start + 1, len(target)), len(target))))
    back = offsets.to_source(span)
    if back is None or not len(back) or any(back.conflicts(change.span) for change in first):
        return
    both = sorted([*first, Change(back, "NEW")], key=lambda change: change.span)
    assert apply_edits(source, both) == target[: span.start] + "NEW" + target[span.end :]


@pytest.mark.parametrize(
    ("edits", "kept"),
    [
        ([edit(0, 4, origin=Origin.MODEL, confidence=1.0), edit(2, 6, "x", Origin.RULE, 0.5)], [1]),
        ([edit(0, 4, confidence=0.8), edit(2, 6, "x", confidence=0.9)], [1]),
        ([edit(0, 4), edit(2, 3)], [0]),
        ([edit(2, 2, "a", confidence=0.8), edit(2, 2, "b", confidence=0.9)], [1]),
        ([edit(5, 6), edit(2, 3), edit(2, 2, "a")], [2, 1, 0]),
        ([edit(0, 2, "a", group="g"), edit(8, 9, "b", group="g"), edit(8, 9, "c", Origin.NAMES)], [2]),
        ([edit(0, 2, "a", group="g"), edit(8, 9, "b", group="g"), edit(8, 9, "c", confidence=0.5)], [0, 1]),
        ([edit(0, 2, "a", group="g"), edit(1, 3, "b", group="g"), edit(0, 1, "c", confidence=0.5)], [2]),
    ],
)
def test_the_stronger_of_two_rivals_stays(edits: list[Edit], kept: list[int]) -> None:
    chosen, dropped = resolve(edits)
    assert list(chosen) == [edits[k] for k in kept]
    assert sorted(map(id, dropped)) == sorted(id(e) for k, e in enumerate(edits) if k not in kept)


EDITS = st.lists(
    st.builds(
        lambda start, length, text, origin, confidence, group: edit(
            start, min(start + length, 20), text, origin, confidence, group
        ),
        st.integers(0, 20),
        st.integers(0, 4),
        st.sampled_from(["", "a", "bc"]),
        st.sampled_from(list(Origin)),
        st.sampled_from([0.5, 0.9]),
        st.sampled_from([None, None, "g", "h"]),
    ),
    max_size=12,
)


@given(EDITS, st.randoms())
def test_choosing_keeps_groups_whole_and_does_not_depend_on_order(edits: list[Edit], random: object) -> None:
    kept, dropped = resolve(edits)
    apply_edits("x" * 20, kept)  # does not raise
    assert len(kept) + len(dropped) == len(edits)
    assert not {e.group for e in kept if e.group} & {e.group for e in dropped if e.group}
    shuffled = [replace(e) for e in edits]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolve(shuffled) == (kept, dropped)
    for left_out in range(len(kept)):
        apply_edits("x" * 20, kept[:left_out] + kept[left_out + 1 :])


@given(EDITS)
def test_a_dropped_edit_has_a_rival_that_stayed_or_a_group_that_could_not(edits: list[Edit]) -> None:
    kept, dropped = resolve(edits)
    for loser in dropped:
        if loser.group is None:
            assert any(loser.span.conflicts(winner.span) for winner in kept)


def test_the_weaker_of_two_is_the_one_that_would_be_dropped() -> None:
    names, model = edit(0, 1, "a", Origin.NAMES, 0.5), edit(3, 4, "b", Origin.MODEL, 0.9)
    assert weaker(names, model) is weaker(model, names) is model
    sure, unsure = edit(0, 1, "a", confidence=0.9), edit(3, 4, "b", confidence=0.8)
    assert weaker(sure, unsure) is weaker(unsure, sure) is unsure


def test_of_two_edits_that_differ_in_their_kind_alone_the_same_one_is_kept() -> None:
    one, other = (
        Edit(Span(0, 1), "", kind, Origin.RULE, 0.9, "R", "because") for kind in (EditKind.GRAMMAR, EditKind.WORDING)
    )
    assert resolve([one, other]) == resolve([other, one])

"""Forms of a diff: each tells the whole story of the edits, and nothing else."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.diff import Change, apply_changes, diff
from app.core.diff_forms import PieceKind, inline, pieces, side_by_side, unified
from app.core.types import Span

TEXT = st.text(alphabet="ab \n\r<é", max_size=40)


@st.composite
def sources_with_changes(draw: st.DrawFn) -> tuple[str, list[Change]]:
    """A text and changes as edits may be: sorted, free of conflicts, some of them without effect."""
    source = draw(TEXT)
    cuts = sorted(draw(st.lists(st.integers(0, len(source)), max_size=8, unique=True)))
    changes = [Change(Span(a, b), draw(TEXT)) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    return source, changes


def patch(source: str, unified_diff: str) -> str:
    """What ``patch`` makes of a unified diff, with every count, context and deleted line checked."""
    lines = [line + "\n" for line in source.split("\n")]
    lines[-1] = lines[-1][:-1]
    if not lines[-1]:
        lines.pop()
    out: list[str] = []
    at = 0
    hunks = re.split(r"(?m)^(@@ .*? @@\n)", unified_diff)[1:]
    for header, body in zip(hunks[::2], hunks[1::2], strict=True):
        found = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n", header)
        assert found
        old_first, old_count, new_first, new_count = (1 if n is None else int(n) for n in found.groups())
        first = old_first - 1 if old_count else old_first
        out += lines[at:first]
        assert len(out) == (new_first - 1 if new_count else new_first)
        marked = [line + "\n" for line in body.replace("\n\\ No newline at end of file\n", "\0\n").split("\n")[:-1]]
        old = [line[1:].replace("\0\n", "") for line in marked if line[0] in " -"]
        new = [line[1:].replace("\0\n", "") for line in marked if line[0] in " +"]
        assert (len(old), len(new)) == (old_count, new_count)
        assert lines[first : first + old_count] == old
        out += new
        at = first + old_count
    return "".join(out + lines[at:])


@given(sources_with_changes())
def test_a_unified_diff_patches_the_source_into_the_target(case: tuple[str, list[Change]]) -> None:
    source, changes = case
    assert patch(source, unified(source, changes)) == apply_changes(source, changes)


@given(TEXT, TEXT)
def test_a_unified_diff_of_a_word_diff_patches_too(source: str, target: str) -> None:
    assert patch(source, unified(source, diff(source, target))) == target


@given(sources_with_changes())
def test_pieces_hold_both_texts(case: tuple[str, list[Change]]) -> None:
    source, changes = case
    found = pieces(source, changes)
    assert "".join(p.text for p in found if p.kind is not PieceKind.INSERTED) == source
    assert "".join(p.text for p in found if p.kind is not PieceKind.DELETED) == apply_changes(source, changes)


def columns(table: str) -> tuple[str, str]:
    """The text of both columns, line by line, marks and escapes undone."""
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td></tr>", table, re.DOTALL)
    plain = [[re.sub(r"</?(?:ins|del)>", "", c).replace("&lt;", "<").rstrip("\r\n") for c in row] for row in rows]
    left, right = ("\n".join(row[side] for row in plain) for side in (0, 1))
    return left, right


@given(sources_with_changes())
def test_the_columns_hold_both_texts_but_for_the_last_line_ends(case: tuple[str, list[Change]]) -> None:
    source, changes = case
    left, right = columns(side_by_side(source, changes))
    assert left.split() == source.split()
    assert right.split() == apply_changes(source, changes).split()


def test_html_escapes_the_text_and_marks_the_words() -> None:
    table = side_by_side("a <b> c\nsame\n", [Change(Span(2, 5), "& d")])
    assert "<tr><td>a <del>&lt;b&gt;</del> c\n</td><td>a <ins>&amp; d</ins> c\n</td></tr>" in table
    assert "<tr><td>same</td><td>same</td></tr>" in table


def test_inline_marks_deletions_before_insertions() -> None:
    assert inline("He go home.", [Change(Span(3, 5), "goes")]) == "He [-go-]{+goes+} home."


@pytest.mark.parametrize(
    ("source", "changes", "expected"),
    [
        ("a\nb\nc\n", [Change(Span(2, 3), "x")], "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"),
        ("", [Change(Span(0, 0), "x\n")], "@@ -0,0 +1 @@\n+x\n"),
        ("a", [Change(Span(1, 1), "b")], "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+ab\n"
         "\\ No newline at end of file\n"),
        ("a\nb\n", [Change(Span(0, 2), "")], "@@ -1,2 +1 @@\n-a\n b\n"),
    ],
)  # fmt: skip
def test_a_unified_diff_reads_as_diff_writes_it(source: str, changes: Sequence[Change], expected: str) -> None:
    assert unified(source, changes, "x", "y") == f"--- x\n+++ y\n{expected}"


def test_far_changes_are_hunks_of_their_own() -> None:
    source = "".join(f"{i}\n" for i in range(30))
    found = unified(source, [Change(Span(0, 1), "x"), Change(Span(len(source) - 1, len(source) - 1), "y")])
    assert found.count("@@ -") == 2


def test_edits_without_effect_give_no_diff() -> None:
    assert unified("a b", [Change(Span(0, 1), "a")]) == ""

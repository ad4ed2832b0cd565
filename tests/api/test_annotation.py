from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.annotation import AnnotatedText, Part
from app.core.types import DocumentRepair, Edit, EditKind, Mode, Origin, Segment, SegmentRepair, Span, Status

_PARTS = st.lists(
    st.one_of(
        st.text("ab \n", max_size=4).map(Part),
        st.tuples(st.text("<>", max_size=3), st.text("\n", max_size=2)).map(lambda m: Part(m[0], True, m[1])),
    ),
    max_size=8,
)


@given(_PARTS)
def test_both_views_are_the_parts_in_their_order(parts: list[Part]) -> None:
    document = AnnotatedText.of_parts(parts)
    assert document.full == "".join(part.text for part in parts)
    assert document.plain == "".join(part.interpret_as if part.is_markup else part.text for part in parts)


@given(_PARTS, st.data())
def test_a_span_of_text_is_the_same_text_in_both_views(parts: list[Part], data: st.DataObject) -> None:
    document = AnnotatedText.of_parts(parts)
    start, end = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(document.plain))])))
    at = document.to_full(Span(start, end))
    if at is not None:
        assert at.of(document.full) == document.plain[start:end]


@given(_PARTS, st.data())
def test_what_covers_a_span_holds_its_text(parts: list[Part], data: st.DataObject) -> None:
    document = AnnotatedText.of_parts(parts)
    start, end = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(document.plain))])))
    cover = document.cover(Span(start, end))
    at = document.to_full(Span(start, end))
    assert at is None or start == end or cover == at


@pytest.mark.parametrize(("plain", "full"), [
    (Span(0, 2), Span(0, 2)),
    (Span(2, 2), Span(2, 2)),
    (Span(2, 4), Span(5, 7)),
    (Span(1, 3), None),
])  # fmt: skip
def test_an_insertion_between_two_stretches_belongs_to_the_first(plain: Span, full: Span | None) -> None:
    document = AnnotatedText.of_parts([Part("ab"), Part("<b>", True), Part("cd")])
    assert document.to_full(plain) == full


def test_a_span_of_markup_alone_covers_no_text() -> None:
    document = AnnotatedText.of_parts([Part("ab"), Part("<b>", True), Part("cd")])
    assert document.to_plain(Span(2, 5)) is None
    assert document.to_plain(Span(1, 6)) == Span(1, 3)


def test_text_without_markup_is_the_same_in_both_views() -> None:
    document = AnnotatedText.of_text("abc")
    assert not document.has_markup
    assert document.full == document.plain == "abc"


@given(_PARTS, st.data())
def test_the_stretch_of_a_span_is_the_first_that_holds_it(parts: list[Part], data: st.DataObject) -> None:
    document = AnnotatedText.of_parts(parts)
    span = Span(*sorted(data.draw(st.tuples(*2 * [st.integers(0, len(document.full))]))))
    holders = [piece.full for piece in document.pieces if piece.is_text and piece.full.contains(span)]
    assert document.stretch(span) == (holders[0] if holders else Span(span.start, span.start))


def test_a_stretch_is_found_without_a_look_at_all_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    document = AnnotatedText.of_parts([Part("ab"), Part("<b>", True)] * 1000)
    looks: list[Span] = []
    contains = Span.contains

    def counted(self: Span, other: Span) -> bool:
        looks.append(self)
        return contains(self, other)

    monkeypatch.setattr(Span, "contains", counted)
    assert document.stretch(Span(4995, 4997)) == Span(4995, 4997)
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("mode", "was", "wanted"),
    [(Mode.DETECT_ONLY, Status.UNCHANGED, Status.ABSTAINED), (Mode.MINIMAL, Status.REPAIRED, Status.PARTIAL)],
)
def test_without_an_edit_across_markup_a_sentence_whose_edits_are_only_reported_was_not_changed(
    mode: Mode, was: Status, wanted: Status
) -> None:
    document = AnnotatedText.of_parts([Part("The the "), Part("<b>", is_markup=True), Part("town fell fell.")])
    edits = (_repeated(Span(3, 7)), _repeated(Span(5, 12)), _repeated(Span(17, 22)))
    sentence = SegmentRepair(Segment(0, Span(0, 23), document.plain, 0), was, 0.5, (0, 1, 2))
    repair = DocumentRepair(document.plain, document.plain, was, (sentence,), edits)
    projected = document.project(repair, mode)
    assert (projected.segments[0].status, projected.status) == (wanted, wanted)
    assert len(projected.segments[0].edits) == len(projected.edits) == 2


def _repeated(span: Span) -> Edit:
    return Edit(span, "", EditKind.REPETITION, Origin.RULE, 0.9, "MTR_REPEATED_WORD", "Twice.")

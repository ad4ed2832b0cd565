"""Text with markup in it: what is repaired is the text alone, what is counted and given back is the whole."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.core.diff import apply_edits
from app.core.types import DocumentRepair, Edit, Mode, ProtectedSpan, RejectedEdit, SegmentRepair, Span, Status

MARKUP_REASON = "protected:markup"


@dataclass(frozen=True, slots=True)
class _Piece:
    full: Span
    plain: Span
    is_text: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, or of markup with the text that a reader sees in its place."""

    text: str
    is_markup: bool = False
    interpret_as: str = ""


@dataclass(frozen=True, slots=True)
class AnnotatedText:
    """A document in two views, as LanguageTool's annotated text has them.

    ``full`` holds text and markup as they came; the caller's offsets count in it. ``plain`` holds the text with each
    markup replaced by what it is interpreted as (``<br>`` as a line break, say), so that sentences are read whole.
    """

    full: str
    plain: str
    pieces: tuple[_Piece, ...]

    @classmethod
    def of_text(cls, text: str) -> AnnotatedText:
        """A document without markup: both views are the same."""
        span = Span(0, len(text))
        return cls(text, text, (_Piece(span, span, True),))

    @classmethod
    def of_parts(cls, parts: Iterable[Part]) -> AnnotatedText:
        """A document of parts in their order; neighbouring parts of a sort count as one, and empty ones not at all."""
        full: list[str] = []
        plain: list[str] = []
        pieces: list[_Piece] = []
        f = p = 0
        for part in parts:
            shown = part.interpret_as if part.is_markup else part.text
            if not part.text and not shown:
                continue
            piece = _Piece(Span(f, f + len(part.text)), Span(p, p + len(shown)), not part.is_markup)
            f, p = piece.full.end, piece.plain.end
            full.append(part.text)
            plain.append(shown)
            if pieces and piece.is_text is pieces[-1].is_text:
                last = pieces.pop()
                piece = _Piece(Span(last.full.start, f), Span(last.plain.start, p), piece.is_text)
            pieces.append(piece)
        return cls("".join(full), "".join(plain), tuple(pieces))

    @property
    def has_markup(self) -> bool:
        """Whether the two views differ at all."""
        return any(not piece.is_text for piece in self.pieces)

    @property
    def interpreted(self) -> tuple[Span, ...]:
        """Spans of ``plain`` that stand for markup: no edit may touch them."""
        return tuple(piece.plain for piece in self.pieces if not piece.is_text and len(piece.plain))

    def to_full(self, span: Span) -> Span | None:
        """The place in ``full`` of a span of ``plain``; None where it is not within one stretch of text.

        An insertion between two stretches goes to the end of the first: it belongs to the word before it.
        """
        for piece in self._near(span.start):
            if piece.is_text and piece.plain.contains(span) and (len(span) == 0 or span.start < piece.plain.end):
                return span.shift(piece.full.start - piece.plain.start)
        return None

    def cover(self, span: Span) -> Span:
        """The least span of ``full`` that holds all that a span of ``plain`` shows."""
        start = bisect_right(self.pieces, span.start, key=lambda piece: piece.plain.end)
        touched = self.pieces[start : bisect_left(self.pieces, span.end, key=lambda piece: piece.plain.start)]
        if not touched:
            return self.to_full(span) or Span(len(self.full), len(self.full))
        first, last = touched[0], touched[-1]
        begin = first.full.start + (span.start - first.plain.start if first.is_text else 0)
        end = last.full.end - (last.plain.end - span.end if last.is_text else 0)
        return Span(min(begin, end), end)

    def stretch(self, span: Span) -> Span:
        """The stretch of text without markup that a span of ``full`` lies in; an empty one if there is none.

        Between two stretches an empty span lies in the first.
        """
        first = bisect_left(self.pieces, span.start, key=lambda piece: piece.full.end)
        for piece in self.pieces[first:]:
            if piece.full.start > span.start:
                break
            if piece.is_text and piece.full.contains(span):
                return piece.full
        return Span(span.start, span.start)

    def to_plain(self, span: Span) -> Span | None:
        """The text that a span of ``full`` covers, as a span of ``plain``; None where it covers only markup."""
        start = bisect_right(self.pieces, span.start, key=lambda piece: piece.full.end)
        stop = bisect_left(self.pieces, span.end, key=lambda piece: piece.full.start)
        touched = [piece for piece in self.pieces[start:stop] if piece.is_text]
        if not touched:
            return None
        first, last = touched[0], touched[-1]
        begin = first.plain.start + max(0, span.start - first.full.start)
        end = last.plain.end - max(0, last.full.end - span.end)
        return Span(begin, end)

    def project(self, repair: DocumentRepair, mode: Mode) -> DocumentRepair:
        """A repair of ``plain`` as a repair of ``full``.

        Every span of the answer counts in ``full``. Edits that would cross markup are refused, with their group, as
        ``protected:markup``.
        """
        if not self.has_markup:
            return repair
        places = [self.to_full(edit.span) for edit in repair.edits]
        lost_groups = {e.group for e, at in zip(repair.edits, places, strict=True) if at is None and e.group}
        edits: list[Edit] = []
        rejected = [RejectedEdit(replace(r.edit, span=self.cover(r.edit.span)), r.reason) for r in repair.rejected]
        new_index: dict[int, int] = {}
        for old, (edit, at) in enumerate(zip(repair.edits, places, strict=True)):
            if at is None or edit.group in lost_groups:
                rejected.append(RejectedEdit(replace(edit, span=self.cover(edit.span)), MARKUP_REASON))
            else:
                new_index[old] = len(edits)
                edits.append(replace(edit, span=at))
        segments = tuple(self._project_segment(segment, new_index) for segment in repair.segments)
        status = repair.status
        if len(edits) < len(repair.edits):
            status = Status.PARTIAL if edits and mode is not Mode.DETECT_ONLY else Status.ABSTAINED
        return replace(
            repair,
            source=self.full,
            text=self.full if mode is Mode.DETECT_ONLY else apply_edits(self.full, edits),
            status=status,
            segments=segments,
            edits=tuple(edits),
            rejected=tuple(rejected),
            protected=tuple(ProtectedSpan(self.cover(p.span), p.kind) for p in repair.protected),
        )

    def _project_segment(self, repair: SegmentRepair, new_index: dict[int, int]) -> SegmentRepair:
        segment = replace(repair.segment, span=self.cover(repair.segment.span))
        return replace(repair.keeping(new_index, MARKUP_REASON), segment=segment)

    def _near(self, at: int) -> Sequence[_Piece]:
        """The pieces that may hold position ``at`` of ``plain``, in order: three at most, as the sorts alternate."""
        last = bisect_right(self.pieces, at, key=lambda piece: piece.plain.start)
        first = last - 1
        while first > 0 and self.pieces[first - 1].plain.end >= at:
            first -= 1
        return self.pieces[max(first, 0) : last]

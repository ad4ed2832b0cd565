"""Long documents are repaired section by section, so that the first sentences are there at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from app.core.segment import SentenceSegmenter
from app.core.types import Segment, Span

_WHOLE_CHARS = 12_000  # a document up to this length is one section: the same answer as the API gives
_FIRST_CHARS = 1500
_MOST_CHARS = 12_000


def within(spans: Iterable[Span], section: Span) -> tuple[Span, ...]:
    """What of ``spans`` lies in a section, counted from its start."""
    return tuple(
        Span(max(span.start, section.start), min(span.end, section.end)).shift(-section.start)
        for span in spans
        if span.start < section.end and section.start < span.end
    )


def cut(text: str, start: int = 0) -> list[Span]:
    """The sections of ``text`` from ``start`` on, end to end, in order.

    They end where a paragraph does, or at least a sentence, and grow from small to large: the first result comes soon,
    and later ones do not cost more than they must.
    """
    if len(text) - start <= _WHOLE_CHARS and not start:
        return [Span(0, len(text))] if text else []
    segments: Sequence[Segment] = SentenceSegmenter().segment(text[start:])
    cuts: list[int] = []
    size, begin = _FIRST_CHARS if not start else _MOST_CHARS, start
    paragraph = -1
    for segment in segments:
        at = segment.span.start + start
        is_new = segment.paragraph != paragraph
        paragraph = segment.paragraph
        if at - begin >= (size if is_new else 2 * size):
            cuts.append(at)
            begin, size = at, min(2 * size, _MOST_CHARS)
    bounds = [start, *cuts, len(text)]
    return [Span(a, b) for a, b in pairwise(bounds) if a < b]

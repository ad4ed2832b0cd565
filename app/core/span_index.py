"""Many spans of one text, asked about places in it: each question costs what lies there, not what there is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from app.core.types import Span


class SpanIndex:
    """Spans in the order of the text, whatever their order was; they may overlap."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans)
        self._starts = [span.start for span in self._spans]
        self._reach = list(accumulate((span.end for span in self._spans), max))

    def conflicts(self, span: Span) -> bool:
        """Whether an edit of ``span`` could not be applied beside one of them; see ``Span.conflicts``."""
        first = bisect_left(self._reach, span.start)  # none before it reaches as far
        after = bisect_right(self._starts, span.end)
        return any(span.conflicts(other) for other in self._spans[first:after])

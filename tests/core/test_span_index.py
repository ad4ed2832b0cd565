"""Many spans, asked about one place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.span_index import SpanIndex
from app.core.types import Span

SPANS = st.builds(lambda start, size: Span(start, start + size), st.integers(0, 12), st.integers(0, 5))


@given(st.lists(SPANS, max_size=8), SPANS)
def test_an_index_says_of_a_place_what_its_spans_say(spans: list[Span], place: Span) -> None:
    assert SpanIndex(spans).conflicts(place) == any(place.conflicts(span) for span in spans)

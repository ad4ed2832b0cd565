"""Tests of places that are two names joined by *and*."""

from __future__ import annotations

import pytest

from app.core.segment import SentenceSegmenter
from app.names.mentions import find_mentions
from app.names.paired_places import with_paired_places

PAIRS = [("trinidad", "tobago"), ("st vincent", "grenadines")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Growth in Trind and Tobago was slow.", ["Trind and Tobago"]),
        ("Growth in Trinidad and Tobbago was slow.", ["Trinidad and Tobbago"]),
        ("They chose St Vincent and the Grenadins.", ["St Vincent and the Grenadins"]),
        ("Growth in Trinidad and Tobago was slow.", ["Trinidad", "Tobago"]),  # right as it stands
        ("Growth in Estonia and Tobago was slow.", ["Estonia", "Tobago"]),
        ("Growth in Trind or Tobago was slow.", ["Trind", "Tobago"]),
    ],
)
def test_two_names_are_one_where_one_of_them_is_right_and_the_other_nearly(text: str, names: list[str]) -> None:
    mentions = find_mentions(text, SentenceSegmenter().segment(text))
    joined = with_paired_places(text, mentions, PAIRS)
    assert [m.text for m in joined] == names
    assert all(m.span.of(text) == m.text for m in joined)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.sections import cut

_TEXTS = st.text(st.sampled_from("ab. \n"), max_size=50).map(lambda t: t * 900)


@given(_TEXTS)
def test_sections_joined_are_the_text(text: str) -> None:
    assert "".join(span.of(text) for span in cut(text)) == text


def test_a_short_text_is_one_section() -> None:
    assert len(cut("A sentence. " * 500)) == 1


def test_a_long_text_begins_with_a_small_section_and_ends_each_with_a_paragraph() -> None:
    text = ("One sentence stands here. " * 10 + "\n\n") * 300
    sections = cut(text)
    assert len(sections[0]) < 2500
    assert max(map(len, sections)) < 13_000
    assert all(section.of(text).endswith("\n\n") for section in sections)


@pytest.mark.parametrize("start", [0, 2000, 40_000])
def test_what_is_done_is_not_cut_again(start: int) -> None:
    text = ("One sentence stands here. " * 10 + "\n\n") * 300
    sections = cut(text, start)
    assert (sections[0].start, sections[-1].end) == (start, len(text))

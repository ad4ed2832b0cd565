"""Texts and changes for the tests of the formats that show them."""

from __future__ import annotations

from hypothesis import strategies as st

from app.core.diff import Change, diff

_LETTERS = st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0x1F600)
TEXTS = st.text(_LETTERS | st.sampled_from("ab .,\n\t<>&\"'"), max_size=60)


@st.composite
def texts_with_changes(draw: st.DrawFn) -> tuple[str, tuple[Change, ...], str]:
    """A source, changes, and what they make of it."""
    source, target = draw(TEXTS), draw(TEXTS)
    return source, diff(source, target), target

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InputError
from app.formats.tmx import Pair, read_tmx, write_tmx

AT = datetime(2026, 1, 2, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)
PAIRS = st.lists(st.builds(Pair, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple), st.just("Anna")), max_size=5)


@given(PAIRS)
def test_what_is_written_is_read_again(pairs: list[Pair]) -> None:
    assert read_tmx(write_tmx(pairs, AT)) == pairs


def test_a_character_that_xml_lacks_is_marked() -> None:
    assert read_tmx(write_tmx([Pair("a\x0cb", "a b")], AT)) == [Pair("a\ufffdb", "a b")]


@pytest.mark.parametrize("data", [b"", b"<tm/>"])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_tmx(data)

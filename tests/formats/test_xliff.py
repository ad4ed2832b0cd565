from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.core.errors import InputError
from app.formats.xliff import State, Unit, join, read_xliff, write_xliff

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
CLEAN = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)
UNITS = st.lists(
    st.builds(Unit, TEXT, TEXT, st.sampled_from(State), st.lists(CLEAN, max_size=2).map(tuple))
    | st.builds(Unit, TEXT, TEXT),
    max_size=5,
)


@given(UNITS)
def test_what_is_written_is_read_again(units: list[Unit]) -> None:
    assert read_xliff(write_xliff(units, "n")) == units


def test_sources_and_targets_joined_are_the_two_documents() -> None:
    units = [
        Unit("Teh", "The", State.TRANSLATED, ("Spelling.",)),
        Unit("\r\n", "\r\n"),
        Unit("end", "end", State.FINAL),
    ]
    assert join(read_xliff(write_xliff(units, "n"))) == ("Teh\r\nend", "The\r\nend")


def test_every_unit_has_a_segment_as_the_format_demands() -> None:
    ns = {"x": "urn:oasis:names:tc:xliff:document:2.0"}
    for units in ([], [Unit(" ", " ")], [Unit("a", "b", State.INITIAL), Unit(" ", " ")]):
        root = etree.fromstring(write_xliff(units, "<&>"))
        assert root.get("version") == "2.0"
        assert root.xpath("boolean(//x:unit) and not(//x:unit[not(x:segment)])", namespaces=ns)


@pytest.mark.parametrize("data", [b"", b"<a/>", b'<xliff version="1.2"/>'])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_xliff(data)

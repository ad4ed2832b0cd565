"""Offsets agree with the encodings themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.offsets import OffsetTable, OffsetUnit
from app.core.types import Span

TEXT = st.one_of(st.text(max_size=60), st.text(alphabet="ab\r\ne\u0301\u05d0é€\U0001f600\U0001f3fd\u200d", max_size=60))
CODECS = {OffsetUnit.UTF16: ("utf-16-le", 2), OffsetUnit.UTF8: ("utf-8", 1)}


def units(text: str, unit: OffsetUnit) -> int:
    codec, size = CODECS[unit]
    return len(text.encode(codec)) // size


@given(TEXT, st.sampled_from([OffsetUnit.UTF16, OffsetUnit.UTF8]))
def test_an_offset_is_the_encoded_length_of_what_comes_before(text: str, unit: OffsetUnit) -> None:
    table = OffsetTable(text, unit)
    assert [table.to_unit(i) for i in range(len(text) + 1)] == [units(text[:i], unit) for i in range(len(text) + 1)]
    assert table.length == units(text, unit)


@given(TEXT, st.sampled_from(list(OffsetUnit)))
def test_converting_there_and_back_is_the_identity(text: str, unit: OffsetUnit) -> None:
    table = OffsetTable(text, unit)
    assert [table.from_unit(table.to_unit(i)) for i in range(len(text) + 1)] == list(range(len(text) + 1))


@given(TEXT, st.sampled_from(list(OffsetUnit)))
def test_an_offset_that_no_code_point_has_is_refused(text: str, unit: OffsetUnit) -> None:
    table = OffsetTable(text, unit)
    for offset in set(range(table.length + 1)) - {table.to_unit(i) for i in range(len(text) + 1)}:
        with pytest.raises(ValueError, match="inside a"):
            table.from_unit(offset)


@pytest.mark.parametrize(
    ("text", "word", "utf16", "utf8"),
    [
        ("plain word", "word", (6, 10), (6, 10)),
        ("😀 word", "word", (3, 7), (5, 9)),
        ("👨‍👩‍👧 word", "word", (9, 13), (19, 23)),  # three people and two joiners
        ("cafe\u0301 word", "word", (6, 10), (7, 11)),
        ("one\r\nword", "word", (5, 9), (5, 9)),
        ("שלום word", "word", (5, 9), (9, 13)),
        ("𝒜𝒷 word 😀", "word", (5, 9), (9, 13)),
    ],
)
def test_a_word_is_found_after_unusual_characters(
    text: str, word: str, utf16: tuple[int, int], utf8: tuple[int, int]
) -> None:
    start = text.index(word)
    span = Span(start, start + len(word))
    assert OffsetTable(text, OffsetUnit.UTF16).span_to_unit(span) == utf16
    assert OffsetTable(text, OffsetUnit.UTF8).span_to_unit(span) == utf8
    assert OffsetTable(text, OffsetUnit.CODEPOINT).span_to_unit(span) == (span.start, span.end)
    assert OffsetTable(text, OffsetUnit.UTF16).span_from_unit(*utf16) == span


@pytest.mark.parametrize(("unit", "offset"), [(OffsetUnit.UTF16, 2), (OffsetUnit.UTF8, 2), (OffsetUnit.UTF8, 4)])
def test_an_offset_inside_a_character_is_refused(unit: OffsetUnit, offset: int) -> None:
    with pytest.raises(ValueError, match="surrogate pair" if unit is OffsetUnit.UTF16 else "UTF-8 sequence"):
        OffsetTable("a😀b", unit).from_unit(offset)


@pytest.mark.parametrize("unit", list(OffsetUnit))
@pytest.mark.parametrize("offset", [-1, 100])
def test_an_offset_outside_the_text_is_refused(unit: OffsetUnit, offset: int) -> None:
    table = OffsetTable("a😀b", unit)
    for convert in (table.to_unit, table.from_unit):
        with pytest.raises(ValueError, match="outside"):
            convert(offset)

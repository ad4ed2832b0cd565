"""Glossaries from files: every row an entry, or an error that names the line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InputError
from app.core.types import GlossaryEntry, TermKind
from app.names.glossary_file import read_glossary


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "house.csv"


def test_each_row_is_an_entry_with_the_line_it_stands_in(file: Path) -> None:
    file.write_text(
        "source,target,kind,case_sensitive,note\n"
        "machine learning,,keep,,\n\n"
        '"counterfeit, consciousness",artificial intelligence,,true,spun\n'
        "chairman,chair,forbid,no,\n"
    )
    assert read_glossary(file) == (
        GlossaryEntry("machine learning", "", TermKind.KEEP, False, "house/2"),
        GlossaryEntry("counterfeit, consciousness", "artificial intelligence", TermKind.REPLACE, True, "house/4"),
        GlossaryEntry("chairman", "chair", TermKind.FORBID, False, "house/5"),
    )


@pytest.mark.parametrize(
    "data",
    [b"source\ttarget\r\na b\tc, d\r\n", b"\xef\xbb\xbfTarget\tSource\n c, d \ta b\n", b'source,target\na b,"c, d"'],
)
def test_spreadsheets_differ_in_how_they_write_the_same(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    assert read_glossary(file) == (GlossaryEntry("a b", "c, d", TermKind.REPLACE, False, "house/2"),)


def test_a_row_without_a_target_keeps_the_term(file: Path) -> None:
    file.write_text("source\nmachine learning\n")
    assert [entry.kind for entry in read_glossary(file)] == [TermKind.KEEP]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no column `source`"),
        ("a,b\nc,d\n", "line 1: no column `source`"),
        ("source,target\n,b\n", "line 2: `source` is empty"),
        ("source,kind\n\na,swap\n", "line 3: `kind` is none of replace, keep, forbid"),
        ("source,target,kind\na,,replace\n", "line 2: `target` is empty"),
        ("source,case_sensitive\na,perhaps\n", "line 2: `case_sensitive`"),
        ("source,target\na,b,c\n", "line 2: 3 values for 2 columns"),
        ('source,target\n"a,b\n', "no proper CSV"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_glossary(file)
    assert said in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(InputError, match=r"house\.csv cannot be read"):
        read_glossary(file)
    file.write_bytes(b"source\ncaf\xe9\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_glossary(file)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1).filter(
    lambda t: t.strip() == t
)


@given(st.lists(st.tuples(WORDS, WORDS), max_size=5))
def test_what_a_spreadsheet_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([("source", "target"), *rows])
    file = tmp_path_factory.mktemp("terms") / "terms.csv"
    file.write_text(written.getvalue(), encoding="utf-8", newline="")
    assert [(entry.source, entry.target) for entry in read_glossary(file)] == rows

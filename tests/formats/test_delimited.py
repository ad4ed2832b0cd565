from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.errors import InputError
from app.formats.base import PROBLEM, Wanted
from app.formats.registry import FORMATS
from app.formats.storage import Opener
from tests.formats.twins import locate, repair_file

CSV, TSV = FORMATS["csv"], FORMATS["tsv"]


def parse(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_rows_keep_their_quoting_and_values(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text,"x"\r\n007,"He goed, \r\nthen left.",\'\r\n"8",fine,""\r\n')
    data, _ = repair_file(CSV, path, tmp_path)
    assert data.startswith(b'id,text,"x",text_repaired,repair_status')
    assert b'007,"He goed, \r\nthen left.",\',"He went, \r\nthen left.",repaired' in data
    rows = parse(data)
    assert [len(row) for row in rows] == [9, 9, 9]
    assert rows[2][:4] == ["8", "fine", "", "fine"]


def test_in_place_a_row_without_an_edit_is_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,n\nHe goed,'1'\n\"fine\", 2 \n")
    data, _ = repair_file(CSV, path, tmp_path, Wanted(in_place=True))
    assert data == b"text,n\nHe went,'1'\n\"fine\", 2 \n"


def test_in_place_only_the_cell_with_the_edit_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'uid,text,code\r\n"7","He ""goed"",\nthen left.","0012"\r\n"8",He goed,"a"b\r\n')
    data, _ = repair_file(CSV, path, tmp_path, Wanted(in_place=True))
    assert data == path.read_bytes().replace(b"goed", b"went")


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("rest", [b"", b'5,"fifth"\n'])
def test_a_row_whose_quotation_mark_is_left_open_is_kept_and_named(tmp_path: Path, in_place: bool, rest: bytes) -> None:
    path = tmp_path / "a.csv"
    left = b'2,"never closed, he goed\n3,third\n4,fourth\n' + rest
    path.write_bytes(b"uid,text\n1,He goed.\n" + left)
    wanted = Wanted(in_place=in_place)
    data, plan = repair_file(CSV, path, tmp_path, wanted)
    assert b"He went." in data
    assert data.endswith(left)
    with Opener() as opener:
        (batch,) = CSV.read(plan, plan.units[0], wanted, opener)
    problems = batch.column(PROBLEM).to_pylist()
    assert problems[0] is None
    assert problems[1].startswith("a quotation mark is left open")


def test_a_first_line_whose_quotation_mark_is_left_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,"id\nHe goed,1\n')
    with pytest.raises(InputError, match="line 1: a quotation mark is left open"):
        CSV.plan(locate(path), Wanted(), 100)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,body\n1,x\n")
    with pytest.raises(InputError, match="no column `text`; the first line names id, body"):
        CSV.plan(locate(path), Wanted(), 100)


@pytest.mark.parametrize("head", [b"id;text", b'"id";"text"', b"a,b;text"])
def test_semicolons_are_told_apart_by_the_name_of_the_format(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(head + b'\n1;"He goed; then\nleft, 1"\n2;fine\n')
    with pytest.raises(InputError, match="parted by semicolons; say so with --format csv-semicolon"):
        CSV.plan(locate(path), Wanted(), 1 << 20)
    data, plan = repair_file(FORMATS["csv-semicolon"], path, tmp_path)
    assert sum(unit.rows for unit in plan.units) == 2
    assert data.startswith(head + b";text_repaired;repair_status;")
    assert b'1;"He goed; then\nleft, 1";"He went; then\nleft, 1";repaired;' in data
    data, _ = repair_file(FORMATS["csv-semicolon"], path, tmp_path, Wanted(in_place=True))
    assert data == path.read_bytes().replace(b"goed", b"went")


def test_a_file_in_utf_16_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,text\n1,Fine.\n".encode("utf-16"))
    with pytest.raises(InputError, match=r"a\.csv: not UTF-8 but UTF-16; convert it first, such as: iconv -f UTF-16"):
        CSV.plan(locate(path), Wanted(), 1 << 20)


def test_a_row_with_too_few_values_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1\n2,He goed\n")
    data, _ = repair_file(CSV, path, tmp_path)
    assert data.splitlines()[1] == b"1"
    assert parse(data)[2][2] == "He went"


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbftext\nHe goed\n")
    data, _ = repair_file(CSV, path, tmp_path)
    assert parse(data)[0][0] == "text"
    assert parse(data)[1][1] == "He went"


def test_quotation_marks_mean_nothing_in_tsv(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('text\tn\n"He goed\t5"\nHe said "goed"\t6\n')
    data, _ = repair_file(TSV, path, tmp_path)
    lines = data.decode().splitlines()
    assert lines[1].split("\t")[:3] == ['"He goed', '5"', '"He went']
    assert len(lines) == 3


_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=8), unit_bytes=st.integers(1, 60))
def test_values_and_order_survive_any_units(tmp_path: Path, rows: list[tuple[str, str]], unit_bytes: int) -> None:
    path = tmp_path / "law.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows((first, f"He goed {text}") for first, text in rows)
    data, plan = repair_file(CSV, path, tmp_path, unit_bytes=unit_bytes)
    found = parse(data)[1:]
    assert [(row[0], row[1]) for row in found] == [(first, f"He goed {text}") for first, text in rows]
    assert all(row[2].startswith("He went") for row in found)
    assert sum(unit.rows for unit in plan.units) == len(rows)
    data, _ = repair_file(CSV, path, tmp_path, Wanted(in_place=True), unit_bytes)
    assert data == path.read_bytes().replace(b"He goed ", b"He went ")

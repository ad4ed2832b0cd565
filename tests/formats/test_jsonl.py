from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.errors import InputError
from app.corpus.batch import added_columns
from app.formats.base import FilePlan, Wanted
from app.formats.jsonl import JsonLines
from app.formats.storage import Location, Opener, Stamp
from tests.formats.twins import locate, repair_file

FORM = JsonLines()
ROW = '{"id": 1, "text": "He goed home.", "n": 1.0, "big": 123456789012345678901, "é": "\\u00e9"}\n'


def rows_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines() if line.strip()]


def test_what_is_not_added_stays_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(ROW, encoding="utf-8")
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode().startswith(ROW.rstrip("\n").removesuffix("}"))
    (row,) = rows_of(data)
    assert row["text_repaired"] == "He went home."
    assert row["repair_status"] == "repaired"
    assert row["repair_edits"][0]["original"] == "goed"
    assert list(row)[-6:] == [
        "text_repaired", "repair_status", "repair_confidence", "repair_edits", "repair_model", "repair_reason",
    ]  # fmt: skip


def test_in_place_only_the_value_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(ROW + '{"text" : "A \\u0022fine\\u0022 day." }\n', encoding="utf-8")
    data, _ = repair_file(FORM, path, tmp_path, Wanted(in_place=True))
    assert data.decode() == ROW.replace("goed", "went") + '{"text" : "A \\u0022fine\\u0022 day." }\n'


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b'{"id": 1}\n', "no `text` field"),
        (b'{"text": 5}\n', "`text` is a number"),
        (b"[1, 2]\n", "not a JSON object but a list"),
        (b'{"text": "a\n', "not valid JSON"),
        (b'{"text": "a \xff"}\n', "not valid UTF-8 at byte 12"),
    ],
)
def test_a_bad_row_is_kept_and_named(tmp_path: Path, row: bytes, problem: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(ROW.encode() + row + ROW.encode())
    plan = FORM.plan(locate(path), Wanted(), 1 << 20)
    with Opener() as opener:
        batch = next(FORM.read(plan, plan.units[0], Wanted(), opener))
    assert problem in batch.column("mt_repair_problem").to_pylist()[1]
    assert batch.column("mt_repair_line").to_pylist() == [1, 2, 3]
    data, _ = repair_file(FORM, path, tmp_path)
    lines = data.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith(row.rstrip(b"\n}"))


def test_blank_lines_and_a_missing_last_line_feed_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n" + ROW + "\n" + ROW.rstrip("\n"), encoding="utf-8")
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode().count("\n") == 3
    assert not data.endswith(b"\n")


def test_a_field_that_no_row_has_is_said_before_the_run(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"body": "x"}\n' * 3)
    with pytest.raises(InputError, match="there are body; name the right one with --field"):
        FORM.plan(locate(path), Wanted(), 1 << 20)


def test_columns_of_an_earlier_repair_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "repair_status": "repaired"}\n')
    with pytest.raises(InputError, match="has already the column repair_status"):
        repair_file(FORM, path, tmp_path)


def typed_rows(path: Path) -> list[dict[str, Any]]:
    wanted = Wanted(typed=True)
    plan = FORM.plan(locate(path), wanted, 1 << 20)
    with Opener() as opener:
        return [
            row for unit in plan.units for batch in FORM.read(plan, unit, wanted, opener) for row in batch.to_pylist()
        ]


@pytest.mark.parametrize(
    "row",
    [
        '{"text": "x", "id": 9223372036854775808}',
        '{"text": "x", "id": 9007199254740993}\n{"text": "x", "id": 1.5}',
        '{"text": "x", "id": [{"n": 123456789012345678901234567890}]}',
    ],
)
def test_a_whole_number_that_a_table_would_round_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x"}\n' + row + "\n")
    with pytest.raises(InputError, match=r"a\.jsonl, line 2: a number in `id` would be rounded .* JSON Lines instead"):
        typed_rows(path)


def test_other_numbers_go_into_a_table_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {"text": "x 9223372036854775808", "id": 9007199254740993, "share": 0.12345678901234567, "no": [{"n": True}]}
    path.write_text(json.dumps(row) + "\n")
    assert typed_rows(path) == [row]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.timestamp("ns"), 0, "1970-01-01T00:00:00"),  # as of any other unit
        (pa.timestamp("ns"), 1_000, "1970-01-01T00:00:00.000001"),
        (pa.timestamp("ns"), 1, "1970-01-01T00:00:00.000000001"),
        (pa.timestamp("ns"), -1, "1969-12-31T23:59:59.999999999"),
        (pa.timestamp("ns", "UTC"), 1, "1970-01-01T00:00:00.000000001Z"),
        (pa.timestamp("ns", "Europe/Berlin"), 10**18 + 1, "2001-09-09T03:46:40.000000001+02:00"),
        (pa.time64("ns"), 1, "00:00:00.000000001"),
        (pa.duration("ns"), 86_400 * 10**9 + 1, "1 day, 0:00:00.000000001"),
        (pa.timestamp("ns"), None, None),
        (pa.list_(pa.timestamp("ns")), [1, None], ["1970-01-01T00:00:00.000000001", None]),
        (pa.struct([("a", pa.timestamp("ns"))]), {"a": 1}, {"a": "1970-01-01T00:00:00.000000001"}),
        (pa.map_(pa.string(), pa.timestamp("ns")), [("k", 1)], [["k", "1970-01-01T00:00:00.000000001"]]),
    ],
)
def test_a_table_with_nanoseconds_loses_none(kind: pa.DataType, value: Any, expected: Any) -> None:
    plan = FilePlan(Location("a.parquet", "a.jsonl"), "parquet", Stamp(0, ""), "", ())
    sink = io.BytesIO()
    writer = FORM.writer(sink, plan, Wanted(typed=True), added_columns("text"))
    writer.write(pa.RecordBatch.from_pydict({"a": ["x"], "when": pa.array([value], kind), "z": [1]}))
    writer.close()
    assert list(json.loads(sink.getvalue()).items()) == [("a", "x"), ("when", expected), ("z", 1)]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_the_units_do_not_show_in_the_output(tmp_path: Path, suffix: str) -> None:
    content = "".join(ROW.replace('"id": 1', f'"id": {i}') for i in range(200)).encode()
    path = tmp_path / f"a.jsonl{suffix}"
    if suffix == ".gz":
        path.write_bytes(gzip.compress(content[:5000]) + gzip.compress(content[5000:]))  # two members
    elif suffix == ".zst":
        path.write_bytes(zstandard.compress(content))
    else:
        path.write_bytes(content)

    def plain(data: bytes) -> bytes:
        if suffix == ".gz":
            return gzip.decompress(data)
        if suffix == ".zst":
            return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
        return data

    one, plan_of_one = repair_file(FORM, path, tmp_path)
    many, plan_of_many = repair_file(FORM, path, tmp_path, unit_bytes=1000)
    assert len(plan_of_one.units) == 1
    assert len(plan_of_many.units) > 10
    assert plain(one) == plain(many)
    assert [row["id"] for row in rows_of(plain(one))] == list(range(200))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_data_that_is_cut_off_is_named_with_the_rows_before(tmp_path: Path, suffix: str) -> None:
    content = "".join(ROW.replace('"id": 1', f'"id": {i * 7919}') for i in range(20_000)).encode()
    path = tmp_path / f"a.jsonl{suffix}"
    data = gzip.compress(content) if suffix == ".gz" else zstandard.compress(content)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"cut off or damaged.*rows before that can be read"):
        FORM.plan(locate(path), Wanted(), 1 << 20)


def test_of_a_file_that_is_cut_off_all_whole_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    rows = "".join(ROW.replace('"id": 1', f'"id": {i * 7919}') for i in range(300))
    path.write_bytes(gzip.compress(rows.encode())[:-20])
    with pytest.raises(InputError, match=r"29\d rows before that can be read"):
        FORM.plan(locate(path), Wanted(), 1 << 20)


def test_a_file_that_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(ROW)
    plan = FORM.plan(locate(path), Wanted(), 1 << 20)
    path.write_text(ROW * 2)
    with pytest.raises(InputError, match="changed since the run was planned"):
        list(FORM.read(plan, plan.units[0], Wanted(), Opener()))
    path.unlink()
    with pytest.raises(InputError, match="the file is gone"):
        list(FORM.read(plan, plan.units[0], Wanted(), Opener()))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_ROWS = st.lists(
    st.builds(
        lambda more, text: {**more, "text": text},
        st.dictionaries(st.text(max_size=5).filter(lambda k: k != "text"), _VALUES, max_size=4),
        # Without figures: a line of little else is a table's, and left alone.
        st.text(st.characters(exclude_categories=["Cs", "Nd", "Nl", "No"]), max_size=30).map(lambda t: f"He goed. {t}"),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_ROWS, unit_bytes=st.integers(1, 300), in_place=st.booleans(), ascii_only=st.booleans())
def test_every_row_comes_back_with_everything_it_had(
    tmp_path: Path, rows: list[dict[str, Any]], unit_bytes: int, in_place: bool, ascii_only: bool
) -> None:
    path = tmp_path / "law.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=ascii_only) + "\n" for r in rows), encoding="utf-8")
    data, _ = repair_file(FORM, path, tmp_path, Wanted(in_place=in_place), unit_bytes)
    lines = data.decode().split("\n")[:-1]
    assert len(lines) == len(rows)
    for before, line in zip(rows, lines, strict=True):
        after = json.loads(line)
        if in_place:
            assert list(after) == list(before)
            assert {k: v for k, v in after.items() if k != "text"} == {k: v for k, v in before.items() if k != "text"}
            assert after["text"].startswith("He went.")
        else:
            assert {k: after[k] for k in before} == before
            assert after["text_repaired"].startswith("He went.")

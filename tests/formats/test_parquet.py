from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.core.errors import InputError
from app.corpus.batch import added_columns
from app.formats.base import FilePlan, Wanted
from app.formats.parquet import Parquet, _Group
from app.formats.storage import Opener
from tests.formats.twins import locate, repair_file

FORM = Parquet()


def make_table(rows: int = 1000) -> pa.Table:
    schema = pa.schema(
        [
            pa.field("id", pa.int16(), nullable=False),
            pa.field("when", pa.timestamp("ms", tz="UTC")),
            pa.field("text", pa.large_string(), metadata={b"note": b"kept"}),
            pa.field("tags", pa.list_(pa.struct([("k", pa.string()), ("v", pa.decimal128(9, 2))]))),
            pa.field("lang", pa.dictionary(pa.int8(), pa.string())),
        ],
        metadata={b"owner": b"us", b"huggingface": b"{}"},
    )
    values = {
        "id": list(range(rows)),
        "when": [i * 1000 for i in range(rows)],
        "text": [None if i % 50 == 7 else f"He goed home {i} times." for i in range(rows)],
        "tags": [[{"k": "a", "v": None}]] * rows,
        "lang": ["en"] * rows,
    }
    return pa.table({n: pa.array(v, schema.field(n).type) for n, v in values.items()}, schema=schema)


def write(table: pa.Table, path: Path, group: int) -> None:
    pq.write_table(table, path, row_group_size=group)


def test_columns_types_order_and_metadata_are_kept(tmp_path: Path) -> None:
    table = make_table()
    write(table, tmp_path / "a.parquet", 300)
    data, plan = repair_file(FORM, tmp_path / "a.parquet", tmp_path)
    after = pq.read_table(io.BytesIO(data))
    names = table.schema.names
    assert after.schema.names == [*names, *added_columns("text").names]
    assert after.select(names).replace_schema_metadata(None).equals(table.replace_schema_metadata(None))
    assert after.schema.field("text").metadata[b"note"] == b"kept"
    assert after.schema.metadata == {b"owner": b"us"}
    repaired = after.column("text_repaired").to_pylist()
    assert repaired[0] == "He went home 0 times."
    assert repaired[7] is None
    groups = [pq.ParquetFile(io.BytesIO(data)).metadata.row_group(i).num_rows for i in range(len(plan.units))]
    assert groups == [300, 300, 300, 100]


def test_in_place_the_schema_is_that_of_the_input(tmp_path: Path) -> None:
    table = make_table()
    write(table, tmp_path / "a.parquet", 300)
    data, _ = repair_file(FORM, tmp_path / "a.parquet", tmp_path, Wanted(in_place=True))
    after = pq.read_table(io.BytesIO(data))
    assert after.schema.equals(table.schema)
    assert after.column("text").to_pylist()[0] == "He went home 0 times."


def test_a_large_row_group_is_many_units_with_the_same_rows(tmp_path: Path) -> None:
    write(make_table(), tmp_path / "a.parquet", 1000)
    one, _ = repair_file(FORM, tmp_path / "a.parquet", tmp_path)
    many, plan = repair_file(FORM, tmp_path / "a.parquet", tmp_path, unit_bytes=1000)
    assert len(plan.units) > 5
    assert pq.read_table(io.BytesIO(one)).equals(pq.read_table(io.BytesIO(many)))
    assert pq.ParquetFile(io.BytesIO(many)).num_row_groups == 1


@pytest.mark.parametrize("order", [1, -1])
def test_units_are_read_in_any_order_and_a_group_is_decoded_once_in_theirs(
    tmp_path: Path, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    begin = _Group.__init__

    def counting(self: _Group, plan: FilePlan, group: int) -> None:
        opened.append(group)
        begin(self, plan, group)

    monkeypatch.setattr(_Group, "__init__", counting)
    write(make_table(), tmp_path / "a.parquet", 400)
    form = Parquet()
    plan = form.plan(locate(tmp_path / "a.parquet"), Wanted(), 1000)
    assert len(plan.units) > 6
    with Opener() as opener:
        parts = [pa.Table.from_batches(form.read(plan, unit, Wanted(), opener)) for unit in plan.units[::order]]
    assert pa.concat_tables(parts[::order]).equals(make_table().replace_schema_metadata(parts[0].schema.metadata))
    assert len(opened) == (3 if order == 1 else len(plan.units))


def test_row_groups_are_written_as_read_up_to_what_fits_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def groups_of(data: bytes) -> list[int]:
        metadata = pq.ParquetFile(io.BytesIO(data)).metadata
        return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]

    write(make_table(), tmp_path / "a.parquet", 300)
    data, plan = repair_file(FORM, tmp_path / "a.parquet", tmp_path, unit_bytes=1000)
    assert len(plan.units) > 8
    assert groups_of(data) == [300, 300, 300, 100]
    monkeypatch.setattr("app.formats.parquet._MAX_GROUP_BYTES", 20_000)
    bounded, _ = repair_file(FORM, tmp_path / "a.parquet", tmp_path, unit_bytes=1000)
    assert len(groups_of(bounded)) > 4
    assert pq.read_table(io.BytesIO(bounded)).equals(pq.read_table(io.BytesIO(data)))


def test_the_schema_is_the_same_without_any_row(tmp_path: Path) -> None:
    write(make_table(0), tmp_path / "a.parquet", 10)
    write(make_table(5), tmp_path / "b.parquet", 10)
    none, _ = repair_file(FORM, tmp_path / "a.parquet", tmp_path)
    some, _ = repair_file(FORM, tmp_path / "b.parquet", tmp_path)
    assert pq.read_schema(io.BytesIO(none)).equals(pq.read_schema(io.BytesIO(some)), check_metadata=True)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"body": ["x"]}), "no column `text`; there are body"),
        (pa.table({"text": [1]}), "column `text` is int64, no text"),
        (pa.table({"text": ["x"], "repair_status": ["y"]}), "has already the column repair_status"),
    ],
)
def test_a_table_that_cannot_be_repaired_is_refused(tmp_path: Path, table: pa.Table, message: str) -> None:
    write(table, tmp_path / "a.parquet", 10)
    with pytest.raises(InputError, match=message):
        repair_file(FORM, tmp_path / "a.parquet", tmp_path)


def test_a_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    write(make_table(), tmp_path / "a.parquet", 300)
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"a\.parquet: not a Parquet file, or cut off"):
        FORM.plan(locate(tmp_path / "a.parquet"), Wanted(), 1000)

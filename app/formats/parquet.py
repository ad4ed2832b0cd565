"""Parquet: every column, its type and the schema's metadata are kept; row groups are written as read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.core.errors import InputError
from app.formats.base import (
    HIDDEN,
    FilePlan,
    Format,
    Unit,
    Wanted,
    Writer,
    check_free,
    check_unchanged,
    pack_schema,
    sha256_of,
    unit_size,
    unpack_schema,
)
from app.formats.storage import Location, Opener, open_raw, stamp

_BATCH_ROWS = 256
_MAX_GROUP_ROWS = 1 << 20
_MAX_GROUP_BYTES = 1 << 28  # of one row group in memory, however large the one that was read
_GROUP_BYTES = 1 << 25  # of one row group that is made of rows of another format
_GROUP = b"mt_repair.group"  # of a part: the row group that its rows come from
_STALE_METADATA = b"huggingface"  # lists the columns, so it would contradict the ones that are added
_STRINGS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


class Parquet(Format):
    """A columnar file; its units are ranges of rows."""

    name = "parquet"
    suffixes = frozenset({".parquet", ".pq"})

    def __init__(self) -> None:
        self._last: _Group | None = None  # of this process, which repairs one unit after the other

    def plan(self, location: Location, wanted: Wanted, unit_bytes: int) -> FilePlan:
        found = stamp(location.url)
        with open_raw(location.url) as file:
            try:
                parquet = pq.ParquetFile(file)
            except (pa.ArrowInvalid, OSError) as exc:
                raise InputError(f"{location.url}: not a Parquet file, or cut off: {exc}") from exc
            metadata, schema = parquet.metadata, parquet.schema_arrow
            _check_field(schema, wanted.field, location.url)
            columns = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
            units = tuple(_cut(metadata, columns.index(wanted.field), unit_bytes))
            size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        digest = sha256_of(location.url)
        return FilePlan(location, self.name, found, digest, units, schema=pack_schema(schema), bytes=size)

    def read(self, plan: FilePlan, unit: Unit, wanted: Wanted, opener: Opener) -> Iterator[pa.RecordBatch]:
        check_unchanged(plan)
        try:
            yield from self._reach(plan, unit).rows(unit.start, unit.end)
        except (pa.ArrowInvalid, OSError) as exc:
            raise InputError(f"{plan.location.url}, rows from {unit.first_row}: damaged: {exc}") from exc

    def _reach(self, plan: FilePlan, unit: Unit) -> _Group:
        """The row group of a unit; where the last unit came before it in the same one, it is read on."""
        last, self._last = self._last, None
        if last is not None and (last.key != (plan.location.url, plan.sha256, unit.group) or last.row > unit.start):
            last.close()
            last = None
        self._last = last or _Group(plan, unit.group)
        return self._last

    def writer(self, sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Writer:
        return ParquetPart(sink, plan.units[0].group if plan.units else 0)

    def join(self, parts: Iterator[str], sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> None:
        writer: pq.ParquetWriter | None = None
        most = _MAX_GROUP_BYTES if plan.format == self.name else _GROUP_BYTES
        for table in _row_groups(parts, most):
            writer = writer or _writer(sink, table.schema)
            writer.write_table(table, row_group_size=_MAX_GROUP_ROWS)
        if writer is None:
            schema = unpack_schema(plan.schema)
            if not wanted.in_place:
                check_free(schema.names, added, plan.location.url)
                schema = pa.schema([*schema, *added], metadata=_metadata(schema))
            writer = _writer(sink, schema)
        writer.close()


class ParquetPart:
    """Writes the rows of a unit as one row group; they are collected in memory, and the size of a unit bounds them."""

    def __init__(self, sink: IO[bytes], group: int) -> None:
        self._sink, self._group = sink, str(group).encode()
        self._batches: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the rows of a repaired batch."""
        batch = batch.select([name for name in batch.schema.names if name not in HIDDEN])
        metadata = (_metadata(batch.schema) or {}) | {_GROUP: self._group}
        self._batches.append(batch.replace_schema_metadata(metadata))

    def close(self) -> None:
        """Write the row group and the footer."""
        if not self._batches:
            return  # a unit without rows, such as WARC records without text: an empty part
        table = pa.Table.from_batches(self._batches).combine_chunks()
        with _writer(self._sink, table.schema) as writer:
            writer.write_table(table, row_group_size=_MAX_GROUP_ROWS)


def _row_groups(parts: Iterator[str], most_bytes: int) -> Iterator[pa.Table]:
    """Neighbouring parts that come from one row group, put together up to so many bytes."""
    tables: list[pa.Table] = []
    size, group = 0, None
    for part in parts:
        if os.path.getsize(part) == 0:
            continue
        with pq.ParquetFile(part, pre_buffer=False) as file:
            table = file.read(use_threads=False)
        metadata = dict(table.schema.metadata or {})
        its_group = metadata.pop(_GROUP, None)
        table = table.replace_schema_metadata(metadata or None)
        if tables and (its_group != group or size + table.nbytes > most_bytes):
            yield pa.concat_tables(tables)
            tables, size = [], 0
        tables.append(table)
        size, group = size + table.nbytes, its_group
    if tables:
        yield pa.concat_tables(tables)


def _metadata(schema: pa.Schema) -> dict[bytes, bytes] | None:
    return {k: v for k, v in (schema.metadata or {}).items() if k != _STALE_METADATA} or None


def _check_field(schema: pa.Schema, field: str, url: str) -> None:
    if field not in schema.names:
        raise InputError(f"{url}: no column `{field}`; there are {', '.join(schema.names)}")
    kind = schema.field(field).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not any(check(kind) for check in _STRINGS):
        raise InputError(f"{url}: column `{field}` is {kind}, no text")


def _cut(metadata: Any, column: int, unit_bytes: int) -> Iterator[Unit]:
    """Units: a row group, or a part of a large one."""
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    left = sum(info.column(column).total_uncompressed_size for info in groups)
    row = 0
    for group, info in enumerate(groups):
        size, end = info.column(column).total_uncompressed_size, row + info.num_rows
        while row < end:
            share = unit_size(left, unit_bytes) / max(1, size)  # of the group
            rows = max(1, round(info.num_rows * share))
            rows = end - row if end - row < 1.5 * rows else rows
            yield Unit(row, row + rows, row + 1, rows, group=group)
            row += rows
            left -= size * rows // info.num_rows


class _Group:
    """The rows of one row group, decoded once from its beginning on, however many units it is cut into."""

    def __init__(self, plan: FilePlan, group: int) -> None:
        self.key = (plan.location.url, plan.sha256, group)
        self._stream = open_raw(plan.location.url)
        file = pq.ParquetFile(self._stream, pre_buffer=False, buffer_size=1 << 20)
        self.row = sum(file.metadata.row_group(before).num_rows for before in range(group))  # the next one
        self._batches = file.iter_batches(_BATCH_ROWS, row_groups=[group], use_threads=False)
        self._left: pa.RecordBatch | None = None  # what a unit left of the last batch

    def rows(self, start: int, end: int) -> Iterator[pa.RecordBatch]:
        """The rows of the file from ``start`` up to ``end``; those before it are passed over."""
        while self.row < end:
            batch = self._left if self._left is not None else next(self._batches, None)
            if batch is None:
                raise pa.ArrowInvalid("fewer rows than its footer says")
            taken = min(end - self.row, batch.num_rows)
            first = min(max(start - self.row, 0), taken)
            self._left = batch.slice(taken) if taken < batch.num_rows else None
            self.row += taken
            if first < taken:
                yield batch.slice(first, taken - first)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _writer(sink: IO[bytes], schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(sink, schema, compression="zstd", write_page_index=True)

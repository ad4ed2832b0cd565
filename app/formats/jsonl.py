"""JSON Lines: one object a line. What is not repaired stays byte for byte as it was."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.json

from app.core.errors import InputError
from app.core.json_values import value_span, with_value
from app.formats.base import (
    HIDDEN,
    PROBLEM,
    RAW,
    FilePlan,
    RowFormat,
    RowWriter,
    Wanted,
    Writer,
    check_free,
    counted,
    pack_schema,
    raw_batch,
    read_row,
    unpack_schema,
)
from app.formats.storage import Location, Opener

_BOM = b"\xef\xbb\xbf"
_SCHEMA_BYTES = 1 << 26  # as much of a file is looked at to learn the types of its columns
_ROWS_TO_SEE_A_FIELD = 100  # none of them has it: the field is misspelt
_EXACT = 1 << 53  # up to here a double holds every whole number
_LONG_NUMBER = re.compile(rb"[0-9]{16}")  # as _EXACT has


class JsonLines(RowFormat):
    """Rows are objects; the added columns are put in before the closing brace."""

    name = "jsonl"
    suffixes = frozenset({".jsonl", ".ndjson", ".jsonlines"})

    def plan(self, location: Location, wanted: Wanted, unit_bytes: int) -> FilePlan:
        with Opener() as opener:
            rows = itertools.islice(counted(self.split(opener.open(location), location.url)), _ROWS_TO_SEE_A_FIELD)
            problems = [problem for row in rows if row.strip() for _, problem in [_text_of(row, wanted.field)]]
        if problems and all((problem or "").startswith("no ") for problem in problems):
            raise InputError(f"{location.url}: {problems[0]}; name the right one with --field")
        return super().plan(location, wanted, unit_bytes)

    def split(self, stream: Any, url: str) -> Iterator[bytes]:
        number = 1
        while line := read_row(stream, url, number):
            yield line
            number += 1

    def schema(self, rows: Iterator[bytes], header: bytes, wanted: Wanted, url: str) -> bytes:
        sample, size = [], 0
        for row in rows:
            sample.append(row.removeprefix(_BOM))
            size += len(row)
            if size >= _SCHEMA_BYTES:
                break
        try:
            table = pyarrow.json.read_json(io.BytesIO(b"".join(sample)), _options(None)[0])
        except pa.ArrowInvalid as exc:
            raise InputError(f"{url}: the rows do not fit one table: {exc}; write JSON Lines instead") from exc
        if wanted.field not in table.schema.names:
            raise InputError(f"{url}: no `{wanted.field}` in any row; there are {', '.join(table.schema.names)}")
        return pack_schema(table.schema)

    def decode(self, rows: Sequence[bytes], plan: FilePlan, wanted: Wanted, first_line: int) -> pa.RecordBatch:
        if wanted.typed:
            return _typed(rows, plan, first_line)
        read = [_text_of(row, wanted.field) for row in rows]
        return raw_batch(wanted.field, [text for text, _ in read], rows, [problem for _, problem in read], first_line)

    def encode(self, batch: pa.RecordBatch, plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Iterator[bytes]:
        new = batch.select([wanted.field] if wanted.in_place else added.names).to_pylist()
        problems = batch.column(PROBLEM).to_pylist()
        for raw, values, problem in zip(batch.column(RAW).to_pylist(), new, problems, strict=True):
            if not raw.strip() or (problem or "").startswith("not "):
                yield raw  # a blank line, or no object: there is no place to add anything
            elif wanted.in_place:
                yield raw if problem else _replace(raw, wanted.field, values[wanted.field])
            else:
                yield _extend(raw, values, plan.location.url, added)

    def writer(self, sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Writer:
        if wanted.typed:
            return RowWriter(sink, plan.location.codec, _objects)
        return super().writer(sink, plan, wanted, added)


def _options(schema: pa.Schema | None) -> tuple[Any, Any]:
    read = pyarrow.json.ReadOptions(use_threads=False, block_size=1 << 28)
    parse = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error" if schema else "infer")
    return read, parse


def _typed(rows: Sequence[bytes], plan: FilePlan, first_line: int) -> pa.RecordBatch:
    """Rows as real columns of the file's schema."""
    schema = unpack_schema(plan.schema)
    for number, row in enumerate(rows, first_line):
        _check_whole_numbers(row, schema, f"{plan.location.url}, line {number}")
    data = [row.removeprefix(_BOM).rstrip(b"\r\n") + b"\n" for row in rows if row.strip()]
    if not data:
        return pa.RecordBatch.from_pylist([], schema)
    try:
        table = pyarrow.json.read_json(io.BytesIO(b"".join(data)), *_options(schema))
    except pa.ArrowInvalid:
        for number, row in enumerate(rows, first_line):  # say which row it is
            try:
                if row.strip():
                    pyarrow.json.read_json(io.BytesIO(row.removeprefix(_BOM)), *_options(schema))
            except pa.ArrowInvalid as exc:
                raise InputError(
                    f"{plan.location.url}, line {number}: does not fit the table ({exc}); write JSON Lines instead"
                ) from exc
        raise
    return table.combine_chunks().to_batches()[0]


def _check_whole_numbers(row: bytes, schema: pa.Schema, where: str) -> None:
    """Raise ``InputError`` where the table would round a whole number, since it is too large for an integer or shares
    its column with fractions."""
    if _LONG_NUMBER.search(row) is None:
        return
    try:
        members = json.loads(row.removeprefix(_BOM))
    except ValueError:  # reported with the table
        return
    for name, value in members.items() if isinstance(members, dict) else ():
        if name in schema.names and _is_rounded(value, schema.field(name).type):
            raise InputError(f"{where}: a number in `{name}` would be rounded in the table; write JSON Lines instead")


def _is_rounded(value: object, kind: pa.DataType) -> bool:
    """Whether a whole number in a value is too large for a column of fractions."""
    if isinstance(value, dict) and pa.types.is_struct(kind):
        inner = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
        return any(_is_rounded(v, inner[name]) for name, v in value.items() if name in inner)
    if isinstance(value, list) and pa.types.is_list(kind):
        return any(_is_rounded(one, kind.value_type) for one in value)
    return isinstance(value, int) and pa.types.is_floating(kind) and abs(value) > _EXACT


def _text_of(row: bytes, field: str) -> tuple[str | None, str | None]:
    """The text of a row and what is wrong with it."""
    if not row.strip():
        return None, None
    try:
        value = orjson.loads(row.removeprefix(_BOM))
    except orjson.JSONDecodeError as exc:
        try:
            row.decode()
        except UnicodeDecodeError as bad:
            return None, f"not valid UTF-8 at byte {bad.start} of the row"
        return None, f"not valid JSON: {exc.msg} at character {exc.pos}"
    if not isinstance(value, dict):
        return None, f"not a JSON object but {_kind(value)}"
    if field not in value:
        return None, f"no `{field}` field; there are {', '.join(value) or 'none'}"
    text = value[field]
    if text is None or isinstance(text, str):
        return text, None
    return None, f"`{field}` is {_kind(text)}, no string"


def _kind(value: object) -> str:
    names: dict[type, str] = {list: "a list", dict: "an object", bool: "true or false", str: "a string"}
    return names.get(type(value), "null" if value is None else "a number")


def _extend(raw: bytes, values: dict[str, Any], url: str, added: pa.Schema) -> bytes:
    """Put members in before the closing brace of an object."""
    brace = raw.rindex(b"}")
    if any(f'"{name}"'.encode() in raw for name in added.names):
        check_free(list(orjson.loads(raw.removeprefix(_BOM))), added, url)
    body = orjson.dumps(values)[1:]
    glue = b"," if raw[:brace].removeprefix(_BOM).strip() != b"{" else b""
    return raw[:brace].rstrip() + glue + body + raw[brace + 1 :]


def _replace(raw: bytes, field: str, text: str | None) -> bytes:
    """Put another value in for one member of an object; everything else stays as it was written."""
    source = raw.decode()
    if json.loads(value_span(source, field).of(source)) == text:
        return raw
    return with_value(source, field, text).encode()


def _objects(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Rows of any other format as objects."""
    visible = [field for field in batch.schema if field.name not in HIDDEN]
    columns = {
        # a datetime of Python ends at the microsecond
        field.name: [_value(one) for one in batch.column(field.name)]
        if "[ns" in str(field.type)
        else batch.column(field.name).to_pylist()
        for field in visible
    }
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        yield orjson.dumps(row, default=_plain, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _value(scalar: Any) -> object:
    """A value that may hold nanoseconds: those that a type of Python would lose are written out."""
    if not scalar.is_valid:
        return None
    if isinstance(scalar, pa.DictionaryScalar):
        return _value(scalar.value)
    if isinstance(scalar, pa.StructScalar):
        return {name: _value(one) for name, one in scalar.items()}
    if isinstance(scalar, pa.MapScalar):
        return [[_value(one) for one in entry.values()] for entry in scalar.values]
    if isinstance(scalar, pa.ListScalar):
        return [_value(one) for one in scalar.values]
    if getattr(scalar.type, "unit", None) != "ns":
        return scalar.as_py()
    microseconds, nanoseconds = divmod(scalar.value, 1000)
    if isinstance(scalar, pa.TimestampScalar):
        value = pa.scalar(microseconds, pa.timestamp("us", scalar.type.tz)).as_py()
    elif isinstance(scalar, pa.DurationScalar):
        value = pa.scalar(microseconds, pa.duration("us")).as_py()
    else:
        value = pa.scalar(microseconds, pa.time64("us")).as_py()
    if not nanoseconds:
        return value
    if isinstance(value, timedelta):
        return f"{value}{'' if value.microseconds else '.000000'}{nanoseconds:03}"
    text = value.isoformat(timespec="microseconds")
    end = text.index(".") + 7
    zone = text[end:]
    return f"{text[:end]}{nanoseconds:03}{'Z' if zone == '+00:00' else zone}"


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)

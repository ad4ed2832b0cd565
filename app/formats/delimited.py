"""CSV and TSV with a header line. A value is text, whatever it looks like; rows keep their quoting."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pyarrow as pa

from app.core.errors import InputError
from app.formats.base import (
    MAX_ROW_BYTES,
    PROBLEM,
    RAW,
    FilePlan,
    RowFormat,
    Wanted,
    check_free,
    pack_schema,
    raw_batch,
    read_row,
)

_BOM = "\ufeff"


class Delimited(RowFormat):
    """Rows of values between delimiters.

    Args:
        name: Name of the format.
        suffixes: Suffixes of its files.
        delimiter: What stands between two values.
        quoted: Whether a value may stand in double quotes and then hold delimiters and line breaks.
    """

    def __init__(self, name: str, suffixes: frozenset[str], delimiter: str, *, quoted: bool) -> None:
        self.name, self.suffixes = name, suffixes
        self._dialect: dict[str, Any] = {
            "delimiter": delimiter,
            "quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        }
        self._delimiter, self._quoted = delimiter, quoted

    def split(self, stream: Any, url: str) -> Iterator[bytes]:
        csv.field_size_limit(MAX_ROW_BYTES)
        taken: list[bytes] = []

        def lines() -> Iterator[str]:
            while line := read_row(stream, url, 1):
                taken.append(line)
                yield line.decode("utf-8", "surrogateescape")

        rows = csv.reader(lines(), **self._dialect)
        while True:
            try:
                next(rows)
            except StopIteration:
                return
            except csv.Error as exc:
                raise InputError(f"{url}: a row cannot be read ({exc}): is a quotation mark left open?") from exc
            yield b"".join(taken)
            taken.clear()

    def header(self, stream: Any, url: str, wanted: Wanted) -> bytes:
        first = next(self.split(stream, url), b"")
        names = self._values(first.decode("utf-8", "replace").removeprefix(_BOM)) if first else []
        if wanted.field not in names:
            raise InputError(f"{url}: no column `{wanted.field}`; the first line names {', '.join(names) or 'none'}")
        return first

    def schema(self, rows: Iterator[bytes], header: bytes, wanted: Wanted, url: str) -> bytes:
        names = self._names(header)
        if len(set(names)) < len(names):
            raise InputError(f"{url}: two columns have the same name; write the same format instead")
        return pack_schema(pa.schema([(name, pa.string()) for name in names]))

    def decode(self, rows: Sequence[bytes], plan: FilePlan, wanted: Wanted, first_line: int) -> pa.RecordBatch:
        names = self._names(plan.header)
        at = names.index(wanted.field)
        read = [self._read(row, len(names)) for row in rows]
        if wanted.typed:
            line = first_line
            for row, (_, problem) in zip(rows, read, strict=True):
                if problem:
                    raise InputError(f"{plan.location.url}, line {line}: {problem}; write the same format instead")
                line += row.count(b"\n")
            full = [values for values, _ in read if values]
            return pa.RecordBatch.from_pydict(
                {name: pa.array([values[i] for values in full], pa.string()) for i, name in enumerate(names)}
            )
        texts = [values[at] if values and problem is None else None for values, problem in read]
        return raw_batch(wanted.field, texts, rows, [problem for _, problem in read], first_line)

    def encode(self, batch: pa.RecordBatch, plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Iterator[bytes]:
        at = self._names(plan.header).index(wanted.field)
        new = batch.select([wanted.field] if wanted.in_place else added.names).to_pylist()
        problems = batch.column(PROBLEM).to_pylist()
        for raw, values, problem in zip(batch.column(RAW).to_pylist(), new, problems, strict=True):
            if not raw.strip(b"\r\n") or (wanted.in_place and problem) or (problem or "").startswith("has "):
                yield raw
                continue
            body = raw.rstrip(b"\r\n")
            end = raw[len(body) :] or b"\n"
            if wanted.in_place:
                old = self._values(raw.decode())
                if old[at] != values[wanted.field]:
                    old[at] = values[wanted.field] or ""
                    body = self._line(old)
                    end = raw[len(raw.rstrip(b"\r\n")) :]
                yield body + (end if raw.endswith(b"\n") else b"")
            else:
                yield body + self._delimiter.encode() + self._line(list(values.values())) + end

    def head(self, plan: FilePlan, wanted: Wanted, added: pa.Schema) -> bytes:
        names = self._names(plan.header)
        if wanted.in_place:
            return plan.header
        check_free(names, added, plan.location.url)
        body = plan.header.rstrip(b"\r\n")
        return body + self._delimiter.encode() + self._line(added.names) + (plan.header[len(body) :] or b"\n")

    def _names(self, header: bytes) -> list[str]:
        return self._values(header.decode("utf-8", "replace").removeprefix(_BOM))

    def _values(self, row: str) -> list[str]:
        return next(csv.reader(io.StringIO(row, newline=""), **self._dialect), [])

    def _read(self, row: bytes, columns: int) -> tuple[list[str], str | None]:
        try:
            values = self._values(row.decode())
        except UnicodeDecodeError as exc:
            return [], f"not valid UTF-8 at byte {exc.start} of the row"
        if values and len(values) != columns:
            return values, f"has {len(values)} values where the first line names {columns}"
        return values, None

    def _line(self, values: Sequence[Any]) -> bytes:
        """Values as one line, without its end."""
        cells = [_cell(value) for value in values]
        if not self._quoted:
            return self._delimiter.join(" ".join(c.split(self._delimiter)).replace("\n", " ") for c in cells).encode()
        line = io.StringIO(newline="")
        # the line end given here is what makes the writer quote line breaks inside a value
        csv.writer(line, lineterminator="\r\n", **self._dialect).writerow(cells)
        return line.getvalue().removesuffix("\r\n").encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return orjson.dumps(value).decode()
    return str(value)

"""CSV and TSV with a header line. A value is text, whatever it looks like; rows keep their quoting."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pyarrow as pa

from app.core.errors import InputError
from app.core.types import Span
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
_OPEN = "a quotation mark is left open"
_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"(?!")')


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
        if first.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError(f"{url}: not UTF-8 but UTF-16; convert it first, such as: iconv -f UTF-16 -t UTF-8 {url}")
        if self._cells(first.decode("utf-8", "replace").removeprefix(_BOM)) is None:
            raise InputError(f"{url}, line 1: {_OPEN}")
        names = self._values(first.decode("utf-8", "replace").removeprefix(_BOM)) if first else []
        if wanted.field not in names:
            if self._delimiter == "," and wanted.field in [name.strip('" ') for name in ";".join(names).split(";")]:
                raise InputError(f"{url}: its values are parted by semicolons; say so with --format csv-semicolon")
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
            if not raw.strip(b"\r\n") or (wanted.in_place and problem) or (problem or "").startswith(("has ", _OPEN)):
                yield raw
            elif wanted.in_place:
                yield self._replace(raw, at, values[wanted.field] or "")
            else:
                body = raw.rstrip(b"\r\n")
                end = raw[len(body) :] or b"\n"
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
        if self._cells(row.decode()) is None:
            lines = row.count(b"\n")
            return [], f"{_OPEN}; the {lines} lines from here on make no row: close it, or write it twice"
        if values and len(values) != columns:
            return values, f"has {len(values)} values where the first line names {columns}"
        return values, None

    def _cells(self, row: str) -> list[Span] | None:
        """Where the values of a row stand, with their quotation marks; ``None`` where one is left open."""
        body = row.rstrip("\r\n")
        cells: list[Span] = []
        at = 0
        while True:
            start = at
            if self._quoted and body.startswith('"', at):
                quoted = _QUOTED.match(body, at)
                if quoted is None:
                    return None
                at = quoted.end()
                if "\n" in quoted.group() and body[at : at + 1] not in ("", self._delimiter):
                    return None  # it was closed by the first quotation mark of a later row
            end = body.find(self._delimiter, at)
            cells.append(Span(start, end if end >= 0 else len(body)))
            if end < 0:
                return cells
            at = end + 1

    def _replace(self, row: bytes, at: int, text: str) -> bytes:
        """Put another text in for one value, quoted as it was; everything else stays as it was written."""
        source = row.decode()
        cells = self._cells(source)
        if self._values(source)[at] == text or cells is None:
            return row
        old = cells[at].of(source)
        if self._quoted and old.startswith('"'):
            new = '"' + text.replace('"', '""') + '"'
        else:
            new = self._line([text]).decode()
        return (source[: cells[at].start] + new + source[cells[at].end :]).encode()

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

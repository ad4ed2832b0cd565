"""What every file format offers: a plan of work units, a reader and a writer, side by side."""

from __future__ import annotations

import hashlib
import itertools
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol

import pyarrow as pa

from app.core.errors import InputError
from app.formats.storage import Location, Opener, Stamp, compressed, open_raw, stamp

# Columns that a reader hands to the repair or to its own writer; no writer lets them into a file.
RAW = "mt_repair_raw"  # binary: the row as it was stored
PROBLEM = "mt_repair_problem"  # string: why the row cannot be repaired; null where it can
PROTECT = "mt_repair_protect"  # list<struct<start, end>>: text that no edit may touch, such as mark-up
SEAMS = "mt_repair_seams"  # list<int32>: places that no edit may reach across, such as tags between two words
LINE = "mt_repair_line"  # int64: the line of the file that the row begins in, from 1
MAP = "mt_repair_map"  # list<int32>: of each character of the text, where it begins and ends in the source; -1: nowhere
HIDDEN = frozenset({RAW, PROBLEM, PROTECT, SEAMS, LINE, MAP})

SPANS = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))
PLACES = pa.list_(pa.int32())

MAX_ROW_BYTES = 1 << 28  # a longer "line" is a binary file or a missing line break
_BATCH_ROWS = 256
_BATCH_BYTES = 1 << 18  # between two signs of progress
_SMALLEST = 8  # of so many parts of a unit's bytes, the smallest unit holds one
_AHEAD = 8  # a unit holds at most this part of what is left of its file


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a file that is repaired and written in one go: ``[start, end)`` in bytes or rows, and its rows."""

    start: int
    end: int
    first_row: int
    rows: int
    first_line: int = 1
    group: int = 0  # of a Parquet file: the row group that it is a part of


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One input file cut into units, and what a reader needs to know from its beginning."""

    location: Location
    format: str
    stamp: Stamp
    sha256: str  # of the content of a row format, of the stored bytes otherwise
    units: tuple[Unit, ...]
    header: bytes = b""  # the first line of a CSV file, as stored
    schema: bytes = b""  # the schema of typed rows, as Arrow IPC
    bytes: int = 0  # of the content, decompressed


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller wants read and written.

    Args:
        field: The column with the text.
        in_place: Replace that column and add none.
        typed: Rows become real columns, as a conversion to another format needs; otherwise they are kept as stored.
        keep_originals: Copy the records of a WARC file in front of the records made from them.
        extractor: Name of the function that takes the text out of a web page.
        hashes: Whether to add the columns that find equal and nearly equal texts.
    """

    field: str = "text"
    in_place: bool = False
    typed: bool = False
    keep_originals: bool = True
    extractor: str = "trafilatura"
    hashes: bool = False


class Writer(Protocol):
    """Writes the batches of one unit, in order."""

    def write(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


class Format(ABC):
    """A file format."""

    name: str
    suffixes: frozenset[str]

    @abstractmethod
    def plan(self, location: Location, wanted: Wanted, unit_bytes: int) -> FilePlan:
        """Cut a file into units of about ``unit_bytes`` of content.

        Raises:
            InputError: The file is gone, damaged, or has no such field.
        """

    @abstractmethod
    def read(self, plan: FilePlan, unit: Unit, wanted: Wanted, opener: Opener) -> Iterator[pa.RecordBatch]:
        """The rows of one unit, in small batches.

        Raises:
            InputError: The unit cannot be read; a row that cannot be repaired has a ``PROBLEM`` instead.
        """

    @abstractmethod
    def writer(self, sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Writer:
        """A writer for the repaired rows of one unit; ``added`` are the columns that the repair adds."""

    def join(self, parts: Iterator[str], sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> None:
        """Put the parts of all units, given as local paths, together as one file."""
        head = self.head(plan, wanted, added)
        if head:
            with compressed(sink, plan.location.codec) as stream:
                stream.write(head)
        for part in parts:
            with open(part, "rb") as file:
                while data := file.read(1 << 20):
                    sink.write(data)

    def head(self, plan: FilePlan, wanted: Wanted, added: pa.Schema) -> bytes:
        """What stands before the first row in the output."""
        return b""


class Cuts:
    """Cuts the rows of a file into units that get smaller towards its end, so that all workers end at about one time.

    Args:
        unit_bytes: Most content of a unit, but for one long row.
        start: Where the first row begins.
        line: The line that it begins in.
    """

    def __init__(self, unit_bytes: int, start: int = 0, line: int = 1) -> None:
        self._unit_bytes = unit_bytes
        self.end, self._rows, self._line = start, 0, line
        # where a unit may end: byte, rows and line so far; packed, since a large file has many
        self._ends, self._counts, self._lines = array("q", [start]), array("q", [0]), array("q", [line])

    def add(self, size: int, lines: int = 0) -> None:
        """Add a row of so many bytes and line breaks."""
        self.end += size
        self._rows += 1
        self._line += lines
        if self.end - self._ends[-1] >= self._unit_bytes / _SMALLEST:
            self._mark()

    def _mark(self) -> None:
        self._ends.append(self.end)
        self._counts.append(self._rows)
        self._lines.append(self._line)

    def units(self) -> Iterator[Unit]:
        """The units of all rows added so far."""
        if self._rows > self._counts[-1]:
            self._mark()
        first = 0
        for last in range(1, len(self._ends)):
            start = self._ends[first]
            if last == len(self._ends) - 1 or self._ends[last] - start >= unit_size(self.end - start, self._unit_bytes):
                rows = self._counts[last] - self._counts[first]
                yield Unit(start, self._ends[last], self._counts[first] + 1, rows, self._lines[first])
                first = last


def unit_size(left: int, unit_bytes: int) -> int:
    """How many bytes the next unit should have, where so many are left of the file."""
    return max(min(unit_bytes, left // _AHEAD), unit_bytes // _SMALLEST)


class RowFormat(Format):
    """A format whose files are rows one after the other, each of which can be copied byte for byte."""

    @abstractmethod
    def split(self, stream: _Lines, url: str) -> Iterator[bytes]:
        """The rows as stored, line breaks included: joined they are the content."""

    @abstractmethod
    def decode(self, rows: Sequence[bytes], plan: FilePlan, wanted: Wanted, first_line: int) -> pa.RecordBatch:
        """A batch of rows: the field, and ``RAW`` and ``PROBLEM``; or all columns, where they are wanted typed."""

    def header(self, stream: _Lines, url: str, wanted: Wanted) -> bytes:
        """Read what stands before the first row."""
        return b""

    def schema(self, rows: Iterator[bytes], header: bytes, wanted: Wanted, url: str) -> bytes:
        """The schema of typed rows as Arrow IPC."""
        return b""

    def plan(self, location: Location, wanted: Wanted, unit_bytes: int) -> FilePlan:
        found = stamp(location.url)
        schema = b""
        with Opener() as opener:
            if wanted.typed:
                stream = opener.open(location)
                header = self.header(stream, location.url, wanted)
                schema = self.schema(self.split(stream, location.url), header, wanted, location.url)
                opener.close()
            stream = opener.open(location)
            header = self.header(stream, location.url, wanted)
            digest = hashlib.sha256(header)
            cuts = Cuts(unit_bytes, len(header), 1 + header.count(b"\n"))
            for row in counted(self.split(stream, location.url)):
                digest.update(row)
                cuts.add(len(row), row.count(b"\n"))
        return FilePlan(location, self.name, found, digest.hexdigest(), tuple(cuts.units()), header, schema, cuts.end)

    def read(self, plan: FilePlan, unit: Unit, wanted: Wanted, opener: Opener) -> Iterator[pa.RecordBatch]:
        check_unchanged(plan)
        stream = opener.open(plan.location, unit.start)
        rows: list[bytes] = []
        size = done = 0
        line = unit.first_line
        for row in self.split(_Until(stream, unit.end), plan.location.url):
            rows.append(row)
            size += len(row)
            if len(rows) >= _BATCH_ROWS or size >= _BATCH_BYTES:
                yield self.decode(rows, plan, wanted, line)
                done += len(rows)
                line += sum(one.count(b"\n") for one in rows)
                rows, size = [], 0
        if rows:
            yield self.decode(rows, plan, wanted, line)
            done += len(rows)
        if done != unit.rows:
            raise InputError(
                f"{plan.location.url}: {done} rows where {unit.rows} were planned; the file has changed: start anew"
            )

    def writer(self, sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Writer:
        return RowWriter(sink, plan.location.codec, lambda batch: self.encode(batch, plan, wanted, added))

    @abstractmethod
    def encode(self, batch: pa.RecordBatch, plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Iterator[bytes]:
        """The rows of a repaired batch, as stored in the output."""


def counted(rows: Iterator[bytes]) -> Iterator[bytes]:
    """The rows; an error says how far it came."""
    number = 0
    try:
        for row in rows:
            yield row
            number += 1
    except InputError as exc:
        raise InputError(f"{exc}; {number} rows before that can be read") from exc


class RowWriter:
    """Writes rows as bytes, compressed with ``codec``."""

    def __init__(self, sink: IO[bytes], codec: str | None, encode: Callable[[pa.RecordBatch], Iterator[bytes]]) -> None:
        self._context = compressed(sink, codec)
        self._stream = self._context.__enter__()
        self._encode = encode

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a repaired batch."""
        for row in self._encode(batch):
            self._stream.write(row)

    def close(self) -> None:
        """End the compressed piece."""
        self._context.__exit__(None, None, None)


class _Lines(Protocol):
    def readline(self, most: int = -1) -> bytes: ...


class _Until:
    """A stream of lines that ends at a given byte."""

    def __init__(self, stream: Any, end: int) -> None:
        self._stream, self._end = stream, end

    def readline(self, most: int = -1) -> bytes:
        left = self._end - self._stream.position
        return bytes(self._stream.readline(left if most < 0 else min(most, left))) if left > 0 else b""


def read_row(stream: _Lines, url: str, number: int) -> bytes:
    """One line, line feed included; empty at the end.

    Raises:
        InputError: It is longer than ``MAX_ROW_BYTES``.
    """
    line = stream.readline(MAX_ROW_BYTES)
    if len(line) >= MAX_ROW_BYTES:
        raise InputError(
            f"{url}: row {number} of the part is longer than {MAX_ROW_BYTES >> 20} MB; is it really this format?"
        )
    return line


def sha256_of(url: str) -> str:
    """SHA-256 of a file's stored bytes."""
    with open_raw(url) as file:
        digest = hashlib.sha256()
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


def check_unchanged(plan: FilePlan) -> None:
    """Raise ``InputError`` where the file is not the one that was planned."""
    if stamp(plan.location.url) != plan.stamp:
        raise InputError(f"{plan.location.url}: changed since the run was planned; start again to take it in")


def raw_batch(
    field: str,
    texts: Sequence[str | None],
    raw: Sequence[bytes],
    problems: Sequence[str | None],
    first_line: int,
    **more: pa.Array,
) -> pa.RecordBatch:
    """A batch of rows that are kept as stored."""
    lines = itertools.accumulate((row.count(b"\n") for row in raw[:-1]), initial=first_line)
    columns: Mapping[str, pa.Array] = {
        field: pa.array(texts, pa.string()),
        RAW: pa.array(raw, pa.binary()),
        PROBLEM: pa.array(problems, pa.string()),
        LINE: pa.array(list(lines), pa.int64()),
        **more,
    }
    return pa.RecordBatch.from_pydict(dict(columns))


def check_free(names: Sequence[str], added: pa.Schema, url: str) -> None:
    """Raise ``InputError`` where the file has already a column that the repair would add."""
    taken = [name for name in added.names if name in names]
    if taken:
        raise InputError(
            f"{url}: has already the column{'s' if len(taken) > 1 else ''} {', '.join(taken)}: "
            "take the file before its repair, or use --in-place-field"
        )


def pack_schema(schema: pa.Schema) -> bytes:
    """A schema as bytes."""
    return schema.serialize().to_pybytes()  # type: ignore[no-any-return]


def unpack_schema(data: bytes) -> pa.Schema:
    """A schema from its bytes."""
    return pa.ipc.read_schema(pa.py_buffer(data))

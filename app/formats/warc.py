"""WARC and WET: the text of pages is extracted and repaired, and written as conversion records; originals stay."""

from __future__ import annotations

import importlib
import io
import re
import uuid
from collections.abc import Callable, Iterator
from typing import IO, Any

import pyarrow as pa
from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from app.core.errors import InputError
from app.formats.base import (
    PROBLEM,
    RAW,
    FilePlan,
    Format,
    RowWriter,
    Unit,
    Wanted,
    Writer,
    check_unchanged,
    pack_schema,
    sha256_of,
)
from app.formats.storage import Location, Opener, open_raw, stamp

_MAX_PAYLOAD_BYTES = 1 << 26
_BATCH_ROWS = 64
_BATCH_BYTES = 1 << 20  # of stored records
_RECORDS = uuid.UUID("7d0f7b0e-6f0c-5d0a-9a55-3f1f3f0f7f11")  # name space of the ids of our conversion records
_DATE = "WARC-Date"
_SCHEMA = [("url", pa.string()), ("date", pa.string()), ("record_id", pa.string())]
_LENGTH = re.compile("[0-9]{1,18}")

Extractor = Callable[[bytes, str], str | None]


class Warc(Format):
    """A web archive, a record at a time; compressed ones record by record, as the standard says."""

    name = "warc"
    suffixes = frozenset({".warc", ".wet"})

    def plan(self, location: Location, wanted: Wanted, unit_bytes: int) -> FilePlan:
        if location.codec == "zstd":
            raise InputError(f"{location.url}: zstd archives cannot be read from their middle; recompress with gzip")
        found = stamp(location.url)
        load_extractor(wanted.extractor)  # an unknown one is reported now
        units: list[Unit] = []
        start = size = rows = 0
        first_row = 1
        end = 0
        with open_raw(location.url) as file:
            for record, place in _records(file, location.url):
                offset, length = place()
                if rows and size >= unit_bytes:
                    units.append(Unit(start, offset, first_row, rows))
                    start, first_row, size, rows = offset, first_row + rows, 0, 0
                declared = record.rec_headers.get_header("Content-Length") or ""
                size += int(declared) if _LENGTH.fullmatch(declared) else length
                rows += 1
                end = offset + length
        if rows:
            units.append(Unit(start, end, first_row, rows))
        schema = pa.schema([*_SCHEMA, (wanted.field, pa.string())])
        return FilePlan(
            location, self.name, found, sha256_of(location.url), tuple(units), schema=pack_schema(schema), bytes=end
        )

    def read(self, plan: FilePlan, unit: Unit, wanted: Wanted, opener: Opener) -> Iterator[pa.RecordBatch]:
        check_unchanged(plan)
        extract = load_extractor(wanted.extractor)
        names = [*(name for name, _ in _SCHEMA), wanted.field, *([] if wanted.typed else [RAW, PROBLEM])]
        types = [*[pa.string()] * (len(_SCHEMA) + 1), *([] if wanted.typed else [pa.binary(), pa.string()])]
        rows: list[tuple[object, ...]] = []
        size = 0

        def batch() -> pa.RecordBatch:
            columns = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), types, strict=True)]
            return pa.RecordBatch.from_arrays(columns, names)

        with open_raw(plan.location.url) as file, open_raw(plan.location.url) as copy:
            file.seek(unit.start)
            for record, place in _records(_Window(file, unit.end), plan.location.url):
                head = record.rec_headers
                text, problem = _text(record, extract)
                known = [head.get_header("WARC-Target-URI"), head.get_header(_DATE), head.get_header("WARC-Record-ID")]
                offset, length = place()
                if not wanted.typed:
                    copy.seek(offset)
                    rows.append((*known, text, copy.read(length), problem))
                elif text is not None:
                    rows.append((*known, text))
                size += length
                if rows and (len(rows) >= _BATCH_ROWS or size >= _BATCH_BYTES):
                    yield batch()
                    rows, size = [], 0
        if rows:
            yield batch()

    def writer(self, sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Writer:
        compress = plan.location.codec is not None
        column = wanted.field if wanted.in_place else added.names[0]

        def encode(batch: pa.RecordBatch) -> Iterator[bytes]:
            for row in batch.to_pylist():
                if wanted.keep_originals:
                    yield row[RAW]
                if row[column] is not None:
                    yield _conversion(row, row[column], compress)

        return RowWriter(sink, None, encode)


class _Window:
    """A stream that ends at a given place of the file; places are those of the file."""

    def __init__(self, file: IO[bytes], end: int) -> None:
        self._file, self._end = file, end

    def read(self, most: int = -1) -> bytes:
        left = max(self._end - self._file.tell(), 0)
        return self._file.read(left if most < 0 else min(most, left))

    def tell(self) -> int:
        return self._file.tell()


def _records(file: Any, url: str) -> Iterator[tuple[ArcWarcRecord, Callable[[], tuple[int, int]]]]:
    """Records, each with a function that reads it to its end and says where it is stored: offset and length."""
    records = ArchiveIterator(file)

    def place() -> tuple[int, int]:
        start = int(records.get_record_offset())
        return start, int(records.offset) - start  # of an uncompressed record with the blank lines behind it

    try:
        for record in records:
            yield record, place
    except Exception as exc:  # warcio raises whatever its parser stumbles on, AttributeError among it
        raise InputError(f"{url}: not a web archive, or damaged: {exc}".strip()) from exc


def _text(record: ArcWarcRecord, extract: Extractor) -> tuple[str | None, str | None]:
    """The text of a record, where it has some, and what went wrong."""
    kind = (record.content_type or "").split(";")[0].strip().lower()
    if record.rec_type in ("conversion", "resource") and kind == "text/plain":
        data = record.content_stream().read(_MAX_PAYLOAD_BYTES)
        try:
            return data.decode(), None
        except UnicodeDecodeError as exc:
            return None, f"not valid UTF-8 at byte {exc.start} of the record"
    if record.rec_type == "response":
        head = record.http_headers
        if head is None or not (head.get_statuscode() or "").startswith("2"):
            return None, None
        kind = (head.get_header("Content-Type") or "").split(";")[0].strip().lower()
    elif record.rec_type != "resource":
        return None, None
    if kind not in ("text/html", "application/xhtml+xml"):
        return None, None
    page = record.content_stream().read(_MAX_PAYLOAD_BYTES)
    try:
        text = extract(page, record.rec_headers.get_header("WARC-Target-URI") or "")
    except Exception as exc:  # an extractor meets every page of the web, and none may stop the run
        return None, f"extraction failed: {type(exc).__name__}"
    return text or None, None


def _conversion(row: dict[str, Any], text: str, compress: bool) -> bytes:
    """A conversion record made from a record; the same bytes each time."""
    sink = io.BytesIO()
    of = row["record_id"] or row["url"] or ""
    headers = [
        ("WARC-Type", "conversion"),
        ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(_RECORDS, of + text)}>"),
        ("WARC-Refers-To", row["record_id"] or ""),
        ("WARC-Target-URI", row["url"] or ""),
        (_DATE, row["date"] or "1970-01-01T00:00:00Z"),
        ("Content-Type", "text/plain"),
    ]
    if "repair_status" in row:
        headers += [("MT-Repair-Status", row["repair_status"] or ""), ("MT-Repair-Model", row["repair_model"] or "")]
    record = ArcWarcRecord(
        "WARC/1.0",
        "conversion",
        StatusAndHeaders("", [(k, v) for k, v in headers if v], "WARC/1.0"),
        io.BytesIO(text.encode()),
        None,
        "text/plain",
        len(text.encode()),
    )
    WARCWriter(sink, gzip=compress).write_record(record)
    return sink.getvalue()


def load_extractor(name: str) -> Extractor:
    """The function that takes the text out of a page.

    Args:
        name: ``trafilatura``, or ``package.module:function``; the function takes the page's bytes and its URL.

    Raises:
        InputError: There is no such function.
    """
    if name == "trafilatura":
        try:
            importlib.import_module(name)
        except ImportError as exc:
            raise InputError(f"web archives need trafilatura ({exc}): pip install 'mt-repair[corpus]'") from exc
        return _trafilatura
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as exc:
        raise InputError(f"extractor {name}: {exc}; give it as package.module:function") from exc
    if not callable(found):
        raise InputError(f"extractor {name} is no function")
    return found  # type: ignore[no-any-return]


def _trafilatura(page: bytes, url: str) -> str | None:
    import trafilatura

    return trafilatura.extract(page, url=url or None, include_comments=False, include_tables=True)

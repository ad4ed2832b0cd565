"""Plain text: long files in pieces that end at a blank line; what is not repaired stays as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from app.formats.base import RAW, FilePlan, RowFormat, Wanted, pack_schema, raw_batch, read_row

# A piece is repaired as one document: long enough to know the names, short enough for flat memory.
_PIECE_BYTES = 1 << 15  # from here on it ends at the next blank line,
_LONG_PIECE_BYTES = 1 << 18  # and from here on at the next line break
_BOM = b"\xef\xbb\xbf"


class PlainText(RowFormat):
    """Text without structure. The output is the text as repaired: there is no place for further columns."""

    name = "txt"
    suffixes = frozenset({".txt", ".text"})

    def split(self, stream: Any, url: str) -> Iterator[bytes]:
        lines: list[bytes] = []
        size = 0
        while line := read_row(stream, url, 1):
            lines.append(line)
            size += len(line)
            if size >= _LONG_PIECE_BYTES or (size >= _PIECE_BYTES and not line.strip()):
                yield b"".join(lines)
                lines, size = [], 0
        if lines:
            yield b"".join(lines)

    def schema(self, rows: Iterator[bytes], header: bytes, wanted: Wanted, url: str) -> bytes:
        return pack_schema(pa.schema([("file", pa.string()), (wanted.field, pa.string())]))

    def decode(self, rows: Sequence[bytes], plan: FilePlan, wanted: Wanted, first_line: int) -> pa.RecordBatch:
        texts: list[str | None] = []
        problems: list[str | None] = []
        for row in rows:
            text, problem = decode_text(row)
            texts.append(text)
            problems.append(problem)
        if wanted.typed:
            return pa.RecordBatch.from_pydict(
                {
                    "file": pa.array([plan.location.name] * len(texts), pa.string()),
                    wanted.field: pa.array(texts, pa.string()),
                }
            )
        return raw_batch(wanted.field, texts, rows, problems, first_line)

    def encode(self, batch: pa.RecordBatch, plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Iterator[bytes]:
        column = wanted.field if wanted.in_place else added.names[0]
        for raw, text in zip(batch.column(RAW).to_pylist(), batch.column(column).to_pylist(), strict=True):
            yield raw if text is None else (_BOM if raw.startswith(_BOM) else b"") + text.encode()


def decode_text(data: bytes) -> tuple[str | None, str | None]:
    """Text from bytes, and what is wrong with them."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, "not UTF-8 but UTF-16; convert it first"
    try:
        return data.removeprefix(_BOM).decode(), None
    except UnicodeDecodeError as exc:
        return None, f"not valid UTF-8 at line {data[: exc.start].count(10) + 1} of the piece, byte {exc.start}"

"""What Markdown and HTML share: a file is one document, its mark-up stays, its running text is repaired."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO

import pyarrow as pa

from app.core.errors import InputError
from app.formats.base import (
    MAP,
    PLACES,
    PROTECT,
    RAW,
    SEAMS,
    SPANS,
    FilePlan,
    Format,
    RowWriter,
    Unit,
    Wanted,
    Writer,
    check_unchanged,
    raw_batch,
)
from app.formats.markup import Markup
from app.formats.prose import Prose, apply_to_source
from app.formats.storage import Location, Opener, stamp
from app.formats.text import decode_text

_MAX_BYTES = 1 << 26
EDITS = "repair_edits"  # the column of edits that the writer makes in the source


class MarkedUp(Format):
    """A file with mark-up around running text.

    Args:
        markup: Its kind.
    """

    def __init__(self, markup: Markup) -> None:
        self.markup = markup
        self.name, self.suffixes = markup.name, markup.suffixes

    def plan(self, location: Location, wanted: Wanted, unit_bytes: int) -> FilePlan:
        found = stamp(location.url)
        with Opener() as opener:
            data = opener.open(location).read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise InputError(f"{location.url}: longer than {_MAX_BYTES >> 20} MB; split it, or use another format")
        units = (Unit(0, len(data), 1, 1),) if data else ()
        return FilePlan(location, self.name, found, hashlib.sha256(data).hexdigest(), units, bytes=len(data))

    def read(self, plan: FilePlan, unit: Unit, wanted: Wanted, opener: Opener) -> Iterator[pa.RecordBatch]:
        check_unchanged(plan)
        data = opener.open(plan.location).read()
        source, problem = decode_text(data)
        prose = self.markup.prose(source) if source is not None else Prose()
        text = prose.text if source is not None else None
        if wanted.typed:
            yield pa.RecordBatch.from_pydict(
                {"file": pa.array([plan.location.name]), wanted.field: pa.array([text], pa.string())}
            )
            return
        spans = [{"start": span.start, "end": span.end} for span in prose.protected]
        more = {
            PROTECT: pa.array([spans], SPANS),
            SEAMS: pa.array([prose.seams], PLACES),
            MAP: pa.array([prose.places], PLACES),
        }
        yield raw_batch(wanted.field, [text], [data], [problem], 1, **more)

    def writer(self, sink: IO[bytes], plan: FilePlan, wanted: Wanted, added: pa.Schema) -> Writer:
        return RowWriter(sink, plan.location.codec, lambda batch: self._encode(batch, wanted.field, added.names[0]))

    def _encode(self, batch: pa.RecordBatch, field: str, repaired: str) -> Iterator[bytes]:
        for row in batch.select([RAW, MAP, field, repaired, EDITS]).to_pylist():
            edits = [(e["start"], e["end"], e["replacement"]) for e in row[EDITS] or ()]
            data: bytes = row[RAW]
            if row[field] == row[repaired]:  # also where edits are reported and not made
                yield data
                continue
            bom = data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
            yield bom + apply_to_source(data[len(bom) :].decode(), edits, row[MAP], self.markup.escape).encode()

"""A product that makes chosen replacements, for measuring the measuring."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.core.types import (
    DocumentRepair,
    Edit,
    EditKind,
    Mode,
    Origin,
    ProtectedSpan,
    RepairOptions,
    Segment,
    SegmentRepair,
    Span,
    Status,
)


def make_edit(start: int, end: int, text: str, *, confidence: float = 0.9, name: bool = False) -> Edit:
    """An edit of the model, or of the linker."""
    kind, origin = (EditKind.NAME, Origin.NAMES) if name else (EditKind.GRAMMAR, Origin.MODEL)
    return Edit(Span(start, end), text, kind, origin, confidence, "MTR_X", "")


def make_repair(
    source: str, *edits: Edit, text: str | None = None, protected: tuple[ProtectedSpan, ...] = ()
) -> DocumentRepair:
    """An answer with one segment; ``text`` overrides what the edits give, for answers that break their promise."""
    written, at = "", 0
    for edit in edits:
        written += source[at : edit.span.start] + edit.text
        at = edit.span.end
    status = Status.REPAIRED if edits else Status.UNCHANGED
    segment = SegmentRepair(Segment(0, Span(0, len(source)), source, 0), status, 1.0, tuple(range(len(edits))))
    return DocumentRepair(
        source, written + source[at:] if text is None else text, status, (segment,), edits, protected=protected
    )


class ReplacingRepairer:
    """Replaces the first occurrence of each word of a table; capitalised ones count as names."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = table

    def repair(self, text: str, options: RepairOptions) -> DocumentRepair:
        found = [
            make_edit(match.start(), match.end(), new, name=old[0].isupper())
            for old, new in self.table.items()
            if (match := re.search(rf"\b{re.escape(old)}\b", text))
        ]
        found.sort(key=lambda e: e.span)
        if options.mode is Mode.DETECT_ONLY:
            return make_repair(text, *found, text=text)
        return make_repair(text, *found)

    def repair_many(self, texts: Sequence[str], options: RepairOptions) -> list[DocumentRepair]:
        return [self.repair(text, options) for text in texts]

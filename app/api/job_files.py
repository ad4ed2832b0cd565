"""Files that jobs are made of: what text is in them, and the same file with that text repaired."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.api.errors import ProblemError
from app.api.limits import parse_json
from app.core.diff import Change, apply_edits
from app.core.errors import InputError
from app.core.json_values import with_value
from app.core.types import Span
from app.web.exports import AUTHOR
from app.web.sections import cut
from app.web.uploads import changed_file, read_upload

JSONL: Final = "jsonl"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Content type -> the name by which its format is kept.
MEDIA_TYPES: Final[dict[str, str]] = {
    "text/plain": "text",
    "text/markdown": "md",
    "text/html": "html",
    DOCX: "docx",
    "application/x-ndjson": JSONL,
    "application/jsonl": JSONL,
}
_SUFFIXES: Final = {"text": ".txt", "md": ".md", "html": ".html", "docx": ".docx"}
_CONTENT_TYPES: Final = {form: kind for kind, form in reversed(MEDIA_TYPES.items())}
_FIELD: Final = "text"
_MOST_DEPTH: Final = 32


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file as a job keeps it.

    Attributes:
        format: As in ``MEDIA_TYPES``.
        source: Its text; of JSON Lines the texts of all rows, a line end after each.
        original: The file, where it is more than its text.
    """

    format: str
    source: str
    original: bytes | None


def read_file(media_type: str, data: bytes) -> JobFile:
    """The text of a file.

    Raises:
        ProblemError: Its kind is not taken, or it is damaged.
    """
    form = MEDIA_TYPES.get(media_type)
    if form is None:
        known = ", ".join(["application/json", *MEDIA_TYPES])
        raise ProblemError("unsupported-media-type", f"Send one of: {known}.")
    if form == JSONL:
        return JobFile(form, "".join(f"{text}\n" for text in _rows(data)), data)
    try:
        _, _, text, original = read_upload(f"file{_SUFFIXES[form]}", data)
    except InputError as exc:
        raise ProblemError("invalid-request", str(exc)) from None
    return JobFile(form, text, original)


def row_spans(original: bytes, start: int = 0) -> list[tuple[Span, bool]]:
    """The sections of a file of JSON Lines from ``start`` on, in its ``source``, and whether a row begins with each."""
    spans, at = [], 0
    for text in _rows(original):
        for span in cut(f"{text}\n"):
            if at + span.start >= start:
                spans.append((span.shift(at), span.start == 0))
        at += len(text) + 1
    return spans


def write_file(file: JobFile, changes: Sequence[Change], at: datetime) -> tuple[str, bytes]:
    """The content type and the content of the repaired file.

    Of a Word document every change is a tracked one; in files with mark-up a change that reaches across a tag is left
    out with its group; of JSON Lines each row has its text replaced.

    Args:
        file: As it came in.
        changes: Of its text; sorted, none in conflict.
        at: The time that tracked changes show.
    """
    content_type = _CONTENT_TYPES[file.format]
    if file.format == JSONL and file.original is not None:
        return content_type, _write_rows(file.original, changes)
    if file.format == "docx" and file.original is not None:
        from app.formats.docx import Revisions, track_changes

        return content_type, track_changes(file.original, changes, Revisions(AUTHOR, at))
    return f"{content_type}; charset=utf-8", changed_file(file.format, file.source, file.original, changes)


def _lines(data: bytes) -> list[tuple[int, bytes]]:
    """The rows with the numbers of their lines, from 1; a blank line is none."""
    lines = data.removeprefix(BOM_UTF8).split(b"\n")
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _row(line: bytes, number: int) -> dict[str, Any]:
    try:
        row = parse_json(line, _MOST_DEPTH)
    except ProblemError as exc:
        raise ProblemError(exc.kind.slug, f"Line {number}: {exc.detail}") from None
    if not isinstance(row, dict) or not isinstance(row.get(_FIELD, ""), str):
        raise ProblemError("invalid-request", f"Line {number}: must be an object whose `{_FIELD}` is a string.")
    return row


def _rows(data: bytes) -> list[str]:
    return [str(_row(line, number).get(_FIELD, "")) for number, line in _lines(data)]


def _write_rows(original: bytes, changes: Sequence[Change]) -> bytes:
    """The file with other texts; every other byte stays, whatever a reader would make of a number or of two keys."""
    out, at, waiting = original.removeprefix(BOM_UTF8).split(b"\n"), 0, deque(changes)
    for number, line in _lines(original):
        text = str(_row(line, number).get(_FIELD, ""))
        end, mine = at + len(text), []
        while waiting and waiting[0].span.start <= end:
            change = waiting.popleft()
            if change.span.end <= end:  # and does not take the end of the row away
                mine.append(Change(change.span.shift(-at), change.text))
        at = end + 1
        if mine:
            out[number - 1] = with_value(line.decode(), _FIELD, apply_edits(text, mine)).encode()
    return original[: len(original) - len(original.removeprefix(BOM_UTF8))] + b"\n".join(out)

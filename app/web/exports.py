"""A document as it goes out: the corrected text, and the same with its changes in the forms that other tools read."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from app import __version__
from app.core.diff import Change
from app.core.diff_forms import PieceKind, pieces, unified
from app.core.errors import InputError
from app.core.types import Span
from app.formats import docx, m2, tmx, xliff
from app.store.records import Document, Sentence, Standing, StoredEdit, Verdict
from app.store.settled import Made, lay_out, settle, teaching_pairs, within
from app.store.store import as_json
from app.web.uploads import changed_file

AUTHOR: Final = "mt-repair"
_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Work:
    """All that is known of a document."""

    document: Document
    sentences: Sequence[Sentence]
    edits: Sequence[StoredEdit]
    standings: Mapping[str, Standing]
    open_counts: bool = True  # edits that nobody has decided on count as made

    def made(self) -> tuple[Made, ...]:
        """The changes that go out."""
        return settle(self.document.source, self.sentences, self.edits, self.standings, open_counts=self.open_counts)


@dataclass(frozen=True, slots=True)
class File:
    """What the browser saves."""

    name: str
    media_type: str
    content: bytes


def export(form: str, work: Work) -> File:
    """The document in a form.

    Raises:
        InputError: There is no such form.
    """
    if form not in FORMS:
        raise InputError(f"there is no such form; there are {', '.join(FORMS)}", code="not-found")
    _, suffix, media_type, write = FORMS[form]
    own = {"md": ".md", "html": ".html"}.get(work.document.format) if form == "text" else None
    return File(_safe(work.document.title) + (own or suffix), media_type, write(work))


def _safe(title: str) -> str:
    kept = "".join(c if c.isalnum() or c in " -_" else "_" for c in title).strip()[:80]
    return kept or "document"


def _text(work: Work) -> bytes:
    document = work.document
    return changed_file(document.format, document.source, document.original, [one.change for one in work.made()])


def _docx(work: Work) -> bytes:
    changes = [one.change for one in work.made()]
    revisions = docx.Revisions(AUTHOR, work.document.changed_at.astimezone(UTC))
    if work.document.format == "docx" and work.document.original is not None:
        return docx.track_changes(work.document.original, changes, revisions)
    return docx.write_docx(work.document.source, changes, revisions)


_TAGS: Final = {PieceKind.DELETED: "del", PieceKind.INSERTED: "ins"}


def _html(work: Work) -> bytes:
    body = "".join(
        f"<{_TAGS[piece.kind]}>{_escape(piece.text)}</{_TAGS[piece.kind]}>"
        if piece.kind in _TAGS
        else _escape(piece.text)
        for piece in pieces(work.document.source, [one.change for one in work.made()])
    )
    title = _escape(work.document.title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>body{max-width:42em;margin:2em auto;font:1.1em/1.6 serif}main{white-space:pre-wrap}"
        "del{color:#a3261d}ins{color:#1b6437}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    ).encode()


def _escape(text: str) -> str:
    # A carriage return would come back as a line feed.
    return html.escape(text).replace("\r", "&#13;")


def _diff(work: Work) -> bytes:
    return unified(work.document.source, [one.change for one in work.made()], "original", "corrected").encode()


def units(work: Work) -> list[xliff.Unit]:
    """The document cut into sentences and what stands between them, before and after, nothing lost.

    A change that reaches out of its sentence belongs to the unit that it makes of all it touches.
    """
    source, made = work.document.source, work.made()
    bounds = _bounds(work, made)
    proposed: dict[int, list[StoredEdit]] = {}
    for edit in work.edits:
        if not edit.refusal:
            proposed.setdefault(edit.sentence, []).append(edit)
    found: list[xliff.Unit] = []
    at = 0
    for span, sentence in bounds:
        mine: list[Change] = []
        own: list[Made] = []
        while at < len(made) and (
            made[at].change.span.end <= span.end
            and (made[at].change.span.start < span.end or sentence is not None or span.end == len(source))
        ):
            mine.append(Change(made[at].change.span.shift(-span.start), made[at].change.text))
            own.append(made[at])
            at += 1
        before = span.of(source)
        after = _apply(before, mine)
        edits = proposed.get(sentence.index, []) if sentence is not None else []
        state = None if sentence is None and not own else _state(sentence, edits, work, own)
        notes = tuple(dict.fromkeys(one.reason for one in own if one.reason))
        if before or after:
            found.append(xliff.Unit(before, after, state, notes))
    return found


def _apply(text: str, changes: Sequence[Change]) -> str:
    from app.core.diff import apply_changes

    return apply_changes(text, changes)


def _bounds(work: Work, made: Sequence[Made]) -> list[tuple[Span, Sentence | None]]:
    """Spans end to end over the document: sentences, gaps, and unions of both where a change reaches across."""
    size = len(work.document.source)
    parts: list[tuple[int, int, Sentence | None]] = []
    at = 0
    for one in work.sentences:
        if one.span.start > at:
            parts.append((at, one.span.start, None))
        parts.append((one.span.start, one.span.end, one))
        at = one.span.end
    if at < size or not parts:
        parts.append((at, size, None))
    joined: list[tuple[Span, Sentence | None]] = []
    changes = iter(one.change.span for one in made)
    change = next(changes, None)
    for start, end, sentence in parts:
        while change is not None and change.end <= start:
            change = next(changes, None)
        if joined and change is not None and change.start < start < change.end:
            last, first = joined.pop()
            joined.append((Span(last.start, end), first or sentence))
        else:
            joined.append((Span(start, end), sentence))
        while change is not None and change.end < end:
            change = next(changes, None)
    return joined


def _state(sentence: Sentence | None, edits: Sequence[StoredEdit], work: Work, made: Sequence[Made]) -> xliff.State:
    own = work.standings.get(sentence.target) if sentence is not None else None
    if own is not None and own.verdict is not Verdict.OPEN:
        return xliff.State.FINAL
    if not edits:
        return xliff.State.TRANSLATED if made else xliff.State.INITIAL
    decided = [s for e in edits if (s := work.standings.get(e.target)) and s.verdict is not Verdict.OPEN]
    return xliff.State.REVIEWED if len(decided) == len(edits) else xliff.State.TRANSLATED


def _xliff(work: Work) -> bytes:
    return xliff.write_xliff(units(work), work.document.title)


def _tmx(work: Work) -> bytes:
    pairs = [tmx.Pair(u.source, u.target, u.notes) for u in units(work) if u.state is not None]
    return tmx.write_tmx(pairs, work.document.changed_at.astimezone(UTC))


def _m2(work: Work) -> bytes:
    source, made = work.document.source, work.made()
    return m2.write_m2([m2.in_tokens(s.span.of(source), within(made, s.span)) for s in work.sentences]).encode()


def _json(work: Work) -> bytes:
    document = work.document
    decisions: dict[str, Any] = {
        "generator": f"mt-repair {__version__}",
        "document": {
            "title": document.title,
            "sha256": document.sha256,
            "model": document.model,
            "kb": document.kb_version,
            "version": document.version,
            "exported_at": datetime.now(UTC).isoformat(),
        },
        "edits": [
            {
                "id": e.target,
                "start": e.span.start,
                "end": e.span.end,
                "original": e.original,
                "replacement": e.replacement,
                "kind": e.kind.value,
                "origin": e.origin.value,
                "rule": e.rule,
                "confidence": e.confidence,
                "entity": e.entity["id"] if e.entity else None,
                "refusal": e.refusal,
            }
            for e in work.edits
        ],
        "sentences": [
            {"id": row.sentence.target, "start": row.span.start, "end": row.span.end}
            for row in lay_out(document.source, work.sentences, work.edits)
        ],
        "decisions": [as_json(standing) for standing in work.standings.values()],
    }
    return orjson.dumps(decisions, option=orjson.OPT_INDENT_2)


def _pairs(work: Work) -> bytes:
    return b"".join(
        orjson.dumps(pair) + b"\n"
        for pair in teaching_pairs(
            work.document.source, work.sentences, work.edits, work.standings,
            document=work.document.sha256[:16], system=work.document.model,
        )
    )  # fmt: skip


# Name on the page, suffix, media type, writer.
FORMS: Final[Mapping[str, tuple[str, str, str, Callable[[Work], bytes]]]] = {
    "text": ("Corrected text", ".txt", _TEXT, _text),
    "docx": ("Word, changes tracked", ".docx", docx.MEDIA_TYPE, _docx),
    "html": ("HTML, changes marked", ".html", "text/html; charset=utf-8", _html),
    "diff": ("Unified diff", ".diff", "text/x-diff; charset=utf-8", _diff),
    "xliff": ("XLIFF 2", ".xlf", xliff.MEDIA_TYPE, _xliff),
    "tmx": ("TMX", ".tmx", tmx.MEDIA_TYPE, _tmx),
    "m2": ("M2", ".m2", m2.MEDIA_TYPE, _m2),
    "json": ("Decisions, JSON", ".json", "application/json", _json),
    "pairs": ("Training pairs, JSON Lines", ".jsonl", "application/x-ndjson", _pairs),
}

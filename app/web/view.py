"""From what is stored to the rows that the page shows; pure, so tested without a browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.core.types import EditKind, Origin, ProtectedKind, ProtectedSpan, Span, Status
from app.store.records import Document, Sentence, Standing, StoredEdit
from app.store.settled import Row
from app.store.store import as_json

HIGH, MEDIUM = 0.9, 0.7  # as the API has them

KINDS: Final[Mapping[EditKind, str]] = {
    EditKind.NAME: "Name",
    EditKind.TERM: "Term",
    EditKind.GRAMMAR: "Grammar",
    EditKind.WORDING: "Wording",
    EditKind.SPELLING: "Spelling",
    EditKind.PUNCTUATION: "Punctuation",
    EditKind.SPACING: "Spacing",
    EditKind.ENCODING: "Encoding",
    EditKind.REPETITION: "Repetition",
    EditKind.FURNITURE: "Page furniture",
}
ORIGINS: Final[Mapping[Origin, str]] = {
    Origin.GLOSSARY: "glossary",
    Origin.NAMES: "knowledge base",
    Origin.RULE: "rule",
    Origin.MODEL: "network",
}
# Why a sentence or an edit was left alone, in an editor's words.
REASONS: Final[Mapping[str, str]] = {
    "furniture": "Page furniture, not running text",
    "not_english": "Not in English",
    "deadline": "Not reached in time",
    "too_long": "Too long for the network",
    "truncated": "Too long for the network",
    "error": "The network failed on this sentence",
    "detect_only": "Reported only",
    "number_changed": "It would change a number",
    "negation_changed": "It would change a negation",
    "overlaps_better_edit": "A better edit covers this place",
    "dismissed": "Dismissed before",
    "below_threshold": "Editors rarely accept edits like this",
    "protected:span": "The file says to leave this as it is",
    "protected:name": "The name is right as it stands",
}

_GUARDED: Final = {ProtectedKind.SPAN: "part of the file"}  # no caller names spans here


def explain(reason: str) -> str:
    """A stable word for programs as words for an editor."""
    if reason in REASONS:
        return REASONS[reason]
    head, _, rest = reason.partition(":")
    if head == "protected":
        return f"It would touch a protected {rest or 'place'}"
    if head == "group":
        return f"An edit that belongs to it was refused: {explain(rest).lower()}"
    return reason.replace("_", " ").capitalize()


def band(confidence: float) -> str:
    """A confidence as a word."""
    return "high" if confidence >= HIGH else "medium" if confidence >= MEDIUM else "low"


def need(sentence: Sentence, edits: Sequence[StoredEdit]) -> float:
    """How much a sentence needs its editor, 0 (folded) to 1: the doubt in what was done, or in what was left."""
    mine = [edit.confidence for edit in edits if not edit.refusal]
    if sentence.furniture:
        return 0.0
    if sentence.status is Status.ERROR:
        return 1.0
    if mine:
        # Many edits in one sentence each need a look; the least sure one comes first.
        return min(1.0, 0.1 + 0.8 * (1.0 - min(mine)) + 0.02 * min(len(mine), 5))
    if sentence.status is Status.UNCHANGED or (sentence.status is Status.REPAIRED and not edits):
        return 0.0  # an edit that it shares with the sentence before stands there
    return 0.05 + 0.5 * (1.0 - sentence.confidence)


def page_of(layout: Sequence[Row], first: int, most: int) -> Sequence[Row]:
    """The rows from sentence number ``first`` on, at most ``most`` of them; no two that an edit joins are cut apart."""
    found = [row for row in layout if row.sentence.index >= first]
    end = min(most, len(found))
    while 1 < end < len(found) and found[end].is_joined:
        end -= 1
    return found[:end]


def rows(
    document: Document,
    page: Sequence[Row],
    standings: Iterable[Standing],
    protected: Sequence[ProtectedSpan] = (),
) -> dict[str, Any]:
    """A page of sentences with their edits, as the script draws them. Spans count from the row's start.

    Args:
        document: What they are of.
        page: In order.
        standings: Of these sentences and edits, or more.
        protected: What no edit may touch, in places of the document, sorted.
    """
    return {
        "version": document.version,
        "model": document.model,
        "kb": document.kb_version,
        "stage": document.stage.value,
        "done": document.done_chars,
        "total": len(document.source),
        "sentences": [_sentence_row(document.source, row, protected) for row in page],
        "standings": [as_json(standing) for standing in standings],
        "next": page[-1].sentence.index + 1 if page else None,
    }


def _sentence_row(source: str, row: Row, protected: Sequence[ProtectedSpan]) -> dict[str, Any]:
    sentence, span = row.sentence, row.span
    return {
        "id": sentence.target,
        "index": sentence.index,
        "start": span.start,
        "end": span.end,
        "text": span.of(source),
        "before": row.before,
        "paragraph": sentence.paragraph,
        "status": sentence.status.value,
        "confidence": round(sentence.confidence, 3),
        "reason": explain(sentence.reason) if sentence.reason else "",
        "furniture": sentence.furniture,
        # All of a sentence may have gone into the row before: then there is nothing to look at.
        "need": round(need(sentence, row.edits), 4) if len(span) else 0.0,
        "edits": [_edit_row(edit, span) for edit in row.edits],
        "protected": [
            [
                max(p.span.start - span.start, 0),
                min(p.span.end, span.end) - span.start,
                _GUARDED.get(p.kind, p.kind.value),
            ]
            for p in protected
            if p.span.start < span.end and span.start < p.span.end  # what a file protects may have many sentences
        ],
    }


def _edit_row(edit: StoredEdit, row: Span) -> dict[str, Any]:
    return {
        "id": edit.target,
        "start": edit.span.start - row.start,
        "end": edit.span.end - row.start,
        "original": edit.original,
        "replacement": edit.replacement,
        "kind": edit.kind.value,
        "kindName": KINDS[edit.kind],
        "origin": ORIGINS[edit.origin],
        "rule": edit.rule,
        "confidence": round(edit.confidence, 3),
        "band": band(edit.confidence),
        "reason": edit.reason,
        "alternatives": [a["text"] for a in edit.alternatives if a["text"] != edit.replacement][:8],
        "entity": edit.entity,
        "group": edit.group,
        "refusal": explain(edit.refusal) if edit.refusal else "",
    }

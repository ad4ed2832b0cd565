"""From what is stored to the rows that the page shows; pure, so tested without a browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.core.types import EditKind, Origin, ProtectedSpan, Span, Status
from app.store.records import Document, Sentence, Standing, StoredEdit
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
    "protected:name": "The name is right as it stands",
}


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
    if sentence.status is Status.UNCHANGED:
        return 0.0
    return 0.05 + 0.5 * (1.0 - sentence.confidence)


def rows(
    document: Document,
    sentences: Sequence[Sentence],
    edits: Sequence[StoredEdit],
    standings: Iterable[Standing],
    protected: Sequence[ProtectedSpan] = (),
) -> dict[str, Any]:
    """A page of sentences with their edits, as the script draws them. Spans count from the sentence's start.

    Args:
        document: What they are of.
        sentences: In order.
        edits: Of these sentences, in order of their index.
        standings: Of these sentences and edits, or more.
        protected: What no edit may touch, in places of the document, sorted.
    """
    mine: dict[int, list[StoredEdit]] = {}
    for edit in edits:
        mine.setdefault(edit.sentence, []).append(edit)
    return {
        "version": document.version,
        "model": document.model,
        "kb": document.kb_version,
        "stage": document.stage.value,
        "done": document.done_chars,
        "total": len(document.source),
        "sentences": [_sentence_row(document.source, s, mine.get(s.index, []), protected) for s in sentences],
        "standings": [as_json(standing) for standing in standings],
        "next": sentences[-1].index + 1 if sentences else None,
    }


def _sentence_row(
    source: str, sentence: Sentence, edits: Sequence[StoredEdit], protected: Sequence[ProtectedSpan]
) -> dict[str, Any]:
    span = sentence.span
    # An edit of the space behind a sentence belongs to it: the row shows that space, too.
    until = max([span.end, *(edit.span.end for edit in edits)])
    return {
        "id": sentence.target,
        "index": sentence.index,
        "start": span.start,
        "end": span.end,
        "text": source[span.start : until],
        "before": _gap(source, span.start),
        "paragraph": sentence.paragraph,
        "status": sentence.status.value,
        "confidence": round(sentence.confidence, 3),
        "reason": explain(sentence.reason) if sentence.reason else "",
        "furniture": sentence.furniture,
        "need": round(need(sentence, edits), 4),
        "edits": [_edit_row(edit, span) for edit in sorted(edits, key=lambda e: (e.span, e.index))],
        "protected": [
            [p.span.start - span.start, p.span.end - span.start, p.kind.value]
            for p in protected
            if span.contains(p.span)
        ],
    }


def _gap(source: str, at: int) -> str:
    """The white space before a place."""
    start = at
    while start and source[start - 1].isspace():
        start -= 1
    return source[start:at]


def _edit_row(edit: StoredEdit, sentence: Span) -> dict[str, Any]:
    return {
        "id": edit.target,
        "start": edit.span.start - sentence.start,
        "end": edit.span.end - sentence.start,
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

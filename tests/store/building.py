"""Documents for the tests of the store."""

from __future__ import annotations

from itertools import count

from app.core.types import EditKind, Origin, Span, Status
from app.store.models import Stage
from app.store.records import Document, NewDocument, Sentence, StoredEdit, Wish
from app.store.settled import context_of
from app.store.store import Store

SOURCE = "The the man went to Pariss . He is teh king.\n\nAll is well."
_SENTENCES = ((0, 28, 0), (29, 44, 0), (46, 58, 1))
_numbers = count()


def edit(number: int, start: int, end: int, new: str, **more: object) -> StoredEdit:
    """An edit of ``SOURCE``."""
    values: dict[str, object] = {
        "index": number,
        "sentence": 0 if start < 29 else 1,
        "span": Span(start, end),
        "original": SOURCE[start:end],
        "replacement": new,
        "kind": EditKind.SPELLING,
        "origin": Origin.MODEL,
        "rule": "MTR_MODEL_SPELLING",
        "confidence": 0.8,
        "reason": "Because.",
        "context": context_of(SOURCE, Span(start, end)),
        **more,
    }
    return StoredEdit(**values)  # type: ignore[arg-type]


EDITS = (
    edit(0, 0, 8, "The ", kind=EditKind.REPETITION, origin=Origin.RULE, rule="MTR_DOUBLED_WORD", confidence=0.99),
    edit(1, 20, 26, "Paris", kind=EditKind.NAME, origin=Origin.NAMES, rule="MTR_NAME_ENTITY", group="paris",
         alternatives=({"text": "Parys", "score": 0.1, "entity_id": None},),
         entity={"id": "Q90", "caption": "Paris", "type": "place", "score": 0.9, "features": [["same_spelling", 0.9]]}),
    edit(2, 26, 27, "", kind=EditKind.SPACING, group="paris"),
    edit(3, 35, 38, "the", confidence=0.6),
    edit(4, 39, 43, "queen", refusal="negation_changed"),
)  # fmt: skip


def add(store: Store, **more: object) -> Document:
    """A repaired document."""
    document = store.add_document(NewDocument("A title", SOURCE, **more))  # type: ignore[arg-type]
    sentences = [
        Sentence(i, Span(a, b), p, Status.UNCHANGED if i == 2 else Status.REPAIRED, 0.9 - i / 10)
        for i, (a, b, p) in enumerate(_SENTENCES)
    ]
    store.add_repair(document.id, sentences, EDITS, Span(0, len(SOURCE)))
    store.finish(document.id, Stage.DONE, "net@1", "2026")
    return store.document(document.id)


def fresh() -> str:
    """An id of a change that was not there before."""
    return f"change-{next(_numbers)}"


__all__ = ["EDITS", "SOURCE", "Wish", "add", "edit", "fresh"]

"""Decisions that were exported as JSON, brought back into a document of the same text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from app.core.errors import InputError
from app.store.records import OF_EDITS, WITH_TEXT, Document, Outcome, Sentence, StoredEdit, Verdict, Why, Wish
from app.store.settled import lay_out
from app.store.store import Store

_MOST: Final = 500_000  # edits, sentences or decisions of one file


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Document(_Part):
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class _Edit(_Part):
    id: str
    start: NonNegativeInt
    end: NonNegativeInt
    original: str
    replacement: str


class _Sentence(_Part):
    id: str
    start: NonNegativeInt
    end: NonNegativeInt


class _Decision(_Part):
    target: str
    verdict: Verdict
    text: str | None = None
    why: Why = Why.UNSAID
    who: str = ""


class Decisions(_Part):
    """A file of decisions, as it was exported; fields that are only for readers are passed over."""

    document: _Document
    edits: list[_Edit] = Field(max_length=_MOST)
    sentences: list[_Sentence] = Field(max_length=_MOST)
    decisions: list[_Decision] = Field(max_length=_MOST)


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A decision for which the document has no place: nothing there is proposed as it was in the file."""

    verdict: Verdict
    original: str
    replacement: str
    text: str | None
    who: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file of decisions."""

    outcome: Outcome  # decisions that met another one are its conflicts
    unmatched: tuple[Unmatched, ...]
    already: int = 0  # decisions that stand there as the file has them


def read_decisions(data: bytes) -> Decisions:
    """Read a file of decisions.

    Raises:
        InputError: It is none; the message has nothing of the file.
    """
    try:
        return Decisions.model_validate_json(data)
    except ValidationError as exc:
        # a field's name may be the file's own; only places of the schema are named
        first = next(iter(exc.errors(include_url=False, include_input=False)))
        where = "/".join(str(part) for part in first["loc"] if isinstance(part, int) or part in _KNOWN) or "the file"
        raise InputError(
            f"this is not the JSON of decisions that the page exports: see {where}", code="invalid-decisions"
        ) from None


_KNOWN: Final = frozenset(
    name for model in (Decisions, _Document, _Edit, _Sentence, _Decision) for name in model.model_fields
)


def match(
    decisions: Decisions, document: Document, sentences: Sequence[Sentence], edits: Sequence[StoredEdit]
) -> tuple[list[Wish], list[Unmatched]]:
    """What the decisions mean for a document: by place and proposal, whatever the edits are called in either.

    Raises:
        InputError: They were made on another text, or do not fit the file's own edits.
    """
    if decisions.document.sha256 != document.sha256:
        raise InputError(
            "these decisions were made on another text; import them into a document of the very same text",
            code="other-text",
        )
    proposed = {(e.span.start, e.span.end, e.replacement): e.target for e in edits}
    places = {(e.span.start, e.span.end): e.target for e in reversed(edits)}
    # As far as the page shows a sentence: a rewritten one stands for that.
    whole = {(r.span.start, r.span.end): r.sentence.target for r in lay_out(document.source, sentences, edits)}
    theirs = {e.id: e for e in decisions.edits}
    their_sentences = {s.id: s for s in decisions.sentences}
    wishes: list[Wish] = []
    unmatched: list[Unmatched] = []
    for one in decisions.decisions:
        if one.verdict is Verdict.OPEN:
            continue
        if (one.text is None) == (one.verdict in WITH_TEXT):
            raise InputError("a decision of the file lacks its text, or has one too many", code="invalid-decisions")
        if one.verdict in OF_EDITS:
            edit = theirs.get(one.target)
            if edit is None:
                raise InputError("a decision of the file is about none of its edits", code="invalid-decisions")
            target = proposed.get((edit.start, edit.end, edit.replacement))
            if target is None and one.verdict is Verdict.REPLACED:  # the editor's own words, whatever was proposed
                target = places.get((edit.start, edit.end))
            original, replacement = edit.original, edit.replacement
        else:
            sentence = their_sentences.get(one.target)
            if sentence is None:
                raise InputError("a decision of the file is about none of its sentences", code="invalid-decisions")
            target = whole.get((sentence.start, sentence.end))
            original, replacement = document.source[sentence.start : sentence.end], ""
        if target is None:
            unmatched.append(Unmatched(one.verdict, original, replacement, one.text, one.who))
        else:
            wishes.append(Wish(target, one.verdict, one.text, one.why))
    return wishes, unmatched


def import_decisions(
    store: Store, document_id: str, decisions: Decisions, *, who: str, client_id: str = "", overwrite: bool = False
) -> Imported:
    """Make the decisions of a file as one change, which its importer can undo.

    Args:
        store: That has the document.
        document_id: It.
        decisions: The file.
        who: Imports them; the editors of the file stand in the change's label.
        client_id: Of the change; one that is sent again is not made twice.
        overwrite: Whether they win over decisions that stand there; otherwise those are conflicts, and stay.

    Raises:
        NotFoundError: The document is not there.
        InputError: The file does not fit it.
    """
    document = store.document(document_id)
    wishes, unmatched = match(decisions, document, store.sentences(document_id), store.edits(document_id))
    already = 0
    if not client_id:  # a change that is sent again has an answer of its own
        standing = {s.target: (s.verdict, s.text, s.why) for s in store.standings(document_id)}
        left = [w for w in wishes if standing.get(w.target) != (w.verdict, w.text, w.why)]
        already, wishes = len(wishes) - len(left), left
    editors = ", ".join(dict.fromkeys(one.who for one in decisions.decisions if one.who)) or "a file"
    outcome = Outcome(document.version, (), (), "")
    if wishes:
        outcome = store.decide(
            document_id, wishes, who=who, seen=document.version, client_id=client_id or token_hex(16),
            label=f"Imported from {editors}"[:200], keep_decided=not overwrite,
        )  # fmt: skip
    return Imported(outcome, tuple(unmatched), already)

"""What the store takes and gives: small frozen values, apart from the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.core.errors import InputError
from app.core.types import EditKind, Origin, Span, Status
from app.store.models import Reach, Stage


class NotFoundError(InputError):
    """There is no such thing in the store, or no longer."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not there; it may have been deleted, or have expired", code="not-found")


class Verdict(StrEnum):
    """Where an edit or a sentence stands with its editor."""

    OPEN = "open"
    ACCEPTED = "accepted"  # an edit, as proposed
    REJECTED = "rejected"
    REPLACED = "replaced"  # an edit: an alternative, or the editor's own words
    CONFIRMED = "confirmed"  # a sentence: right as it stands now
    REWRITTEN = "rewritten"  # a sentence: the editor's own words, whatever its edits say


OF_EDITS = frozenset({Verdict.OPEN, Verdict.ACCEPTED, Verdict.REJECTED, Verdict.REPLACED})
OF_SENTENCES = frozenset({Verdict.OPEN, Verdict.CONFIRMED, Verdict.REWRITTEN})
WITH_TEXT = frozenset({Verdict.REPLACED, Verdict.REWRITTEN})


class Why(StrEnum):
    """Why an editor rejected an edit."""

    UNSAID = ""
    WRONG_NAME = "wrong_name"
    CHANGES_MEANING = "changes_meaning"
    TASTE = "taste"
    OTHER = "other"
    DISMISSED = "dismissed"  # the editor wants it never again


@dataclass(frozen=True, slots=True)
class Project:
    """Documents that share dismissals and a glossary."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document that is to be stored."""

    title: str
    source: str
    project: str = "default"  # by name; made where it is new
    format: str = "text"
    original: bytes | None = None
    mode: str = "minimal"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document without its edits."""

    id: str
    project: Project
    title: str
    format: str
    source: str = field(repr=False)
    original: bytes | None = field(repr=False)
    sha256: str
    mode: str
    stage: Stage
    done_chars: int
    version: int
    model: str
    kb_version: str
    place: str
    created_at: datetime
    changed_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the list of documents."""

    id: str
    project: str
    title: str
    stage: Stage
    edits: int
    open_edits: int
    changed_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """What became of one segment."""

    index: int
    span: Span
    paragraph: int
    status: Status
    confidence: float
    reason: str = ""
    furniture: str = ""  # kind of page furniture; empty for running text

    @property
    def target(self) -> str:
        """Its name in decisions."""
        return f"s{self.index}"


@dataclass(frozen=True, slots=True)
class StoredEdit:
    """One proposed edit; ``refusal`` says what holds it back, if anything does."""

    index: int
    sentence: int
    span: Span
    original: str
    replacement: str
    kind: EditKind
    origin: Origin
    rule: str
    confidence: float
    reason: str
    alternatives: tuple[dict[str, Any], ...] = ()  # text, score, entity_id
    entity: dict[str, Any] | None = None  # id, caption, type, score, features
    group: str | None = None
    context: str = ""
    refusal: str = ""

    @property
    def target(self) -> str:
        """Its name in decisions."""
        return f"e{self.index}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a target stands, by whom and since when."""

    target: str
    verdict: Verdict
    text: str | None = None
    why: Why = Why.UNSAID
    who: str = ""
    at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What an editor wants a target to be."""

    target: str
    verdict: Verdict
    text: str | None = None
    why: Why = Why.UNSAID


@dataclass(frozen=True, slots=True)
class Conflict:
    """A wish that met another editor's decision, made since the wisher last looked; it is kept and does not hold."""

    wish: Wish
    standing: Standing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change."""

    version: int
    standings: tuple[Standing, ...]
    conflicts: tuple[Conflict, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a document's history."""

    version: int
    who: str
    at: datetime
    act: str
    label: str
    decisions: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A suggestion that is not to come again."""

    id: int
    reach: Reach
    document_id: str | None
    project_id: str | None
    rule: str
    original: str
    replacement: str
    context: str
    who: str
    at: datetime

    def covers(self, edit: StoredEdit) -> bool:
        """Whether ``edit`` is what the editor does not want to see again."""
        return (
            self.rule == edit.rule
            and self.original == edit.original
            and self.replacement == edit.replacement
            and self.context in ("", edit.context)
        )


@dataclass(frozen=True, slots=True)
class GlossarySummary:
    """A glossary in a list; its name is that of its project."""

    name: str
    changed_at: datetime
    terms: int


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a project's glossary."""

    id: int
    source: str
    target: str
    kind: str
    case_sensitive: bool
    who: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One decided edit, for counting."""

    kind: EditKind
    origin: Origin
    confidence: float
    verdict: Verdict
    why: Why


@dataclass(frozen=True, slots=True)
class Threshold:
    """Least confidence worth an editor's time."""

    origin: Origin
    kind: EditKind
    least: float
    decisions: int
    precision: float

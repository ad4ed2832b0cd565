"""The tables. Times are UTC; texts and spans are those of the core, in code points."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

ID = String(32)
NAME = String(200)
WORD = String(64)


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone on every database; SQLite keeps none by itself."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Stage(StrEnum):
    """How far the repair of a document has come."""

    REPAIRING = "repairing"
    DONE = "done"
    FAILED = "failed"


class Reach(StrEnum):
    """Where a dismissal holds."""

    DOCUMENT = "document"
    PROJECT = "project"
    ALWAYS = "always"


class Base(DeclarativeBase):
    """Names of constraints are given by rule, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _document(*, primary_key: bool = False) -> Mapped[str]:
    return mapped_column(ID, ForeignKey("document.id", ondelete="CASCADE"), primary_key=primary_key)


class ProjectRow(Base):
    """Documents that share dismissals and a glossary."""

    __tablename__ = "project"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(NAME, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())


class DocumentRow(Base):
    """A text under repair. ``version`` rises by one with every change that an editor makes."""

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ID, ForeignKey("project.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(NAME)
    format: Mapped[str] = mapped_column(WORD)
    source: Mapped[str] = mapped_column(Text)
    original: Mapped[bytes | None] = mapped_column(LargeBinary)  # the file, where it was more than its text
    sha256: Mapped[str] = mapped_column(WORD)  # of the source
    mode: Mapped[str] = mapped_column(WORD)
    stage: Mapped[str] = mapped_column(WORD)
    done_chars: Mapped[int] = mapped_column(default=0)  # of the source, repaired so far
    version: Mapped[int] = mapped_column(default=0)
    model: Mapped[str] = mapped_column(NAME, default="")
    kb_version: Mapped[str] = mapped_column(NAME, default="")
    place: Mapped[str] = mapped_column(WORD, default="")  # the edit where the last editor stood
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)


class SentenceRow(Base):
    """What became of one segment."""

    __tablename__ = "sentence"

    document_id: Mapped[str] = _document(primary_key=True)
    index: Mapped[int] = mapped_column("position", primary_key=True, autoincrement=False)
    start: Mapped[int] = mapped_column("start_at")
    end: Mapped[int] = mapped_column("end_at")
    paragraph: Mapped[int]
    status: Mapped[str] = mapped_column(WORD)
    confidence: Mapped[float]
    reason: Mapped[str] = mapped_column(NAME)
    furniture: Mapped[str] = mapped_column(NAME)  # kind of page furniture; empty for running text


class EditRow(Base):
    """One proposed edit; ``refusal`` says which check, threshold or dismissal holds it back."""

    __tablename__ = "edit"

    document_id: Mapped[str] = _document(primary_key=True)
    index: Mapped[int] = mapped_column("position", primary_key=True, autoincrement=False)
    sentence: Mapped[int]
    start: Mapped[int] = mapped_column("start_at")
    end: Mapped[int] = mapped_column("end_at")
    original: Mapped[str] = mapped_column(Text)
    replacement: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(WORD, index=True)
    origin: Mapped[str] = mapped_column(WORD)
    rule: Mapped[str] = mapped_column(WORD)
    confidence: Mapped[float]
    reason: Mapped[str] = mapped_column(Text)
    alternatives: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    entity: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    group: Mapped[str | None] = mapped_column("together", NAME)
    context: Mapped[str] = mapped_column(WORD)  # hash of the neighbouring words
    refusal: Mapped[str] = mapped_column(NAME, default="")


class StandingRow(Base):
    """Where an edit (``e3``) or a sentence (``s7``) stands now; without a row it is open."""

    __tablename__ = "standing"

    document_id: Mapped[str] = _document(primary_key=True)
    target: Mapped[str] = mapped_column(WORD, primary_key=True)
    verdict: Mapped[str] = mapped_column(WORD)
    text: Mapped[str | None] = mapped_column(Text)
    why: Mapped[str] = mapped_column(WORD)
    who: Mapped[str] = mapped_column(NAME)
    at: Mapped[datetime] = mapped_column("decided_at", UtcDateTime())
    version: Mapped[int]


class ChangeRow(Base):
    """One act of an editor: one or many decisions that are undone together. Never altered, so nothing is lost."""

    __tablename__ = "change"
    __table_args__ = (
        UniqueConstraint("document_id", "version"),
        UniqueConstraint("document_id", "client_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = _document()
    version: Mapped[int]
    client_id: Mapped[str] = mapped_column(WORD)  # made by the page: a repeated request is the same change
    who: Mapped[str] = mapped_column(NAME)
    at: Mapped[datetime] = mapped_column("made_at", UtcDateTime())
    act: Mapped[str] = mapped_column(WORD)  # decide, undo, redo
    reverts: Mapped[int | None]  # version of the change that an undo or redo turns back
    label: Mapped[str] = mapped_column(NAME)


class DecisionRow(Base):
    """One target of a change: what it was, what the editor wanted, and whether that holds or met a conflict."""

    __tablename__ = "decision"
    __table_args__ = (Index(None, "change_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("change.id", ondelete="CASCADE"))
    target: Mapped[str] = mapped_column(WORD)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    holds: Mapped[bool]


class DismissalRow(Base):
    """Never again: this suggestion, in this document, in this project, or anywhere."""

    __tablename__ = "dismissal"

    id: Mapped[int] = mapped_column(primary_key=True)
    reach: Mapped[str] = mapped_column(WORD)
    document_id: Mapped[str | None] = mapped_column(ID, ForeignKey("document.id", ondelete="CASCADE"), index=True)
    project_id: Mapped[str | None] = mapped_column(ID, ForeignKey("project.id", ondelete="CASCADE"), index=True)
    rule: Mapped[str] = mapped_column(WORD)
    original: Mapped[str] = mapped_column(Text)
    replacement: Mapped[str] = mapped_column(Text)
    context: Mapped[str] = mapped_column(WORD)  # empty: anywhere
    who: Mapped[str] = mapped_column(NAME)
    at: Mapped[datetime] = mapped_column("dismissed_at", UtcDateTime())
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class GlossaryRow(Base):
    """Terms that the documents of a project require."""

    __tablename__ = "glossary"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ID, ForeignKey("project.id", ondelete="CASCADE"), unique=True)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime())


class TermRow(Base):
    """One term of a glossary."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("glossary_id", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    glossary_id: Mapped[str] = mapped_column(ID, ForeignKey("glossary.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(NAME)
    target: Mapped[str] = mapped_column(NAME)
    kind: Mapped[str] = mapped_column(WORD)
    case_sensitive: Mapped[bool]
    who: Mapped[str] = mapped_column(NAME)
    at: Mapped[datetime] = mapped_column("added_at", UtcDateTime())


class ThresholdRow(Base):
    """Least confidence worth an editor's time, as fitted to decisions."""

    __tablename__ = "threshold"

    origin: Mapped[str] = mapped_column(WORD, primary_key=True)
    kind: Mapped[str] = mapped_column(WORD, primary_key=True)
    least: Mapped[float]
    decisions: Mapped[int]
    precision: Mapped[float] = mapped_column("share_accepted")
    fitted_at: Mapped[datetime] = mapped_column(UtcDateTime())


class JobRow(Base):
    """A text that is repaired while nobody waits."""

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(WORD, index=True)  # id of an API key; empty where none is asked for
    state: Mapped[str] = mapped_column(WORD)
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(Text)
    done_chars: Mapped[int]
    reason: Mapped[str] = mapped_column(WORD)
    worker: Mapped[str] = mapped_column(WORD)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    format: Mapped[str] = mapped_column(WORD, server_default="")  # of the file that it came in; empty for JSON
    original: Mapped[bytes | None] = mapped_column(LargeBinary)  # that file, where it is more than its text
    idempotency_key: Mapped[str | None] = mapped_column(WORD)  # hashed: callers choose it
    body_sha256: Mapped[str] = mapped_column(WORD, server_default="")

    __table_args__ = (Index("ix_job_owner_idempotency_key", "owner", "idempotency_key", unique=True),)


class JobPartRow(Base):
    """The answer of one section of a job, which ends at ``end`` in the source."""

    __tablename__ = "job_part"

    job_id: Mapped[str] = mapped_column(ID, ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    end: Mapped[int] = mapped_column("end_at", primary_key=True, autoincrement=False)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)

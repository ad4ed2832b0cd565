"""The store: every method is one transaction, and what it has returned is on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Self, cast

from sqlalchemy import (
    CursorResult,
    Delete,
    Engine,
    String,
    Update,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.errors import InputError
from app.core.types import EditKind, GlossaryEntry, Origin, Span, Status
from app.store.database import MEMORY, cut_log, open_engine
from app.store.models import (
    ChangeRow,
    DecisionRow,
    DismissalRow,
    DocumentRow,
    EditRow,
    GlossaryRow,
    ProjectRow,
    Reach,
    SentenceRow,
    Stage,
    StandingRow,
    TermRow,
    ThresholdRow,
)
from app.store.records import (
    OF_EDITS,
    OF_SENTENCES,
    WITH_TEXT,
    Change,
    Conflict,
    Dismissal,
    Document,
    GlossarySummary,
    Judged,
    NewDocument,
    NotFoundError,
    Outcome,
    Project,
    Sentence,
    Standing,
    StoredEdit,
    Summary,
    Term,
    Threshold,
    Verdict,
    Why,
    Wish,
)

_OPEN: dict[str, Any] = {"verdict": Verdict.OPEN.value, "text": None, "why": ""}
_ROWS_PER_INSERT = 500


class Store:
    """Documents with their edits and decisions, dismissals, glossaries and thresholds.

    Safe to use from several threads, and from several processes at once.

    Args:
        engine: From ``open_engine``; its tables are up to date.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)

    @classmethod
    def open(cls, url: str = "") -> Self:
        """Open a database by its URL; the user's own SQLite file where it is empty.

        Raises:
            ResourceError: It cannot be used.
        """
        return cls(open_engine(url))

    @classmethod
    def in_memory(cls) -> Self:
        """A store that nothing of reaches a disk, and that ends with the process."""
        return cls(open_engine(MEMORY))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with Session(self._writer) as session, session.begin():
            yield session

    # --- projects ---

    def project(self, name: str) -> Project:
        """The project of that name; made where it is new."""
        with self._writing() as session:
            return _project(_project_row(session, name))

    def find_project(self, name: str) -> Project | None:
        """The project of that name, if there is one: to look makes none."""
        with self._reading() as session:
            row = _known_project(session, name)
            return _project(row) if row is not None else None

    def projects(self) -> list[Project]:
        """All projects by name."""
        with self._reading() as session:
            return [_project(row) for row in session.scalars(select(ProjectRow).order_by(ProjectRow.name))]

    def used_projects(self) -> list[Project]:
        """The projects that something is kept of: a document, a glossary or a dismissal that holds."""
        now = _now()
        wanted = select(ProjectRow).where(
            or_(
                exists().where(
                    DocumentRow.project_id == ProjectRow.id,
                    or_(DocumentRow.expires_at.is_(None), DocumentRow.expires_at > now),
                ),
                exists().where(GlossaryRow.project_id == ProjectRow.id),
                exists().where(DismissalRow.project_id == ProjectRow.id, DismissalRow.reversed_at.is_(None)),
            )
        )
        with self._reading() as session:
            return [_project(row) for row in session.scalars(wanted.order_by(ProjectRow.name))]

    def project_of_term(self, term_id: int) -> Project:
        """Whose glossary a term is in.

        Raises:
            NotFoundError: It is not there.
        """
        wanted = (
            select(ProjectRow)
            .join(GlossaryRow, GlossaryRow.project_id == ProjectRow.id)
            .join(TermRow, TermRow.glossary_id == GlossaryRow.id)
            .where(TermRow.id == term_id)
        )
        with self._reading() as session:
            row = session.scalars(wanted).one_or_none()
            if row is None:
                raise NotFoundError("the term")
            return _project(row)

    # --- documents ---

    def add_document(self, new: NewDocument, document_id: str = "") -> Document:
        """Store a document that is yet to be repaired."""
        now = _now()
        with self._writing() as session:
            project = _project_row(session, new.project)
            row = DocumentRow(
                id=document_id or token_hex(12),
                project_id=project.id,
                title=new.title[:200],
                format=new.format,
                source=new.source,
                original=new.original,
                sha256=hashlib.sha256(new.source.encode()).hexdigest(),
                mode=new.mode,
                stage=Stage.REPAIRING.value,
                done_chars=0,
                version=0,
                model="",
                kb_version="",
                place="",
                created_at=now,
                changed_at=now,
                expires_at=new.expires_at,
            )
            session.add(row)
            session.flush()
            return _document(row, project)

    def document(self, document_id: str) -> Document:
        """One document.

        Raises:
            NotFoundError: It is not there, or has expired.
        """
        with self._reading() as session:
            row = _document_row(session, document_id)
            return _document(row, session.get_one(ProjectRow, row.project_id))

    def documents(self, limit: int = 200) -> list[Summary]:
        """The documents, those changed last first."""
        edits = (
            select(EditRow.document_id, func.count().label("edits"))
            .where(EditRow.refusal == "")
            .group_by(EditRow.document_id)
            .subquery()
        )
        decided = (
            select(StandingRow.document_id, func.count().label("decided"))
            .where(StandingRow.target.like("e%"), StandingRow.verdict != Verdict.OPEN)
            .group_by(StandingRow.document_id)
            .subquery()
        )
        found = (
            select(
                DocumentRow.id, ProjectRow.name, DocumentRow.title, DocumentRow.stage,
                func.coalesce(edits.c.edits, 0), func.coalesce(decided.c.decided, 0),
                DocumentRow.changed_at, DocumentRow.expires_at,
            )
            .join(ProjectRow, ProjectRow.id == DocumentRow.project_id)
            .outerjoin(edits, edits.c.document_id == DocumentRow.id)
            .outerjoin(decided, decided.c.document_id == DocumentRow.id)
            .where(or_(DocumentRow.expires_at.is_(None), DocumentRow.expires_at > _now()))
            .order_by(DocumentRow.changed_at.desc())
            .limit(limit)
        )  # fmt: skip
        with self._reading() as session:
            return [
                Summary(id_, project, title, Stage(stage), count, max(count - done, 0), changed, expires)
                for id_, project, title, stage, count, done, changed, expires in session.execute(found)
            ]

    def documents_of(self, sha256: str) -> list[str]:
        """The ids of the documents that have a text, by its SHA-256, those changed last first."""
        wanted = (
            select(DocumentRow.id)
            .where(DocumentRow.sha256 == sha256, or_(DocumentRow.expires_at.is_(None), DocumentRow.expires_at > _now()))
            .order_by(DocumentRow.changed_at.desc())
        )
        with self._reading() as session:
            return list(session.scalars(wanted))

    def delete_document(self, document_id: str) -> None:
        """Delete a document and everything about it, for good.

        Raises:
            NotFoundError: It is not there.
        """
        with self._writing() as session:
            if not _count(session, delete(DocumentRow).where(DocumentRow.id == document_id)):
                raise NotFoundError("the document")
        cut_log(self._engine)

    def delete_expired(self, now: datetime | None = None) -> int:
        """Delete the documents whose time is over; how many there were."""
        with self._writing() as session:
            gone = _count(session, delete(DocumentRow).where(DocumentRow.expires_at <= (now or _now())))
        if gone:
            cut_log(self._engine)
        return gone

    def keep_until(self, document_id: str, expires_at: datetime | None) -> None:
        """Set when a document expires; ``None``: never."""
        with self._writing() as session:
            _document_row(session, document_id).expires_at = expires_at

    def set_place(self, document_id: str, place: str) -> None:
        """Remember where the editor stood."""
        with self._writing() as session:
            _document_row(session, document_id).place = place[:64]

    def copy_document(self, document_id: str, to: Store, expires_at: datetime | None) -> Document:
        """Copy a document with its edits, decisions and history into another store.

        Raises:
            NotFoundError: It is not there.
        """
        document = self.document(document_id)
        copied = to.add_document(
            NewDocument(
                document.title, document.source, document.project.name, document.format, document.original,
                document.mode, expires_at,
            )
        )  # fmt: skip
        with self._reading() as here, to._writing() as there:
            target = there.get_one(DocumentRow, copied.id)
            for name in ("stage", "done_chars", "version", "model", "kb_version", "place"):
                setattr(target, name, getattr(document, name))
            for table in (SentenceRow, EditRow, StandingRow):
                rows = here.scalars(select(table).where(table.document_id == document_id))
                there.add_all([table(**{**_columns(row), "document_id": copied.id}) for row in rows])
            for change in here.scalars(
                select(ChangeRow).where(ChangeRow.document_id == document_id).order_by(ChangeRow.version)
            ):
                row = ChangeRow(**{**_columns(change, "id"), "document_id": copied.id})
                there.add(row)
                there.flush()
                decisions = here.scalars(select(DecisionRow).where(DecisionRow.change_id == change.id))
                there.add_all([DecisionRow(**{**_columns(d, "id"), "change_id": row.id}) for d in decisions])
            # A dismissal of this document goes along with it.
            for dismissal in here.scalars(select(DismissalRow).where(DismissalRow.document_id == document_id)):
                there.add(
                    DismissalRow(
                        **{**_columns(dismissal, "id"), "document_id": copied.id, "project_id": target.project_id}
                    )
                )
        return to.document(copied.id)

    # --- repairs ---

    def add_repair(
        self, document_id: str, sentences: Sequence[Sentence], edits: Sequence[StoredEdit], section: Span
    ) -> bool:
        """Add the repair of a section; False, and nothing added, where what is there does not end where it begins.

        Another process may be at work on the document, and cut it elsewhere.

        Raises:
            NotFoundError: The document is not there any more.
        """
        with self._writing() as session:
            row = _locked(session, document_id)
            if row.done_chars != section.start:
                return False
            row.done_chars = section.end
            session.add_all([_sentence_row(document_id, sentence) for sentence in sentences])
            session.add_all([_edit_row(document_id, edit) for edit in edits])
            return True

    def finish(self, document_id: str, stage: Stage, model: str = "", kb_version: str = "") -> None:
        """Say that a repair has ended, and by what it was made."""
        with self._writing() as session:
            row = _document_row(session, document_id)
            row.stage, row.model, row.kb_version = stage.value, model[:200], kb_version[:200]

    def sentences(self, document_id: str, first: int = 0, limit: int | None = None) -> list[Sentence]:
        """Sentences in order, from number ``first``."""
        wanted = select(SentenceRow).where(SentenceRow.document_id == document_id, SentenceRow.index >= first)
        with self._reading() as session:
            return [_sentence(row) for row in session.scalars(wanted.order_by(SentenceRow.index).limit(limit))]

    def edits(self, document_id: str, first: int = 0, last: int | None = None) -> list[StoredEdit]:
        """Edits of the sentences from ``first`` to before ``last``, in order, refused ones included."""
        wanted = select(EditRow).where(EditRow.document_id == document_id, EditRow.sentence >= first)
        if last is not None:
            wanted = wanted.where(EditRow.sentence < last)
        with self._reading() as session:
            return [_edit(row) for row in session.scalars(wanted.order_by(EditRow.index))]

    def progress(self, document_id: str) -> tuple[Stage, int, int]:
        """Stage, characters repaired, and version; cheap to ask for.

        Raises:
            NotFoundError: It is not there.
        """
        wanted = select(DocumentRow.stage, DocumentRow.done_chars, DocumentRow.version)
        with self._reading() as session:
            row = session.execute(wanted.where(DocumentRow.id == document_id)).one_or_none()
        if row is None:
            raise NotFoundError("the document")
        return Stage(row[0]), row[1], row[2]

    def resume(self, document_id: str) -> None:
        """Let a repair that failed go on."""
        with self._writing() as session:
            _document_row(session, document_id).stage = Stage.REPAIRING.value

    def counts(self, document_id: str) -> tuple[int, int]:
        """How many sentences and edits there are so far."""
        with self._reading() as session:
            return tuple(  # type: ignore[return-value]
                session.scalar(select(func.count()).where(table.document_id == document_id)) or 0
                for table in (SentenceRow, EditRow)
            )

    # --- decisions ---

    def standings(self, document_id: str, since: int = 0) -> list[Standing]:
        """Where the targets stand that a change after version ``since`` touched."""
        wanted = select(StandingRow).where(StandingRow.document_id == document_id, StandingRow.version > since)
        with self._reading() as session:
            return [_standing(row) for row in session.scalars(wanted.order_by(StandingRow.version, StandingRow.target))]

    def decide(
        self,
        document_id: str,
        wishes: Sequence[Wish],
        *,
        who: str,
        seen: int,
        client_id: str,
        label: str = "",
        keep_decided: bool = False,
    ) -> Outcome:
        """Make one change of one or many decisions.

        What holds for one edit of a group holds for the group. A wish that differs from what another editor decided
        after version ``seen`` does not hold, with ``keep_decided`` neither one that differs from any decision: it is
        kept in the history and given back as a conflict. A change that came before, with the same ``client_id``, is
        not made twice.

        Raises:
            NotFoundError: The document or a target is not there.
            InputError: A verdict does not fit its target.
        """
        with self._writing() as session:
            document = _locked(session, document_id)
            if (known := _same_change(session, document_id, client_id)) is not None:
                return _outcome_of(session, document_id, known)
            wanted = _with_groups(session, document_id, wishes)
            _check(session, document_id, wanted)
            current = {s.target: s for s in _standing_rows(session, document_id, [w.target for w in wanted])}
            pairs = []
            for wish in wanted:
                row = current.get(wish.target)
                is_new = row is not None and row.version > seen and row.who != who
                is_kept = row is not None and keep_decided and row.verdict != Verdict.OPEN
                met = row is not None and (is_new or is_kept) and _state(row) != _wished(wish)
                pairs.append((wish, not met))
            return _make(session, document, pairs, current, who, client_id, "decide", None, label)

    def undo(self, document_id: str, *, who: str, client_id: str) -> Outcome | None:
        """Turn back the editor's last change that still stands; ``None`` where there is none."""
        return self._turn_back(document_id, who, client_id, "undo")

    def redo(self, document_id: str, *, who: str, client_id: str) -> Outcome | None:
        """Make the change again that the editor undid last; ``None`` where there is none."""
        return self._turn_back(document_id, who, client_id, "redo")

    def _turn_back(self, document_id: str, who: str, client_id: str, act: str) -> Outcome | None:
        with self._writing() as session:
            document = _locked(session, document_id)
            if (known := _same_change(session, document_id, client_id)) is not None:
                return _outcome_of(session, document_id, known)
            undoable, redoable = _stacks(session, document_id, who)
            stack = undoable if act == "undo" else redoable
            if not stack:
                return None
            change = session.scalars(
                select(ChangeRow).where(ChangeRow.document_id == document_id, ChangeRow.version == stack[-1])
            ).one()
            decisions = session.scalars(
                select(DecisionRow)
                .where(DecisionRow.change_id == change.id, DecisionRow.holds)
                .order_by(DecisionRow.id)
            ).all()
            current = {s.target: s for s in _standing_rows(session, document_id, [d.target for d in decisions])}
            pairs = []
            for decision in decisions:
                was, wanted = (decision.after, decision.before) if act == "undo" else (decision.before, decision.after)
                row = current.get(decision.target)
                is_untouched = (_state(row) if row is not None else _OPEN) == was
                pairs.append((_as_wish(decision.target, wanted), is_untouched))
            return _make(session, document, pairs, current, who, client_id, act, change.version, change.label)

    def history(self, document_id: str, limit: int = 500) -> list[Change]:
        """Who changed what and when, the last change first."""
        wanted = (
            select(ChangeRow, func.count(DecisionRow.id), func.count(DecisionRow.id).filter(~DecisionRow.holds))
            .outerjoin(DecisionRow, DecisionRow.change_id == ChangeRow.id)
            .where(ChangeRow.document_id == document_id)
            .group_by(ChangeRow.id)
            .order_by(ChangeRow.version.desc())
            .limit(limit)
        )
        with self._reading() as session:
            return [
                Change(row.version, row.who, row.at, row.act, row.label, decisions, conflicts)
                for row, decisions, conflicts in session.execute(wanted)
            ]

    # --- dismissals ---

    def edit(self, document_id: str, target: str) -> StoredEdit:
        """One edit.

        Raises:
            NotFoundError: The document or the edit is not there.
        """
        with self._reading() as session:
            row = session.get(EditRow, (document_id, _number(target, "e")))
            if row is None:
                raise NotFoundError("the edit")
            return _edit(row)

    def dismiss(self, edit: StoredEdit, *, who: str, document_id: str = "", project_id: str = "") -> Dismissal:
        """Never suggest an edit again: in one document, in one project, or anywhere where neither is given.

        An edit whose original has neither letter nor digit (a comma that is put in) is meant at its place alone: the
        words around it count, too. What is dismissed already, and as far, is not dismissed twice: the dismissal that
        stands is given.
        """
        reach = Reach.DOCUMENT if document_id else Reach.PROJECT if project_id else Reach.ALWAYS
        what = {
            "reach": reach.value,
            "document_id": document_id or None,
            "project_id": project_id or None,
            "rule": edit.rule,
            "original": edit.original,
            "replacement": edit.replacement,
            "context": "" if any(c.isalnum() for c in edit.original) else edit.context,
        }
        with self._writing() as session:
            standing = select(DismissalRow).filter_by(**what, reversed_at=None).order_by(DismissalRow.id).limit(1)
            row = session.scalars(standing).one_or_none()
            if row is None:
                row = DismissalRow(**what, who=who[:200], at=_now())
                session.add(row)
                session.flush()
            return _dismissal(row)

    def dismissals(self, document: Document | None = None) -> list[Dismissal]:
        """Those that hold now: all, or those that a document's repair has to obey."""
        wanted = select(DismissalRow).where(DismissalRow.reversed_at.is_(None)).order_by(DismissalRow.id)
        if document is not None:
            wanted = wanted.where(
                or_(
                    DismissalRow.reach == Reach.ALWAYS,
                    and_(DismissalRow.reach == Reach.PROJECT, DismissalRow.project_id == document.project.id),
                    and_(DismissalRow.reach == Reach.DOCUMENT, DismissalRow.document_id == document.id),
                )
            )
        with self._reading() as session:
            return [_dismissal(row) for row in session.scalars(wanted)]

    def reverse_dismissal(self, dismissal_id: int) -> None:
        """Let a dismissed suggestion come again.

        Raises:
            NotFoundError: It is not there, or reversed already.
        """
        with self._writing() as session:
            reverse = (
                update(DismissalRow)
                .where(DismissalRow.id == dismissal_id, DismissalRow.reversed_at.is_(None))
                .values(reversed_at=_now())
            )
            if not _count(session, reverse):
                raise NotFoundError("the dismissal")

    # --- glossaries ---

    def terms(self, project: Project) -> list[Term]:
        """The terms of a project's glossary, by source."""
        wanted = (
            select(TermRow)
            .join(GlossaryRow, GlossaryRow.id == TermRow.glossary_id)
            .where(GlossaryRow.project_id == project.id)
            .order_by(TermRow.source)
        )
        with self._reading() as session:
            return [_term(row) for row in session.scalars(wanted)]

    def put_term(
        self, project: Project, source: str, target: str, *, kind: str, case_sensitive: bool, who: str
    ) -> None:
        """Add a term to a project's glossary; one for the same source is replaced."""
        now = _now()
        with self._writing() as session:
            glossary = _glossary_of(session, project.id, now)
            replaced = _count(
                session, delete(TermRow).where(TermRow.glossary_id == glossary.id, TermRow.source == source)
            )
            session.add(
                TermRow(
                    glossary_id=glossary.id, source=source, target=target, kind=kind,
                    case_sensitive=case_sensitive, who=who[:200], at=now,
                )
            )  # fmt: skip
        if replaced:
            cut_log(self._engine)

    def delete_term(self, term_id: int) -> None:
        """Take a term out of its glossary.

        Raises:
            NotFoundError: It is not there.
        """
        with self._writing() as session:
            # the glossary first, as all who write to it do, or two of them would wait for each other
            glossary_id = session.scalar(select(TermRow.glossary_id).where(TermRow.id == term_id))
            glossary = session.get(GlossaryRow, glossary_id, with_for_update=True) if glossary_id is not None else None
            if glossary is None or not _count(session, delete(TermRow).where(TermRow.id == term_id)):
                raise NotFoundError("the term")
            glossary.changed_at = _now()
        cut_log(self._engine)

    def glossaries(self) -> list[GlossarySummary]:
        """The glossaries there are, by the name of their project."""
        wanted = (
            select(ProjectRow.name, GlossaryRow.changed_at, func.count(TermRow.id))
            .join(GlossaryRow, GlossaryRow.project_id == ProjectRow.id)
            .outerjoin(TermRow, TermRow.glossary_id == GlossaryRow.id)
            .group_by(ProjectRow.name, GlossaryRow.changed_at)
            .order_by(ProjectRow.name)
        )
        with self._reading() as session:
            return [GlossarySummary(*row) for row in session.execute(wanted)]

    def glossary_changed_at(self, name: str) -> datetime:
        """When the glossary of the project of that name was changed last.

        Raises:
            NotFoundError: It is not there.
        """
        with self._reading() as session:
            return _glossary_row(session, name).changed_at

    def glossary(self, name: str) -> list[Term]:
        """The terms of the glossary of the project of that name, in the order in which they were added.

        Raises:
            NotFoundError: It is not there.
        """
        with self._reading() as session:
            row = _glossary_row(session, name)
            wanted = select(TermRow).where(TermRow.glossary_id == row.id).order_by(TermRow.id)
            return [_term(term) for term in session.scalars(wanted)]

    def put_glossary(self, name: str, entries: Iterable[GlossaryEntry], *, who: str) -> int:
        """Replace the terms of a project's glossary, which is made where it is new; how many there are now.

        Of entries for the same source the first is kept.
        """
        now = _now()
        first: dict[str, GlossaryEntry] = {}
        for entry in entries:
            first.setdefault(entry.source, entry)
        with self._writing() as session:
            glossary = _glossary_of(session, _project_row(session, name).id, now)
            replaced = _count(session, delete(TermRow).where(TermRow.glossary_id == glossary.id))
            session.add_all(
                [
                    TermRow(
                        glossary_id=glossary.id, source=entry.source, target=entry.target, kind=entry.kind.value,
                        case_sensitive=entry.case_sensitive, who=who[:200], at=now,
                    )
                    for entry in first.values()
                ]
            )  # fmt: skip
        if replaced:
            cut_log(self._engine)
        return len(first)

    def delete_glossary(self, name: str) -> None:
        """Delete a glossary with its terms; the project stays.

        Raises:
            NotFoundError: It is not there.
        """
        with self._writing() as session:
            session.delete(_glossary_row(session, name, to_write=True))
        cut_log(self._engine)

    # --- what decisions teach ---

    def judged(self) -> list[Judged]:
        """Every decided edit of every document."""
        wanted = (
            select(EditRow.kind, EditRow.origin, EditRow.confidence, StandingRow.verdict, StandingRow.why)
            .join(
                StandingRow,
                and_(
                    StandingRow.document_id == EditRow.document_id,
                    StandingRow.target == literal("e").concat(cast_to(EditRow.index, String)),
                ),
            )
            .where(EditRow.refusal == "", StandingRow.verdict != Verdict.OPEN)
        )
        with self._reading() as session:
            return [
                Judged(EditKind(kind), Origin(origin), confidence, Verdict(verdict), Why(why))
                for kind, origin, confidence, verdict, why in session.execute(wanted)
            ]

    def thresholds(self) -> list[Threshold]:
        """The thresholds in force."""
        with self._reading() as session:
            return [
                Threshold(Origin(row.origin), EditKind(row.kind), row.least, row.decisions, row.precision)
                for row in session.scalars(select(ThresholdRow).order_by(ThresholdRow.origin, ThresholdRow.kind))
            ]

    def set_thresholds(self, thresholds: Iterable[Threshold]) -> None:
        """Replace all thresholds."""
        now = _now()
        with self._writing() as session:
            session.execute(delete(ThresholdRow))
            session.add_all(
                [
                    ThresholdRow(
                        origin=t.origin.value, kind=t.kind.value, least=t.least, decisions=t.decisions,
                        precision=t.precision, fitted_at=now,
                    )
                    for t in thresholds
                ]
            )  # fmt: skip


# --- inside a transaction ---


def _now() -> datetime:
    return datetime.now(UTC)


def _count(session: Session, statement: Delete | Update) -> int:
    """Run a statement; how many rows it touched."""
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def _project_name(name: str) -> str:
    return name.strip()[:200] or "default"


def _known_project(session: Session, name: str) -> ProjectRow | None:
    return session.scalars(select(ProjectRow).where(ProjectRow.name == _project_name(name))).one_or_none()


def _insert_new(session: Session, table: type[ProjectRow | GlossaryRow], **values: Any) -> None:
    """Insert a row unless another transaction has made one with the same unique value, or is making it now."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(table).values(**values).on_conflict_do_nothing())


def _project_row(session: Session, name: str) -> ProjectRow:
    while (row := _known_project(session, name)) is None:
        _insert_new(session, ProjectRow, id=token_hex(12), name=_project_name(name), created_at=_now())
    return row


def _glossary_of(session: Session, project_id: str, now: datetime) -> GlossaryRow:
    """The glossary of a project, made where there is none, as changed now, with every other writer to it waiting."""
    wanted = select(GlossaryRow).where(GlossaryRow.project_id == project_id).with_for_update()
    while (row := session.scalars(wanted).one_or_none()) is None:
        _insert_new(session, GlossaryRow, id=token_hex(12), project_id=project_id, changed_at=now)
    row.changed_at = now
    return row


def _glossary_row(session: Session, name: str, *, to_write: bool = False) -> GlossaryRow:
    wanted = (
        select(GlossaryRow).join(ProjectRow, ProjectRow.id == GlossaryRow.project_id).where(ProjectRow.name == name)
    )
    row = session.scalars(wanted.with_for_update(of=GlossaryRow) if to_write else wanted).one_or_none()
    if row is None:
        raise NotFoundError("the glossary")
    return row


def _document_row(session: Session, document_id: str) -> DocumentRow:
    row = session.get(DocumentRow, document_id)
    if row is None or (row.expires_at is not None and row.expires_at <= _now()):
        raise NotFoundError("the document")
    return row


def _locked(session: Session, document_id: str) -> DocumentRow:
    """The document, with every other writer to it waiting (SQLite lets in only one writer at all)."""
    _document_row(session, document_id)
    return session.get_one(DocumentRow, document_id, with_for_update=True, populate_existing=True)


def _number(target: str, letter: str) -> int:
    if not (target.startswith(letter) and target[1:].isascii() and target[1:].isdigit() and len(target) < 10):
        raise NotFoundError("the target")
    return int(target[1:])


def _with_groups(session: Session, document_id: str, wishes: Sequence[Wish]) -> list[Wish]:
    """Each target once, the last wish for it; accepting or rejecting one edit of a group means all of them."""
    wanted = {wish.target: wish for wish in wishes}
    deciding = {Verdict.ACCEPTED, Verdict.REJECTED, Verdict.OPEN}
    numbers = [_number(t, "e") for t, w in wanted.items() if t.startswith("e") and w.verdict in deciding]
    for at in range(0, len(numbers), _ROWS_PER_INSERT):
        part = numbers[at : at + _ROWS_PER_INSERT]
        grouped = select(EditRow.index, EditRow.group).where(
            EditRow.document_id == document_id, EditRow.index.in_(part), EditRow.group.is_not(None)
        )
        groups = dict(session.execute(grouped).all())
        if not groups:
            continue
        members = session.execute(
            select(EditRow.index, EditRow.group).where(
                EditRow.document_id == document_id, EditRow.group.in_(set(groups.values())), EditRow.refusal == ""
            )
        )
        leader = {group: wanted[f"e{number}"] for number, group in groups.items()}
        for number, group in members:
            wanted.setdefault(f"e{number}", replace(leader[group], target=f"e{number}"))
    return list(wanted.values())


def _check(session: Session, document_id: str, wishes: Sequence[Wish]) -> None:
    for table, letter, fitting in ((EditRow, "e", OF_EDITS), (SentenceRow, "s", OF_SENTENCES)):
        mine = [wish for wish in wishes if wish.target.startswith(letter)]
        if any(wish.verdict not in fitting or (wish.text is None) == (wish.verdict in WITH_TEXT) for wish in mine):
            raise InputError("a verdict does not fit its target, or lacks its text", code="invalid-decision")
        numbers = [_number(wish.target, letter) for wish in mine]
        known = 0
        for at in range(0, len(numbers), _ROWS_PER_INSERT):
            part = numbers[at : at + _ROWS_PER_INSERT]
            known += session.scalar(
                select(func.count()).where(table.document_id == document_id, table.index.in_(part))
            ) or 0  # fmt: skip
        if known != len(numbers):
            raise NotFoundError("the target")
    if not all(wish.target.startswith(("e", "s")) for wish in wishes):
        raise NotFoundError("the target")


def _standing_rows(session: Session, document_id: str, targets: Sequence[str]) -> list[StandingRow]:
    found: list[StandingRow] = []
    for at in range(0, len(targets), _ROWS_PER_INSERT):
        part = targets[at : at + _ROWS_PER_INSERT]
        found += session.scalars(
            select(StandingRow).where(StandingRow.document_id == document_id, StandingRow.target.in_(part))
        )
    return found


def _state(row: StandingRow) -> dict[str, Any]:
    return {"verdict": row.verdict, "text": row.text, "why": row.why}


def _wished(wish: Wish) -> dict[str, Any]:
    return {"verdict": wish.verdict.value, "text": wish.text, "why": wish.why.value}


def _as_wish(target: str, state: dict[str, Any]) -> Wish:
    return Wish(target, Verdict(state["verdict"]), state["text"], Why(state["why"]))


def _make(
    session: Session,
    document: DocumentRow,
    pairs: Sequence[tuple[Wish, bool]],
    current: dict[str, StandingRow],
    who: str,
    client_id: str,
    act: str,
    reverts: int | None,
    label: str,
) -> Outcome:
    """Write a change; each wish comes with whether it holds."""
    now = _now()
    document.version += 1
    document.changed_at = now
    change = ChangeRow(
        document_id=document.id, version=document.version, client_id=client_id[:64], who=who[:200], at=now, act=act,
        reverts=reverts, label=label[:200],
    )  # fmt: skip
    session.add(change)
    session.flush()
    standings, conflicts = [], []
    for wish, holds in pairs:
        row = current.get(wish.target)
        before = _state(row) if row is not None else _OPEN
        session.add(
            DecisionRow(change_id=change.id, target=wish.target, before=before, after=_wished(wish), holds=holds)
        )
        if not holds:
            standing = _standing(row) if row is not None else Standing(wish.target, Verdict.OPEN)
            conflicts.append(Conflict(wish, standing))
            continue
        if row is None:
            row = StandingRow(document_id=document.id, target=wish.target)
            session.add(row)
        row.verdict, row.text, row.why = wish.verdict.value, wish.text, wish.why.value
        row.who, row.at, row.version = who[:200], now, document.version
        standings.append(_standing(row))
    return Outcome(document.version, tuple(standings), tuple(conflicts), label)


def _same_change(session: Session, document_id: str, client_id: str) -> ChangeRow | None:
    return session.scalars(
        select(ChangeRow).where(ChangeRow.document_id == document_id, ChangeRow.client_id == client_id[:64])
    ).one_or_none()


def _outcome_of(session: Session, document_id: str, change: ChangeRow) -> Outcome:
    """The answer to a change that was made before."""
    decisions = session.scalars(select(DecisionRow).where(DecisionRow.change_id == change.id)).all()
    rows = {r.target: _standing(r) for r in _standing_rows(session, document_id, [d.target for d in decisions])}
    return Outcome(
        change.version,
        tuple(rows[d.target] for d in decisions if d.target in rows),
        tuple(
            Conflict(_as_wish(d.target, d.after), rows.get(d.target, Standing(d.target, Verdict.OPEN)))
            for d in decisions
            if not d.holds
        ),
        change.label,
    )


def _stacks(session: Session, document_id: str, who: str) -> tuple[list[int], list[int]]:
    """Versions of the editor's changes that can be undone and redone, the next one last."""
    undoable: list[int] = []
    redoable: list[int] = []
    made = session.execute(
        select(ChangeRow.version, ChangeRow.act, ChangeRow.reverts)
        .where(ChangeRow.document_id == document_id, ChangeRow.who == who[:200])
        .order_by(ChangeRow.version)
    )
    for version, act, reverts in made:
        if act == "decide":
            undoable.append(version)
            redoable.clear()
        elif act == "undo" and reverts is not None:
            undoable.pop()
            redoable.append(reverts)
        elif reverts is not None:
            redoable.pop()
            undoable.append(reverts)
    return undoable, redoable


# --- rows and values ---


def _columns(row: Any, *without: str) -> dict[str, Any]:
    """A row's values by attribute."""
    mapper = type(row).__mapper__
    return {p.key: getattr(row, p.key) for p in mapper.column_attrs if p.key not in without}


def _term(row: TermRow) -> Term:
    return Term(row.id, row.source, row.target, row.kind, row.case_sensitive, row.who)


def _project(row: ProjectRow) -> Project:
    return Project(row.id, row.name)


def _document(row: DocumentRow, project: ProjectRow) -> Document:
    return Document(
        row.id, _project(project), row.title, row.format, row.source, row.original, row.sha256, row.mode,
        Stage(row.stage), row.done_chars, row.version, row.model, row.kb_version, row.place, row.created_at,
        row.changed_at, row.expires_at,
    )  # fmt: skip


def _sentence_row(document_id: str, sentence: Sentence) -> SentenceRow:
    return SentenceRow(
        document_id=document_id, index=sentence.index, start=sentence.span.start, end=sentence.span.end,
        paragraph=sentence.paragraph, status=sentence.status.value, confidence=sentence.confidence,
        reason=sentence.reason[:200], furniture=sentence.furniture[:200],
    )  # fmt: skip


def _sentence(row: SentenceRow) -> Sentence:
    return Sentence(
        row.index, Span(row.start, row.end), row.paragraph, Status(row.status), row.confidence, row.reason,
        row.furniture,
    )  # fmt: skip


def _edit_row(document_id: str, edit: StoredEdit) -> EditRow:
    values = {f: getattr(edit, f) for f in StoredEdit.__dataclass_fields__ if f not in ("span", "alternatives")}
    return EditRow(
        document_id=document_id, start=edit.span.start, end=edit.span.end, alternatives=list(edit.alternatives),
        **values,
    )  # fmt: skip


def _edit(row: EditRow) -> StoredEdit:
    return StoredEdit(
        row.index, row.sentence, Span(row.start, row.end), row.original, row.replacement, EditKind(row.kind),
        Origin(row.origin), row.rule, row.confidence, row.reason, tuple(row.alternatives), row.entity, row.group,
        row.context, row.refusal,
    )  # fmt: skip


def _standing(row: StandingRow) -> Standing:
    return Standing(row.target, Verdict(row.verdict), row.text, Why(row.why), row.who, row.at, row.version)


def _dismissal(row: DismissalRow) -> Dismissal:
    return Dismissal(
        row.id, Reach(row.reach), row.document_id, row.project_id, row.rule, row.original, row.replacement, row.context,
        row.who, row.at,
    )  # fmt: skip


def as_json(standing: Standing) -> dict[str, Any]:
    """A standing as the page and the exported decisions show it."""
    values = asdict(standing)
    values["at"] = standing.at.isoformat() if standing.at else None
    return values

"""Where documents lie while editors work: saved ones in the database, the others in memory until they expire."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from secrets import token_hex

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from app.api.deps import Service
from app.api.errors import ProblemError
from app.core.types import GlossaryEntry, Mode, ProtectOptions, RepairOptions, Span, TermKind
from app.serving.lanes import Lane
from app.settings import Settings
from app.store.lazy import LazyStore
from app.store.models import Stage
from app.store.records import Document, NewDocument, NotFoundError, StoredEdit
from app.store.settled import below, store_repair
from app.store.store import Store
from app.telemetry import describe_error, get_logger
from app.web.sections import cut, within
from app.web.uploads import protected_in

_UNSAVED = "t"  # ids of documents in memory begin with it; those of the database are hexadecimal
_SWEEP_S = 60.0
_READ_FIRST_CHARS = 12_000
_MOST_HINTS = 200
_ALTERNATIVES = 5
_MOST_READ = 50  # files whose protected spans are remembered


class Desk:
    """The stores, and the repairs under way.

    Args:
        settings: Where the database is, and how long unsaved documents stay.
        service: Repairs.
        tasks: Runs repairs until the service ends.
    """

    def __init__(self, settings: Settings, service: Service, tasks: TaskGroup) -> None:
        self._settings, self._service, self._tasks = settings, service, tasks
        self._memory = Store.in_memory()
        self._database = LazyStore(settings.database_url)
        self._swept = -_SWEEP_S
        self._progress: dict[str, anyio.Event] = {}
        self._protected: dict[str, tuple[Span, ...]] = {}  # by document; places alone, nothing of a text

    def close(self) -> None:
        """Close the stores; what nobody saved is gone."""
        self._memory.close()
        self._database.close()

    def database(self) -> Store:
        """The store of saved documents, made where there is none yet.

        Raises:
            ResourceError: It cannot be used.
        """
        return self._database.open()

    def saved(self) -> Store | None:
        """The store of saved documents, if anything was ever saved."""
        return self._database.saved()

    def store_of(self, document_id: str) -> Store:
        """The store that has a document, if any has.

        Raises:
            NotFoundError: Nothing was ever saved.
        """
        if document_id.startswith(_UNSAVED):
            return self._memory
        store = self.saved()
        if store is None:
            raise NotFoundError("the document")
        return store

    def shared(self) -> Store:
        """The store whose dismissals, glossaries and thresholds hold for a new document."""
        return self.saved() or self._memory

    @staticmethod
    def is_saved(document_id: str) -> bool:
        """Whether a document outlives the process."""
        return not document_id.startswith(_UNSAVED)

    def add(self, new: NewDocument, *, save: bool) -> Document:
        """Take a document in."""
        self.sweep()
        if save:
            return self.database().add_document(new)
        unsaved = self._memory.documents(limit=10**6)
        for line in unsaved[self._settings.max_unsaved - 1 :]:
            self._memory.delete_document(line.id)
        expires = datetime.now(UTC) + timedelta(minutes=self._settings.unsaved_minutes)
        return self._memory.add_document(replace(new, expires_at=expires), _UNSAVED + token_hex(12))

    def save(self, document_id: str, expires_at: datetime | None) -> Document:
        """Save a document for good or until a time; one that is in memory moves into the database.

        Raises:
            NotFoundError: It is not there.
            ResourceError: The database cannot be used.
        """
        store = self.store_of(document_id)
        if store is not self._memory:
            store.keep_until(document_id, expires_at)
            return store.document(document_id)
        if store.document(document_id).stage is Stage.REPAIRING:
            raise ProblemError("invalid-request", "The document is being repaired; save it when that is done.")
        document = store.copy_document(document_id, self.database(), expires_at)
        store.delete_document(document_id)
        return document

    def protected_in(self, document: Document) -> tuple[Span, ...]:
        """What the file of a document says that no edit may touch, sorted."""
        spans = self._protected.get(document.id)
        if spans is None:
            spans = protected_in(document.format, document.original)
            self._protected = dict([*self._protected.items()][1 - _MOST_READ :]) | {document.id: spans}
        return spans

    def sweep(self) -> None:
        """Delete what has expired, at most once a minute."""
        if time.monotonic() - self._swept < _SWEEP_S:
            return
        self._swept = time.monotonic()
        self._memory.delete_expired()
        if (saved := self.saved()) is not None:
            saved.delete_expired()

    async def keep_sweeping(self) -> None:
        """Delete what has expired for as long as the service runs, whether or not anyone opens the page."""
        while True:
            await anyio.sleep(_SWEEP_S)
            try:
                await anyio.to_thread.run_sync(self.sweep)
            except Exception as exc:
                # A database out of reach now may be there the next time.
                get_logger(__name__).error("sweep-failed", **describe_error(exc))

    # --- repairs ---

    def start_repair(self, document_id: str) -> None:
        """Go on with the repair of a document, unless it is under way here. Called in the event loop."""
        if document_id not in self._progress:
            self._progress[document_id] = anyio.Event()
            self._tasks.start_soon(self._repair, document_id)

    async def wait_for_progress(self, document_id: str, timeout_s: float) -> None:
        """Return when more of a document is repaired, or after a time: another process may be at work on it."""
        event = self._progress.get(document_id)
        with anyio.move_on_after(timeout_s):
            await (event.wait() if event is not None else anyio.sleep(timeout_s))

    def _tell(self, document_id: str) -> None:
        event, self._progress[document_id] = self._progress[document_id], anyio.Event()
        event.set()

    async def _repair(self, document_id: str) -> None:
        try:
            await self._repair_sections(document_id)
        except NotFoundError:
            pass  # deleted meanwhile
        except Exception as exc:
            # The page says so and offers to go on; the log has no word of the text.
            get_logger(__name__).error("repair-failed", **describe_error(exc))
            try:
                store = self.store_of(document_id)
                await anyio.to_thread.run_sync(store.finish, document_id, Stage.FAILED)
            except Exception as again:
                get_logger(__name__).error("repair-failed", **describe_error(again))
        finally:
            event = self._progress.pop(document_id)
            event.set()

    async def _repair_sections(self, document_id: str) -> None:
        store = await anyio.to_thread.run_sync(self.store_of, document_id)
        hints: dict[str, str] = {}
        while not await self._repair_rest(document_id, store, hints):
            pass  # another process has come further: on from there
        engine = self._service.engine()
        model = f"{engine.card.name}@{engine.card.version}"
        await anyio.to_thread.run_sync(store.finish, document_id, Stage.DONE, model, engine.kb_version)

    async def _repair_rest(self, document_id: str, store: Store, hints: dict[str, str]) -> bool:
        """Repair what is left, section by section; False where a section did not go on from what is stored by then."""
        document = await anyio.to_thread.run_sync(store.document, document_id)
        for section in await anyio.to_thread.run_sync(cut, document.source, document.done_chars):
            is_added = await self._in_turn(document, store, section, hints)
            self._tell(document_id)
            if not is_added:
                return False
        return True

    async def _in_turn(self, document: Document, store: Store, section: Span, hints: dict[str, str]) -> bool:
        # Someone waits for the first sections; by the time of the later ones there is enough to read.
        lane = Lane.INTERACTIVE if section.start < _READ_FIRST_CHARS else Lane.BULK
        work = partial(self._repair_one, document, store, section, hints)
        return await self._service.in_turn(work, lane=lane, chars=len(section))

    def _repair_one(
        self, document: Document, store: Store, section: Span, hints: dict[str, str], waited_s: float
    ) -> bool:
        text = section.of(document.source)
        shared = self.shared()
        options = RepairOptions(
            mode=Mode(document.mode),
            protect=ProtectOptions(spans=within(self.protected_in(document), section)),
            glossary=self._glossary(shared, document),
            entity_hints=tuple(hints.items())[-_MOST_HINTS:],
            alternatives=_ALTERNATIVES,
        )
        started = time.monotonic()
        repair = self._service.engine().repair(text, options)
        self._service.metrics.observe_repair(repair, waited_s, time.monotonic() - started)
        sentences_so_far, edits_so_far = store.counts(document.id)
        last = store.sentences(document.id, sentences_so_far - 1, 1) if sentences_so_far else []
        sentences, edits = store_repair(
            repair, offset=section.start, first_sentence=sentences_so_far, first_edit=edits_so_far,
            first_paragraph=last[0].paragraph + 1 if last else 0, document=document.source,
        )  # fmt: skip
        for edit in repair.edits:  # a name found once is known in the sections that follow
            if edit.entity is not None:
                hints[edit.entity.id] = edit.entity.caption
        return store.add_repair(document.id, sentences, self._held_back(edits, document, store, shared), section)

    @staticmethod
    def _glossary(shared: Store, document: Document) -> tuple[GlossaryEntry, ...]:
        project = shared.find_project(document.project.name)
        return tuple(
            GlossaryEntry(t.source, t.target, TermKind(t.kind), t.case_sensitive, f"project/{t.id}")
            for t in (shared.terms(project) if project is not None else ())
        )

    @staticmethod
    def _held_back(
        edits: Sequence[StoredEdit], document: Document, store: Store, shared: Store
    ) -> Sequence[StoredEdit]:
        """The edits, those refused that an editor dismissed or that editors do not accept; groups fall whole."""
        dismissals = store.dismissals(document)
        if shared is not store:
            # No project there: what holds always holds, and a project that only memory knows has no dismissals there.
            project = shared.find_project(document.project.name) or document.project
            dismissals += shared.dismissals(replace(document, project=project))
        thresholds = shared.thresholds()
        refusals: dict[int, str] = {}
        groups: dict[str, str] = {}
        for edit in edits:
            if edit.refusal:
                continue
            if any(dismissal.covers(edit) for dismissal in dismissals):
                refusals[edit.index] = "dismissed"
            elif below(edit, thresholds):
                refusals[edit.index] = "below_threshold"
            if edit.index in refusals and edit.group is not None:
                groups[edit.group] = refusals[edit.index]
        return [
            replace(edit, refusal=edit.refusal or refusals.get(edit.index, "") or groups.get(edit.group or "", ""))
            for edit in edits
        ]

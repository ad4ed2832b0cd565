"""The editors' page: its addresses parse, ask the desk, and answer."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib import resources
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote, unquote

import anyio
import anyio.to_thread
import jinja2
import orjson
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from app import __version__
from app.api.accept import prefers
from app.api.database import store_unavailable
from app.api.errors import ProblemError, request_id_in
from app.api.words import may_use
from app.core.errors import InputError, ResourceError
from app.core.protect import PatternProtector
from app.core.types import Mode, ProtectedSpan, ProtectOptions, Span, TermKind
from app.settings import Settings
from app.store.exchange import Imported, import_decisions, read_decisions
from app.store.models import Reach, Stage
from app.store.records import Document, GlossarySummary, NewDocument, NotFoundError, Outcome, Verdict, Why, Wish
from app.store.settled import lay_out
from app.store.statistics import WHYS, count
from app.store.store import Store, as_json
from app.web import bodies
from app.web.desk import Desk
from app.web.exports import FORMS, Work, export
from app.web.guard import POLICY, check_origin, editor_of, set_cookies, set_editor, token_of
from app.web.sections import within
from app.web.uploads import FORMATS, read_upload
from app.web.view import KINDS, ORIGINS, page_of, rows

_Result = TypeVar("_Result")
_ROWS: Final = 300  # sentences a page
_STREAM_S: Final = 15.0  # one event stream; the browser comes back by itself, and a stop need not wait for long
_LOOK_S: Final = 2.0  # between two looks at what another process may have done
_JSON: Final = "application/json"
_SIGNS: Final = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥", "\u00a0": "⍽"})  # as the script shows white space
_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        desk = Desk(app.state.settings, app.state.service, tasks)
        app.state.desk = desk
        tasks.start_soon(desk.keep_sweeping)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            desk.close()


class _PageRoute(APIRoute):
    """A page: a browser is told in a page, too, what stands in its way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except ProblemError as exc:
                if not prefers(request.headers.get("accept", ""), "text/html"):
                    raise
                request.app.state.metrics.observe_problem(exc.kind.slug)
                return _page(
                    request, "trouble.html", exc.status_code, heading=exc.kind.title.removesuffix("."),
                    detail=exc.detail, request_id=request_id_in(request.scope),
                )  # fmt: skip

        return answered


router = APIRouter(include_in_schema=False, lifespan=_lifespan)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(_desk)]
pages = APIRouter(include_in_schema=False, route_class=_PageRoute)
changes = APIRouter(include_in_schema=False, dependencies=[Depends(check_origin)])


def _owner(request: Request) -> str:
    """The id of the key that asks; empty where none is needed."""
    return str(request.scope.get("state", {}).get("key_id", ""))


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    """Database work beside the event loop; what cannot be used is said, not hidden."""
    with store_unavailable("database-unavailable", "The database cannot be used just now; the log says why."):
        return await anyio.to_thread.run_sync(work)


def _answer(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=_JSON)


# --- pages ---


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("app.web"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(version=__version__, asset=_asset_url)
    environment.filters["when"] = lambda at: at.strftime("%Y-%m-%d %H:%M UTC")
    environment.filters["shown"] = lambda text: text if text.strip() else text.translate(_SIGNS)
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    return environment


def _page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    token = token_of(request)
    html = (
        _templates()
        .get_template(name)
        .render(token=token, editor=editor_of(request, token), path=request.url.path, **values)
    )
    response = Response(html, status, media_type="text/html", headers={"Content-Security-Policy": POLICY})
    set_cookies(request, response, token)
    return response


@cache
def _asset(name: str) -> tuple[bytes, str] | None:
    file = resources.files("app.web").joinpath("static", name)
    kind = _TYPES.get(name.rpartition(".")[2])
    if kind is None or "/" in name or not file.is_file():
        return None
    return file.read_bytes(), kind


def _asset_url(name: str) -> str:
    """Address of a static file; it changes with the content, so that no stale one is used."""
    asset = _asset(name)
    assert asset is not None, name
    return f"/static/{name}?{hashlib.sha256(asset[0]).hexdigest()[:12]}"


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """A file of the page."""
    asset = _asset(name)
    if asset is None:
        raise HTTPException(404)
    # Modules import one another without a hash in the address: a short time only.
    return Response(asset[0], media_type=asset[1], headers={"Cache-Control": "no-cache"})


@pages.head("/")
@pages.get("/")
async def home(request: Request, desk: DeskDep) -> Response:
    """Bring a text, or go on with a stored one."""

    def load() -> tuple[list[Any], list[str]]:
        desk.sweep()
        saved = desk.saved()
        if saved is None:
            return [], []
        names = (project.name for project in saved.used_projects())
        return saved.documents(), [name for name in names if may_use(name, owner)]

    owner = _owner(request)
    settings: Settings = request.app.state.settings
    documents, projects = await _in_thread(load)
    return _page(
        request, "home.html", documents=documents, projects=projects, suffixes=",".join(FORMATS),
        most_chars=settings.max_document_chars, most_bytes=settings.max_upload_bytes,
    )  # fmt: skip


@pages.get("/documents/{document_id}")
async def document_page(request: Request, document_id: str, desk: DeskDep) -> Response:
    """One document under an editor's hands."""

    def load() -> tuple[Document, GlossarySummary | None]:
        document = desk.store_of(document_id).document(document_id)
        try:
            glossaries = desk.shared().glossaries()
        except (ResourceError, SQLAlchemyError):  # without a database an unsaved document can still be worked on
            glossaries = []
        return document, next((g for g in glossaries if g.name == document.project.name and g.terms), None)

    try:
        document, glossary = await _in_thread(load)
    except NotFoundError:
        return _page(request, "missing.html", 404)
    return _page(
        request, "document.html", document=document, glossary=glossary, is_saved=desk.is_saved(document_id),
        forms=[(form, label) for form, (label, *_) in FORMS.items()],
    )  # fmt: skip


@pages.get("/stats")
async def stats_page(request: Request, desk: DeskDep) -> Response:
    """What editors take and refuse."""

    def load() -> tuple[Any, Any]:
        store = desk.saved()
        return (count(store.judged()), store.thresholds()) if store is not None else (count([]), [])

    statistics, thresholds = await _in_thread(load)
    names = {**{k.value: v for k, v in KINDS.items()}, **{o.value: v for o, v in ORIGINS.items()}}
    whys = {why.value or "unsaid": text for why, text in WHYS.items()}
    return _page(request, "stats.html", statistics=statistics, thresholds=thresholds, names=names, whys=whys)


@pages.get("/dismissals")
async def dismissals_page(request: Request, desk: DeskDep) -> Response:
    """What is never to be suggested again, and the terms of projects."""

    def load() -> tuple[list[Any], list[Any], dict[str, str]]:
        store = desk.saved()
        if store is None:
            return [], [], {}
        projects = {project.id: project for project in store.projects() if may_use(project.name, owner)}
        terms = [(project, term) for project in projects.values() for term in store.terms(project)]
        dismissals = [d for d in store.dismissals() if d.project_id is None or d.project_id in projects]
        return dismissals, terms, {number: project.name for number, project in projects.items()}

    owner = _owner(request)
    dismissals, terms, projects = await _in_thread(load)
    return _page(request, "dismissals.html", dismissals=dismissals, terms=terms, projects=projects)


# --- what the script asks for ---


@router.get("/documents/{document_id}/rows")
async def document_rows(document_id: str, desk: DeskDep, first: int = 0) -> Response:
    """Sentences with their edits and decisions, from number ``first`` on."""
    return _answer(await _in_thread(partial(_rows, desk, document_id, first)))


def _rows(desk: Desk, document_id: str, first: int) -> dict[str, Any]:
    store = desk.store_of(document_id)
    document = store.document(document_id)
    # One more on either side: an edit may reach in from there, or out to it.
    known = store.sentences(document_id, max(first - 1, 0), _ROWS + 2)
    edits = store.edits(document_id, known[0].index, known[-1].index + 1) if known else []
    page = page_of(lay_out(document.source, known, edits), first, _ROWS)
    if not page:
        return {**rows(document, [], []), "place": document.place}
    wanted = {row.sentence.target for row in page} | {edit.target for row in page for edit in row.edits}
    standings = [s for s in store.standings(document_id) if s.target in wanted]
    protected = _protected(document.source, Span(page[0].span.start, page[-1].span.end), desk.protected_in(document))
    return {**rows(document, page, standings, protected), "place": document.place}


def _protected(source: str, part: Span, in_file: Sequence[Span]) -> list[ProtectedSpan]:
    """What no edit may touch in a part of a text, in places of the whole, sorted."""
    found = PatternProtector().protect(part.of(source), ProtectOptions(spans=within(in_file, part)))
    return [ProtectedSpan(p.span.shift(part.start), p.kind) for p in found]


@router.get("/documents/{document_id}/events")
async def document_events(request: Request, document_id: str, desk: DeskDep, first: int = 0) -> Response:
    """The sentences of a repair under way, as they come (server-sent events).

    A stream ends after a while, or when all is there (event ``end``); the browser goes on from ``Last-Event-ID``.
    """
    store = await _in_thread(partial(desk.store_of, document_id))
    stage, _, _ = await _in_thread(partial(store.progress, document_id))
    if stage is Stage.REPAIRING:
        desk.start_repair(document_id)
    seen = request.headers.get("last-event-id", "")
    start = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else max(first, 0)

    async def stream() -> AsyncIterator[bytes]:
        at, until = start, anyio.current_time() + _STREAM_S
        yield b"retry: 300\n\n"
        while anyio.current_time() < until:
            try:
                stage, done, _ = await _in_thread(partial(store.progress, document_id))
                page = await _in_thread(partial(_rows, desk, document_id, at))
            except NotFoundError:
                yield b"event: gone\ndata: {}\n\n"
                return
            except ProblemError:  # a database out of reach now may be there the next time
                await anyio.sleep(_LOOK_S)
                continue
            if page["sentences"]:
                at = page["next"]
                yield b"id: %d\nevent: rows\ndata: %s\n\n" % (at, orjson.dumps(page))
            elif stage is not Stage.REPAIRING and done >= page["done"]:
                yield b"event: end\ndata: %s\n\n" % orjson.dumps({"stage": stage.value})
                return
            else:
                await desk.wait_for_progress(document_id, _LOOK_S)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("/documents/{document_id}/changes")
async def document_changes(document_id: str, desk: DeskDep, since: int = 0) -> Response:
    """Where targets stand that were changed after version ``since``: what other editors did."""

    def load() -> dict[str, Any]:
        store = desk.store_of(document_id)
        _, _, version = store.progress(document_id)
        changed = store.standings(document_id, since) if version > since else []
        return {"version": version, "standings": [as_json(standing) for standing in changed]}

    return _answer(await _in_thread(load))


@router.get("/documents/{document_id}/history")
async def document_history(document_id: str, desk: DeskDep) -> Response:
    """Who changed what, and when."""

    def load() -> list[dict[str, Any]]:
        return [
            {
                "version": c.version, "who": c.who, "at": c.at.isoformat(), "act": c.act, "label": c.label,
                "decisions": c.decisions, "conflicts": c.conflicts,
            }
            for c in desk.store_of(document_id).history(document_id)
        ]  # fmt: skip

    return _answer(await _in_thread(load))


@router.get("/documents/{document_id}/export/{form}")
async def document_export(document_id: str, form: str, desk: DeskDep, open_edits: str = "accept") -> Response:
    """The document as a file; ``open_edits=reject`` leaves out what nobody has decided on."""

    def load() -> Any:
        store = desk.store_of(document_id)
        document = store.document(document_id)
        if document.stage is Stage.REPAIRING:
            raise InputError("the document is still being repaired; wait until that is done")
        standings = {s.target: s for s in store.standings(document_id)}
        work = Work(document, store.sentences(document_id), store.edits(document_id), standings, open_edits != "reject")
        return export(form, work)

    file = await _in_thread(load)
    plain = file.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name)}"
    # Always a download: nothing of a document is ever shown as a page of ours.
    return Response(file.content, media_type=file.media_type, headers={"Content-Disposition": disposition})


# --- what changes something ---


@changes.post("/documents")
async def add_document(request: Request, desk: DeskDep) -> Response:
    """Take a text in and begin its repair."""
    body = await bodies.read_json(request, bodies.NewBody)
    text, title = (_example(), body.title or "Example article") if body.example else (body.text, body.title)
    return await _add(request, desk, body, title, "text", text, None)


@changes.post("/documents/upload")
async def upload_document(request: Request, desk: DeskDep, keep_days: str = "0", project: str = "default") -> Response:
    """Take a file in, by its name, and begin its repair."""
    settings: Settings = request.app.state.settings
    data = await bodies.read_bytes(request, settings.max_upload_bytes)
    name = unquote(request.headers.get("x-file-name", ""))
    mode = request.headers.get("x-mode", Mode.MINIMAL.value)
    title, kind, text, original = await _in_thread(partial(read_upload, name, data))
    try:
        days = None if keep_days == "forever" else int(keep_days)
        body = bodies.NewBody(project=project, keep_days=days, mode=mode)
    except ValueError as exc:
        raise ProblemError("invalid-request", "The options of the upload cannot be read.") from exc
    return await _add(request, desk, body, title, kind, text, original)


async def _add(
    request: Request, desk: Desk, body: bodies.NewBody, title: str, kind: str, text: str, original: bytes | None
) -> Response:
    settings: Settings = request.app.state.settings
    _check_project(body.project, request)
    if not text.strip():
        raise ProblemError("invalid-request", "There is no text in it; paste some, or bring another file.")
    if len(text) > settings.max_document_chars:
        detail = f"The text has {len(text):,} characters; at most {settings.max_document_chars:,} are taken. Split it."
        raise ProblemError("text-too-long", detail)
    # Control characters mean nothing in a text, and PostgreSQL refuses some of them.
    text = "".join(c if c.isprintable() or c.isspace() or ord(c) > 0x9F else "\ufffd" for c in text)
    expires = datetime.now(UTC) + timedelta(days=body.keep_days) if body.keep_days else None
    title = _title(title, text)
    new = NewDocument(title, text, body.project, kind, original, body.mode.value, expires)
    document = await _in_thread(partial(desk.add, new, save=body.keep_days != 0))
    desk.start_repair(document.id)
    return _answer({"id": document.id, "url": f"/documents/{document.id}"}, 201)


def _check_project(name: str, request: Request) -> None:
    """Refuse the project that holds another key's words.

    Raises:
        ProblemError: ``invalid-request``.
    """
    if not may_use(name.strip(), _owner(request)):
        raise ProblemError("invalid-request", "The name of this project is that of another key's words; take another.")


def _title(given: str, text: str) -> str:
    """The title that was given, or the text's first line."""
    given = "".join(c for c in given if c.isprintable()).strip()
    if given:
        return given[:200]
    first = next((line.strip() for line in text.split("\n") if line.strip()), "Untitled")
    first = "".join(c for c in first if c.isprintable())
    return first if len(first) <= 80 else first[:80].rsplit(" ", 1)[0] + "…"


@cache
def _example() -> str:
    return resources.files("app.web").joinpath("static", "example.txt").read_text(encoding="utf-8")


@changes.post("/documents/{document_id}/decisions")
async def decide(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Decide; what is answered is on disk, where the document is saved."""
    body = await bodies.read_json(request, bodies.DecisionsBody)
    wishes = [one.as_wish() for one in body.decisions]
    who = editor_of(request)

    def work() -> Outcome:
        store = desk.store_of(document_id)
        return store.decide(document_id, wishes, who=who, seen=body.seen, client_id=body.client_id, label=body.label)

    return _answer(_outcome(await _in_thread(work)))


@changes.post("/documents/{document_id}/import")
async def import_file(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Make the decisions of a file that was exported; what they meet, or find no place for, is given back."""
    settings: Settings = request.app.state.settings
    data = await bodies.read_bytes(request, settings.max_upload_bytes)
    client_id = request.headers.get("x-client-id", "")
    who = editor_of(request)

    def work() -> Imported:
        store = desk.store_of(document_id)
        if store.document(document_id).stage is Stage.REPAIRING:
            raise InputError("the document is still being repaired; import the decisions when that is done")
        return import_decisions(store, document_id, read_decisions(data), who=who, client_id=client_id[:64])

    imported = await _in_thread(work)
    unmatched = [
        {"verdict": u.verdict.value, "original": u.original, "replacement": u.replacement, "text": u.text, "who": u.who}
        for u in imported.unmatched
    ]
    return _answer({**_outcome(imported.outcome), "unmatched": unmatched})


def _outcome(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"version": None, "standings": [], "conflicts": [], "label": ""}
    return {
        "version": outcome.version,
        "standings": [as_json(standing) for standing in outcome.standings],
        "conflicts": [
            {
                "wish": {
                    "target": c.wish.target, "verdict": c.wish.verdict.value, "text": c.wish.text,
                    "why": c.wish.why.value,
                },
                "standing": as_json(c.standing),
            }
            for c in outcome.conflicts
        ],
        "label": outcome.label,
    }  # fmt: skip


@changes.post("/documents/{document_id}/undo")
async def undo(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Turn back the editor's last change."""
    return await _step(request, document_id, desk, Store.undo)


@changes.post("/documents/{document_id}/redo")
async def redo(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Make it again."""
    return await _step(request, document_id, desk, Store.redo)


async def _step(request: Request, document_id: str, desk: Desk, step: Callable[..., Outcome | None]) -> Response:
    body = await bodies.read_json(request, bodies.StepBody)
    who = editor_of(request)

    def work() -> Outcome | None:
        return step(desk.store_of(document_id), document_id, who=who, client_id=body.client_id)

    return _answer(_outcome(await _in_thread(work)))


@changes.post("/documents/{document_id}/dismissals")
async def dismiss(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Never suggest an edit again; it and its like in this document are rejected."""
    body = await bodies.read_json(request, bodies.DismissBody)
    who = editor_of(request)

    def work() -> Outcome:
        store = desk.store_of(document_id)
        edit = store.edit(document_id, body.target)
        document = store.document(document_id)
        match body.reach:
            case Reach.DOCUMENT:
                dismissal = store.dismiss(edit, who=who, document_id=document_id)
            case Reach.PROJECT:  # of the database, also for a document that is not saved: it is to be remembered
                project = desk.database().project(document.project.name)
                dismissal = desk.database().dismiss(edit, who=who, project_id=project.id)
            case Reach.ALWAYS:
                dismissal = desk.database().dismiss(edit, who=who)
        decided = {s.target for s in store.standings(document_id) if s.verdict is not Verdict.OPEN}
        like = [
            e for e in store.edits(document_id)
            if not e.refusal and dismissal.covers(e) and (e.target not in decided or e.target == edit.target)
        ]  # fmt: skip
        wishes = [Wish(e.target, Verdict.REJECTED, why=Why.DISMISSED) for e in like]
        return store.decide(document_id, wishes, who=who, seen=body.seen, client_id=body.client_id, label="Never again")

    return _answer(_outcome(await _in_thread(work)))


@changes.post("/dismissals/{dismissal_id}/reverse")
async def reverse(request: Request, dismissal_id: int, desk: DeskDep) -> Response:
    """Let a dismissed suggestion come again."""
    await bodies.read_json(request, bodies.NothingBody)
    await _in_thread(lambda: desk.database().reverse_dismissal(dismissal_id))
    return _answer({})


@changes.post("/documents/{document_id}/place")
async def place(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Remember where the editor stands."""
    body = await bodies.read_json(request, bodies.PlaceBody)
    await _in_thread(lambda: desk.store_of(document_id).set_place(document_id, body.place))
    return _answer({})


@changes.post("/documents/{document_id}/save")
async def save(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Keep a document, for some days or until it is deleted."""
    body = await bodies.read_json(request, bodies.KeepBody)
    expires = datetime.now(UTC) + timedelta(days=body.keep_days) if body.keep_days else None
    document = await _in_thread(partial(desk.save, document_id, expires))
    return _answer({"id": document.id, "url": f"/documents/{document.id}"})


@changes.post("/documents/{document_id}/delete")
async def delete(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Delete a document and all about it, for good."""
    await bodies.read_json(request, bodies.NothingBody)
    await _in_thread(lambda: desk.store_of(document_id).delete_document(document_id))
    return _answer({})


@changes.post("/documents/{document_id}/repair")
async def repair_again(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Go on with a repair that failed."""
    await bodies.read_json(request, bodies.NothingBody)
    await _in_thread(lambda: desk.store_of(document_id).resume(document_id))
    desk.start_repair(document_id)
    return _answer({})


@changes.post("/documents/{document_id}/terms")
async def add_term(request: Request, document_id: str, desk: DeskDep) -> Response:
    """Put a term into the glossary of the document's project."""
    body = await bodies.read_json(request, bodies.TermBody)
    if body.kind is TermKind.REPLACE and not body.target:
        raise ProblemError("invalid-glossary", "A term that is to be replaced needs its right form.")
    who = editor_of(request)

    def work() -> Document:
        document = desk.store_of(document_id).document(document_id)
        _check_project(document.project.name, request)
        store = desk.database()
        store.put_term(
            store.project(document.project.name), body.source, body.target, kind=body.kind.value,
            case_sensitive=True, who=who,
        )  # fmt: skip
        return document

    return _answer({"project": (await _in_thread(work)).project.name})


@changes.post("/terms/{term_id}/delete")
async def delete_term(request: Request, term_id: int, desk: DeskDep) -> Response:
    """Take a term out of its glossary."""
    await bodies.read_json(request, bodies.NothingBody)

    def work() -> None:
        store = desk.database()
        if not may_use(store.project_of_term(term_id).name, _owner(request)):
            raise NotFoundError("the term")
        store.delete_term(term_id)

    await _in_thread(work)
    return _answer({})


@changes.post("/editor")
async def name_editor(request: Request) -> Response:
    """Remember the editor's name in this browser."""
    body = await bodies.read_json(request, bodies.EditorBody)
    response = _answer({"name": body.name})
    set_editor(request, response, body.name)
    return response


router.include_router(pages)
router.include_router(changes)

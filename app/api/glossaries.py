"""Glossaries that are kept: the terms of projects, listed, brought, taken out, and used in repairs by their id."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from threading import Lock
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from pydantic import Field, ValidationError

from app.api.database import store_unavailable
from app.api.deps import ServiceDep
from app.api.errors import ProblemError, from_validation
from app.api.examples import problems
from app.api.limits import check_media_type, parse_json
from app.api.schemas import (
    MOST_STORED_TERMS,
    AnswerBody,
    GlossaryEntryBody,
    Id,
    RepairCall,
    RepairRequest,
    StrictBody,
    read_call,
    read_terms,
)
from app.api.words import is_of_words
from app.core.types import GlossaryEntry, TermKind
from app.names.glossary import GlossaryFormat, read_glossary, write_glossary
from app.settings import Settings
from app.store.lazy import LazyStore
from app.store.records import GlossarySummary, NotFoundError, Term
from app.store.store import Store
from app.web.bodies import read_bytes

_JSON: Final = "application/json"
_MEDIA_TYPES: Final[dict[str, GlossaryFormat]] = {
    "text/csv": GlossaryFormat.CSV,
    "text/tab-separated-values": GlossaryFormat.TSV,
    "application/x-tbx+xml": GlossaryFormat.TBX,
}
_FILES: Final = {form: media_type for media_type, form in _MEDIA_TYPES.items()}
_Result = TypeVar("_Result")


class GlossaryForm(StrEnum):
    """A form in which a glossary is given out."""

    JSON = "json"
    CSV = "csv"
    TSV = "tsv"
    TBX = "tbx"


class GlossaryLine(AnswerBody):
    """One glossary in the list."""

    id: str = Field(description="What `glossary.ids` takes: the name of the project whose glossary it is.")
    terms: int
    changed_at: datetime


class GlossaryList(AnswerBody):
    """The glossaries that are kept."""

    glossaries: list[GlossaryLine]


class KeptTerm(AnswerBody):
    """One term."""

    id: str = Field(description="As in the `glossary_report` of a repair.")
    source: str
    target: str
    kind: TermKind
    case: str


class KeptGlossary(AnswerBody):
    """One glossary with its terms."""

    id: str
    changed_at: datetime
    entries: list[KeptTerm]


class PutGlossary(StrictBody):
    """The terms that a glossary is to hold; those that it held are gone."""

    entries: list[GlossaryEntryBody] = Field(description="The terms; of two for the same `source` the first is kept.")


class GlossaryCount(AnswerBody):
    """What became of a glossary."""

    id: str
    terms: int = Field(description="How many it holds now.")
    dropped: int = Field(0, description="Terms that were left out: one for the same `source` stands before each.")


class StoredGlossaries:
    """The glossaries in the editors' store; the same that the editors' page shows, by the name of their project.

    Args:
        url: Of the database; the user's own file where it is empty. None is made before there is something to keep.
    """

    def __init__(self, url: str) -> None:
        self._store = LazyStore(url)
        self._lock = Lock()
        self._read: dict[str, tuple[datetime, tuple[GlossaryEntry, ...]]] = {}

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def entries(self, glossary_id: str) -> tuple[GlossaryEntry, ...] | None:
        """The terms of a glossary, as a repair takes them; ``None`` where there is none of that id.

        Raises:
            ProblemError: ``store-unavailable``.
        """
        name = glossary_id.strip()
        if is_of_words(name):
            return None
        try:
            return self._ask(lambda store: self._fresh(store, name))
        except NotFoundError:
            return None

    def summaries(self) -> list[GlossarySummary]:
        """All of them, by name."""
        try:
            found = self._ask(Store.glossaries)
        except NotFoundError:
            return []
        return [one for one in found if not is_of_words(one.name)]

    def put(self, glossary_id: str, entries: Iterable[GlossaryEntry], who: str) -> int:
        """Replace a glossary, which is made where it is new; how many terms it holds."""
        return self._ask(lambda store: store.put_glossary(glossary_id, entries, who=who), is_new=True)

    def get(self, glossary_id: str) -> tuple[datetime, list[Term]]:
        """When a glossary was changed last, and its terms."""
        return self._ask(lambda store: (store.glossary_changed_at(glossary_id), store.glossary(glossary_id)))

    def delete(self, glossary_id: str) -> None:
        """Delete a glossary."""
        self._ask(lambda store: store.delete_glossary(glossary_id))

    def _fresh(self, store: Store, name: str) -> tuple[GlossaryEntry, ...]:
        changed_at = store.glossary_changed_at(name)
        with self._lock:
            known = self._read.get(name)
        if known is None or known[0] != changed_at:
            known = (changed_at, tuple(_entry(name, term) for term in store.glossary(name)))
            with self._lock:
                self._read[name] = known
        return known[1]

    def _ask(self, work: Callable[[Store], _Result], *, is_new: bool = False) -> _Result:
        with store_unavailable(
            "glossaries-unavailable",
            "Glossaries that are kept cannot be used just now; try again, or send the terms in `glossary.entries`.",
            retry_after_s=5,
        ):
            store = self._store.open() if is_new else self._store.saved()
            if store is None:
                raise NotFoundError("the glossary")
            return work(store)


def _entry(name: str, term: Term) -> GlossaryEntry:
    return GlossaryEntry(term.source, term.target, TermKind(term.kind), term.case_sensitive, f"{name}/{term.id}")


def glossaries_of(request: Request) -> StoredGlossaries:
    """Those of the application that answers ``request``."""
    glossaries: StoredGlossaries = request.app.state.glossaries
    return glossaries


async def read_call_with_terms(body: RepairRequest, request: Request, limits: Settings | None = None) -> RepairCall:
    """What a request asks for, with the terms of the glossaries that it names.

    Raises:
        ProblemError: It cannot be done; ``store-unavailable`` where it names glossaries and they cannot be read.
    """
    settings = limits or request.app.state.settings
    if not body.glossary.ids:
        return read_call(body, settings)
    return await anyio.to_thread.run_sync(read_call, body, settings, glossaries_of(request).entries)


# --- addresses ---


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.glossaries = StoredGlossaries(app.state.settings.database_url)
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(app.state.glossaries.close)


router = APIRouter(prefix="/v1/glossaries", tags=["Glossaries"], lifespan=_lifespan)

_TERM: Final = {
    "id": "house/12", "source": "counterfeit consciousness", "target": "artificial intelligence", "kind": "replace",
    "case": "insensitive",
}  # fmt: skip
_GLOSSARY: Final = {"id": "house", "changed_at": "2026-11-23T10:00:00Z", "entries": [_TERM]}
_LIST: Final = {"glossaries": [{"id": "house", "terms": 1, "changed_at": "2026-11-23T10:00:00Z"}]}
_COUNT: Final = {"id": "house", "terms": 1, "dropped": 0}
_ROWS: Final = "source,target,kind,case\ncounterfeit consciousness,artificial intelligence,replace,insensitive\n"
_TBX: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<tbx xmlns="urn:iso:std:iso:30042:ed-2">…</tbx>\n'
_EXAMPLES: Final = {
    "text/csv": _ROWS, "text/tab-separated-values": _ROWS.replace(",", "\t"), "application/x-tbx+xml": _TBX,
}  # fmt: skip
_AS_FILES: Final = {name: {"schema": {"type": "string"}, "example": example} for name, example in _EXAMPLES.items()}
_PUT_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {
                "schema": {"$ref": "#/components/schemas/PutGlossary"},
                "example": {"entries": [{k: v for k, v in _TERM.items() if k != "id"}]},
            },
            **_AS_FILES,
        },
    }
}


def _success(model: type[AnswerBody], example: Any, **more: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "Done.", "model": model, "content": {_JSON: {"example": example}, **more}}}


GlossaryId = Annotated[Id, Path(description="The name of the project whose glossary it is.")]


@router.get(
    "",
    operation_id="glossaries",
    summary="List the glossaries that are kept",
    response_model=GlossaryList,
    responses={**_success(GlossaryList, _LIST), **problems(500, 503)},
)
async def list_glossaries(request: Request) -> GlossaryList:
    """Their ids, which `glossary.ids` of a repair takes, and how many terms each has."""
    found = await anyio.to_thread.run_sync(glossaries_of(request).summaries)
    return GlossaryList(
        glossaries=[GlossaryLine(id=one.name, terms=one.terms, changed_at=one.changed_at) for one in found]
    )


@router.get(
    "/{glossary_id:path}",
    operation_id="glossary",
    summary="Take a glossary out",
    response_class=Response,
    responses={**_success(KeptGlossary, _GLOSSARY, **_AS_FILES), **problems(404, 422, 500, 503)},
)
async def get_glossary(
    glossary_id: GlossaryId,
    request: Request,
    form: Annotated[GlossaryForm, Query(alias="format", description="The form to give it out in.")] = GlossaryForm.JSON,
) -> Response:
    """The terms of a glossary, as JSON or as a file that `PUT` and `--glossary` take again."""
    name = _name(glossary_id)
    changed_at, terms = await _known(partial(glossaries_of(request).get, name))
    entries = [_entry(name, term) for term in terms]
    if form is GlossaryForm.JSON:
        shown = [
            KeptTerm(
                id=e.id, source=e.source, target=e.target, kind=e.kind,
                case="sensitive" if e.case_sensitive else "insensitive",
            )
            for e in entries
        ]  # fmt: skip
        body = KeptGlossary(id=name, changed_at=changed_at, entries=shown)
        return Response(body.model_dump_json(), media_type=_JSON)
    if form is GlossaryForm.TBX:  # an id there is a name in XML, and `house/12` is none
        entries = [replace(entry, id="") for entry in entries]
    out = io.BytesIO()
    write_glossary(entries, out, GlossaryFormat(form.value))
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}.{form.value}"
    return Response(
        out.getvalue(), media_type=_FILES[GlossaryFormat(form.value)], headers={"Content-Disposition": disposition}
    )


@router.put(
    "/{glossary_id:path}",
    operation_id="put_glossary",
    summary="Keep a glossary",
    response_model=GlossaryCount,
    # 404: an id with a line break is no address of a route
    responses={**_success(GlossaryCount, _COUNT), **problems(400, 404, 408, 413, 415, 422, 500, 503)},
    openapi_extra=_PUT_BODY,
)
async def put_glossary(glossary_id: GlossaryId, request: Request, service: ServiceDep) -> GlossaryCount:
    """Make a glossary, or replace all its terms: from JSON, CSV, TSV or TBX, as the `Content-Type` says."""
    name = _name(glossary_id)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = _MEDIA_TYPES.get(kind)
    if form is None and kind != _JSON:
        raise ProblemError("unsupported-media-type", f"Send one of: {', '.join([_JSON, *_MEDIA_TYPES])}.")
    if form is None:
        check_media_type(request.headers.get("content-type"), request.headers.get("content-encoding"))
    data = await read_bytes(request, service.settings.max_body_bytes)

    def work() -> GlossaryCount:
        if not data.strip():
            raise ProblemError("invalid-glossary", "There is nothing in it; DELETE the glossary, or send its headings.")
        entries = _from_json(data, service.settings.max_json_depth) if form is None else _from_file(data, form, name)
        if len(entries) > MOST_STORED_TERMS:
            raise ProblemError.at(
                "", "too-many", f"{len(entries)} terms; a glossary holds at most {MOST_STORED_TERMS}."
            )
        key_id = str(request.scope.get("state", {}).get("key_id", ""))
        terms = glossaries_of(request).put(name, entries, key_id or "API")
        return GlossaryCount(id=name, terms=terms, dropped=len(entries) - terms)

    return await anyio.to_thread.run_sync(work)


@router.delete(
    "/{glossary_id:path}",
    operation_id="delete_glossary",
    summary="Delete a glossary",
    response_model=GlossaryCount,
    responses={**_success(GlossaryCount, {"id": "house", "terms": 0, "dropped": 0}), **problems(404, 422, 500, 503)},
)
async def delete_glossary(glossary_id: GlossaryId, request: Request) -> GlossaryCount:
    """Delete a glossary with its terms; documents of the project are left as they are."""
    name = _name(glossary_id)
    await _known(partial(glossaries_of(request).delete, name))
    return GlossaryCount(id=name, terms=0)


def _name(glossary_id: str) -> str:
    name = glossary_id.strip()
    if not name:
        raise ProblemError("invalid-request", "The id of a glossary must not be blank.")
    if is_of_words(name):
        raise ProblemError("not-found", "Words to leave alone are kept under /v2/words.")
    return name


async def _known(work: Callable[[], _Result]) -> _Result:
    try:
        return await anyio.to_thread.run_sync(work)
    except NotFoundError:
        raise ProblemError("not-found", "No such glossary is kept; GET /v1/glossaries lists those there are.") from None


def _from_json(data: bytes, most_depth: int) -> list[GlossaryEntry]:
    values = parse_json(data, most_depth)
    try:
        body = PutGlossary.model_validate(values)
    except ValidationError as exc:
        raise from_validation(exc.errors(include_url=False, include_input=False), values) from None
    return read_terms(body.entries, "/entries")


def _from_file(data: bytes, form: GlossaryFormat, name: str) -> list[GlossaryEntry]:
    return read_glossary(io.BytesIO(data), form, name=name)

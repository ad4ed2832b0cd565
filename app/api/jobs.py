"""Jobs: a long text is taken at once, repaired while nobody waits, and its result fetched later."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import Annotated, Any, Final, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI, Header, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app.api.database import store_unavailable
from app.api.deps import Service, ServiceDep
from app.api.errors import ProblemError, from_validation
from app.api.examples import REPAIR_EXAMPLES, problems
from app.api.glossaries import glossaries_of
from app.api.job_files import DOCX, JSONL, MEDIA_TYPES, JobFile, read_file, row_spans, write_file
from app.api.limits import LimitedRequest, parse_json
from app.api.routes import repair_one
from app.api.schemas import (
    GlossaryUseBody,
    KeptTerms,
    KnowledgeBaseBody,
    ModelBody,
    RepairCall,
    RepairedBody,
    RepairRequest,
    RepairResponse,
    read_call,
)
from app.api.streaming import NDJSON, Sections, SentenceEvent
from app.core.diff import Change
from app.core.errors import ResourceError
from app.core.offsets import OffsetTable
from app.core.types import Mode, Span
from app.serving.lanes import AbandonedError, Lane
from app.serving.processes import LostError
from app.settings import Settings
from app.store.database import default_url, exists
from app.store.jobs import Job, JobState, JobStore, NewJob, OtherBodyError
from app.store.records import NotFoundError
from app.telemetry import describe_error, get_logger, new_id
from app.web.bodies import read_bytes
from app.web.uploads import protected_in

POLL_S: Final = 5.0  # between two looks at what other processes left behind
_START_S: Final = 0.1  # between two looks whether the model is there
_RETRY_S: Final = 1.0
_JSON: Final = "application/json"
_MOST_OPTIONS: Final = 100_000
_Result = TypeVar("_Result")


class JobBody(BaseModel):
    """How a job stands."""

    id: str
    state: JobState
    chars: int
    done_chars: int
    progress: float
    format: str | None = Field(default=None, description="Of the file that it came in.")
    reason: str | None = None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, job: Job) -> JobBody:
        """A job as it is shown."""
        total = len(job.source)
        is_done = job.state is JobState.DONE
        return cls(
            id=job.id, state=job.state, chars=total, done_chars=total if is_done else job.done_chars,
            progress=1.0 if is_done or not total else round(job.done_chars / total, 4), reason=job.reason or None,
            format=job.format or None, created_at=job.created_at, expires_at=job.expires_at,
        )  # fmt: skip


class JobResult(RepairedBody):
    """The answer of a job: that of `/v1/repair`, without the forms of a diff."""

    glossary_report: list[GlossaryUseBody]
    warnings: list[str]
    model: ModelBody | None = None
    kb: KnowledgeBaseBody | None = None


class ResultForm(StrEnum):
    """A form in which a result is given out."""

    JSON = "json"
    TEXT = "text"
    NDJSON = "ndjson"
    FILE = "file"


class Jobs:
    """The jobs of one application: a queue in the store, and the task that works on it.

    No database is made or opened before the first job; one that is there already is looked through for what was left
    undone.

    Args:
        settings: Where the store is, how long results are kept.
        service: Repairs.
        lease_s: How long a job of a process that died is left alone.
        kept: The terms of the glossaries that a job names.
    """

    def __init__(
        self, settings: Settings, service: Service, lease_s: float = 20.0, kept: KeptTerms | None = None
    ) -> None:
        self._settings, self._service, self._lease_s, self._kept = settings, service, lease_s, kept
        self._url = settings.database_url or default_url()
        self._worker = new_id()
        self._store: JobStore | None = None
        self._lock = Lock()
        self._wake = anyio.Event()

    def store(self) -> JobStore:
        """The store, opened with the first use.

        Raises:
            ResourceError: It cannot be used.
        """
        with self._lock:
            if self._store is None:
                self._store = JobStore.open(self._url, self._lease_s)
            return self._store

    @property
    def has_store(self) -> bool:
        """Whether there is one to look into."""
        return self._store is not None or exists(self._url)

    def wake(self) -> None:
        """Say that there is a new job."""
        self._wake.set()

    def close(self) -> None:
        """Give back what is under way, and close the store."""
        with self._lock:
            if self._store is not None:
                with suppress(SQLAlchemyError):  # then its lease runs out
                    self._store.release(self._worker)
                self._store.close()
                self._store = None

    async def run(self) -> None:
        """Work on one job after another, until cancelled."""
        while not self._service.is_ready:
            await anyio.sleep(_START_S)
        while True:
            job: Job | None = None
            try:
                if self.has_store:
                    store = await anyio.to_thread.run_sync(self.store)
                    job = await anyio.to_thread.run_sync(store.claim, self._worker)
                    if job is None:
                        await anyio.to_thread.run_sync(store.delete_expired)
                    else:
                        await self._work(store, job)
            except (ResourceError, SQLAlchemyError) as exc:
                get_logger(__name__).warning("jobs-unavailable", **describe_error(exc))
                job = None
            if job is None:
                with anyio.move_on_after(POLL_S):
                    await self._wake.wait()
                self._wake = anyio.Event()

    async def _work(self, store: JobStore, job: Job) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._renew, store, job.id)
            try:
                if await self._repair(store, job):
                    await anyio.to_thread.run_sync(store.finish, self._worker, job.id, JobState.DONE)
            except (ResourceError, SQLAlchemyError) as exc:  # the store: the lease runs out, and somebody goes on
                get_logger(__name__).warning("jobs-unavailable", **describe_error(exc))
                await anyio.sleep(_RETRY_S)
            except Exception as exc:
                get_logger(__name__).error("job-failed", **describe_error(exc))
                reason = "interrupted" if isinstance(exc, LostError) else "internal-error"
                reason = exc.kind.slug if isinstance(exc, ProblemError) else reason
                with suppress(SQLAlchemyError):
                    await anyio.to_thread.run_sync(store.finish, self._worker, job.id, JobState.FAILED, reason)
            tasks.cancel_scope.cancel()

    async def _renew(self, store: JobStore, job_id: str) -> None:
        while True:
            await anyio.sleep(self._lease_s / 3)
            with suppress(SQLAlchemyError):
                await anyio.to_thread.run_sync(store.renew, self._worker, job_id)

    async def _repair(self, store: JobStore, job: Job) -> bool:
        """Repair what is left of a job; False where it is not ours any more: deleted, expired or taken over."""
        call = await anyio.to_thread.run_sync(_call_to_answer, job, self._settings, self._kept)
        sections = Sections(call)
        for part in await anyio.to_thread.run_sync(store.parts, job.id):
            sections.take(*_read_part(part))
        for span, is_row in await anyio.to_thread.run_sync(_sections_left, job, sections):
            if is_row:  # each row is a document of its own
                sections.hints.clear()
            section = sections.call_of(span)
            try:
                answer = await self._service.in_turn(
                    partial(self._answer, section), lane=Lane.BULK, chars=len(span),
                    is_wanted=partial(store.renew, self._worker, job.id),
                )  # fmt: skip
            except AbandonedError:
                return False
            part = {"start": span.start, "end": span.end, "answer": answer.model_dump(mode="json", exclude_none=True)}
            if not await anyio.to_thread.run_sync(store.add_part, self._worker, job.id, span.end, part):
                return False
            sections.take(span, answer)
        return True

    def _answer(self, call: RepairCall, waited_s: float) -> RepairResponse:
        return repair_one(call, self._service, waited_s)[0]


def job_settings(settings: Settings) -> Settings:
    """The limits of a job's text: those of the editors' page."""
    most = settings.max_document_chars
    return settings.model_copy(update={"max_text_chars": most, "max_text_lines": most})


def call_of(job: Job, settings: Settings, kept: KeptTerms | None) -> RepairCall:
    """What a job asks for; its time is not limited."""
    given = job.request if "annotation" in job.request else {**job.request, "text": job.source}
    call = read_call(RepairRequest.model_validate(given), job_settings(settings), kept)
    return replace(call, options=replace(call.options, max_latency_s=None))


def _call_to_answer(job: Job, settings: Settings, kept: KeptTerms | None) -> RepairCall:
    """What a job asks for, and what its file protects."""
    call = call_of(job, settings, kept)
    protect = call.options.protect
    spans = (*protect.spans, *protected_in(job.format, job.original))
    return replace(call, options=replace(call.options, protect=replace(protect, spans=spans)))


def _read_part(part: dict[str, Any]) -> tuple[Span, RepairResponse]:
    return Span(part["start"], part["end"]), RepairResponse.model_validate(part["answer"])


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    jobs = Jobs(app.state.settings, app.state.service, kept=app.state.glossaries.entries)
    app.state.jobs = jobs
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(jobs.run)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
    finally:  # once nothing is under way any more
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(jobs.close)


class _JobRequest(LimitedRequest):
    """A request whose body may be as large as a file of the editors' page."""

    async def _read(self, most: int) -> bytes:
        return await super()._read(self.app.state.settings.max_upload_bytes)


class _JobRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            return await handle(_JobRequest(request.scope, request.receive))

        return limited


_RESULT_EXAMPLE: Final = {
    "id": "9f86d081884c7d659a2feaa0", "status": "unchanged", "text": "Sound text.", "offset_unit": "codepoint",
    "garble": {"score": 0.02, "kind": "clean"}, "edits": [], "rejected": [], "glossary_report": [], "warnings": [],
    "sentences": [{"start": 0, "end": 11, "status": "unchanged", "confidence": 0.98,
                   "edits": []}],
    "model": {"name": "repair-en", "version": "3f2a", "sha256": "0" * 64}, "kb": {"version": "names-en@f86103143b14"},
}  # fmt: skip
_PROBLEMS: Final = problems(404, 422, 500, 503)
JobId = Annotated[str, Path(max_length=64, description="As in the answer when the job was taken.")]
_EXAMPLE: Final = {
    "id": "9f86d081884c7d659a2feaa0", "state": "running", "chars": 48210, "done_chars": 11904, "progress": 0.2469,
    "created_at": "2026-11-23T10:00:00Z", "expires_at": "2026-11-24T10:00:00Z",
}  # fmt: skip
_TEXT_EXAMPLE: Final = "The the minister has spoken .\n"
_FILE_EXAMPLES: Final = {
    "text/plain": _TEXT_EXAMPLE, "text/markdown": f"# News\n\n{_TEXT_EXAMPLE}", "text/html": f"<p>{_TEXT_EXAMPLE}</p>",
    DOCX: "(a Word document)", "application/x-ndjson": '{"id": 7, "text": "The the end."}\n',
}  # fmt: skip
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {"schema": {"$ref": "#/components/schemas/RepairRequest"}, "examples": REPAIR_EXAMPLES},
            **{kind: {"schema": {"type": "string"}, "example": text} for kind, text in _FILE_EXAMPLES.items()},
        },
    }
}
router = APIRouter(prefix="/v1/jobs", route_class=_JobRoute, tags=["Jobs"], lifespan=_lifespan)


@router.post(
    "",
    operation_id="add_job",
    summary="Repair a text or a file while nobody waits",
    status_code=HTTPStatus.ACCEPTED,
    response_class=Response,
    responses={
        202: {
            "description": "Taken, or taken before under the same key.", "model": JobBody,
            "content": {_JSON: {"example": {**_EXAMPLE, "state": "waiting", "done_chars": 0, "progress": 0.0}}},
        },
        **problems(400, 408, 413, 415, 422, 500, 503),
    },
    openapi_extra=_BODY,
)  # fmt: skip
async def add_job(
    request: Request,
    service: ServiceDep,
    options: Annotated[
        str,
        Query(max_length=_MOST_OPTIONS, description="With a file: the body of `/v1/repair` without `text`, as JSON."),
    ] = "{}",
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="Any text that stands for this job: sent again with the same body it is the same job, with "
            "another one an error.",
        ),
    ] = None,
) -> Response:
    """Take a job: the body of `/v1/repair` with a longer text, or a file, whose kind the `Content-Type` says.

    Of JSON Lines each row is an object, and its `text` a document of its own.
    """
    settings = service.settings
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in MEDIA_TYPES:
        data = await read_bytes(request, settings.max_upload_bytes)
        file = await anyio.to_thread.run_sync(read_file, kind, data)
        given = _options(options, settings)
        given["text"] = file.source
    else:
        if kind and kind != _JSON and not kind.endswith("+json"):
            raise ProblemError("unsupported-media-type", f"Send one of: {', '.join([_JSON, *MEDIA_TYPES])}.")
        file = None
        data = await request.body()
        given = None  # read below
    kept = glossaries_of(request).entries
    body, call = await anyio.to_thread.run_sync(_read_request, given, data, settings, kept)
    new = NewJob(
        _owner(request), body.model_dump(mode="json", exclude_unset=True, exclude={"text"}), call.document.plain,
        format=file.format if file else "", original=file.original if file else None,
        idempotency_key=idempotency_key, body=b"\0".join((kind.encode(), options.encode(), data)),
    )  # fmt: skip
    keep = timedelta(hours=settings.job_hours)
    try:
        job = await _stored(request, lambda store: store.add(new, keep, settings.max_jobs))
    except OtherBodyError:
        raise ProblemError(
            "idempotency-mismatch", "The job of this `Idempotency-Key` has another body; send a new key."
        ) from None
    if job is None:
        raise ProblemError(
            "queue-full", f"At most {settings.max_jobs} jobs are kept; delete some.",
            headers={"Retry-After": str(math.ceil(_RETRY_S * 60))},
        )  # fmt: skip
    request.app.state.jobs.wake()
    headers = {"Location": f"/v1/jobs/{job.id}"}
    return Response(JobBody.of(job).model_dump_json(exclude_none=True), HTTPStatus.ACCEPTED, headers, _JSON)


@router.get(
    "/{job_id}",
    operation_id="job",
    summary="How does a job stand?",
    response_class=Response,
    responses={
        200: {"description": "Done.", "model": JobBody, "content": {_JSON: {"example": _EXAMPLE}}}, **_PROBLEMS,
    },
)  # fmt: skip
async def job_state(job_id: JobId, request: Request) -> Response:
    """How a job stands."""
    job = await _stored(request, lambda store: store.get(_owner(request), job_id))
    return Response(JobBody.of(job).model_dump_json(exclude_none=True), media_type=_JSON)


@router.get(
    "/{job_id}/result",
    operation_id="job_result",
    summary="Fetch what became of a job",
    response_class=Response,
    responses={
        200: {
            "description": "Done.", "model": JobResult,
            "content": {
                _JSON: {"example": _RESULT_EXAMPLE},
                NDJSON: {"schema": {"type": "string"}, "example": '{"sentence":{"start":0,"end":29},"edits":[]}\n'},
                **{
                    kind: {"schema": {"type": "string"}, "example": "(the file, repaired)"}
                    for kind in _FILE_EXAMPLES if kind != NDJSON
                },
            },
        },
        **problems(404, 409, 422, 500, 503),
    },
)  # fmt: skip
async def job_result(
    job_id: JobId,
    request: Request,
    service: ServiceDep,
    form: Annotated[
        ResultForm,
        Query(alias="format", description="The whole answer, the text alone, a line for each sentence, or the file."),
    ] = ResultForm.JSON,
) -> Response:
    """What became of the text. As `file` it is of the kind that came in; a Word document has its changes tracked."""
    job, parts = await _stored(request, lambda store: (store.get(_owner(request), job_id), store.parts(job_id)))
    if job.state is not JobState.DONE:
        raise ProblemError("job-not-done", f"The job is {job.state.value}; ask again once it is done.")
    return await anyio.to_thread.run_sync(partial(_result, job, parts, service.settings, form))


@router.delete(
    "/{job_id}",
    operation_id="delete_job",
    summary="Delete a job with its text and result",
    status_code=HTTPStatus.NO_CONTENT,
    responses={204: {"description": "Gone."}, **_PROBLEMS},
)
async def delete_job(job_id: JobId, request: Request) -> Response:
    """Delete a job with its text and result; one under way is given up."""
    await _stored(request, lambda store: store.delete(_owner(request), job_id))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _read_request(
    given: dict[str, Any] | None, data: bytes, settings: Settings, kept: KeptTerms
) -> tuple[RepairRequest, RepairCall]:
    """What a job asks for; long texts are read beside the event loop.

    Args:
        given: The request, where the text came as a file; otherwise ``data`` is read as JSON.
        data: The body.
        settings: Limits.
        kept: Glossaries.

    Raises:
        ProblemError: It cannot be done.
    """
    values = parse_json(data, settings.max_json_depth) if given is None else given
    try:
        body = RepairRequest.model_validate(values)
    except ValidationError as exc:
        raise from_validation(exc.errors(include_url=False, include_input=False), values) from None
    return body, read_call(body, job_settings(settings), kept)


def _options(given: str, settings: Settings) -> dict[str, Any]:
    """The options that come with a file.

    Raises:
        ProblemError: They are no JSON object, or hold a text.
    """
    options = parse_json(given.encode(), settings.max_json_depth, "`options`")
    if not isinstance(options, dict):
        raise ProblemError("invalid-request", "`options` must be a JSON object.")
    if found := {"text", "annotation"} & options.keys():
        raise ProblemError.at("", "text-or-file", f"The file is the text; leave `{min(found)}` out of `options`.")
    return options


def _sections_left(job: Job, sections: Sections) -> list[tuple[Span, bool]]:
    """The sections that are not done, and whether names found before are to be forgotten at each."""
    if job.format == JSONL and job.original is not None:
        return row_spans(job.original, job.done_chars)
    left = sections.spans(job.done_chars) if job.done_chars < len(job.source) else []
    return [(span, False) for span in left]


def _result(job: Job, parts: list[dict[str, Any]], settings: Settings, form: ResultForm) -> Response:
    sections = Sections(call_of(job, settings, lambda _id: ()))  # its terms have been applied
    if form is ResultForm.FILE:
        file = JobFile(job.format or "text", job.source, job.original)
        if "annotation" in job.request:
            raise ProblemError("invalid-request", "A text with mark-up of its own is no file; ask for `text`.")
        made = () if sections.call.options.mode is Mode.DETECT_ONLY else _changes(job.source, parts)
        content_type, content = write_file(file, made, job.created_at)
        return Response(content, media_type=content_type)
    events: list[SentenceEvent] = []
    for part in parts:
        events.extend(sections.take(*_read_part(part)))
    summary = sections.summary()
    if form is ResultForm.TEXT:
        return Response(summary["text"], media_type="text/plain; charset=utf-8")
    if form is ResultForm.NDJSON:
        lines = (event.model_dump_json(exclude_none=True) + "\n" for event in events)
        return Response("".join(lines), media_type=NDJSON)
    first = _read_part(parts[0])[1] if parts else None
    body = JobResult(
        id=job.id,
        status=sections.status(),
        text=summary["text"],
        garble=summary["garble"],
        glossary_report=summary["glossary_report"],
        warnings=summary["warnings"],
        offset_unit=sections.call.unit,
        sentences=[event.sentence for event in events],
        edits=[edit for event in events for edit in event.edits],
        rejected=[edit for event in events for edit in event.rejected],
        model=first.model if first else None,
        kb=first.kb if first else None,
    )
    return Response(body.model_dump_json(exclude_none=True), media_type=_JSON)


def _changes(source: str, parts: list[dict[str, Any]]) -> tuple[Change, ...]:
    """All edits of a job, in code points of its text."""
    changes = []
    for part in parts:
        span, answer = _read_part(part)
        table = OffsetTable(span.of(source), answer.offset_unit)
        changes += [
            Change(
                table.span_from_unit(e.start, e.end).shift(span.start),
                e.replacement,
                f"{span.start}:{e.group}" if e.group else None,  # groups are named per section
            )
            for e in answer.edits
        ]
    return tuple(changes)


def _owner(request: Request) -> str:
    return str(request.scope.get("state", {}).get("key_id", ""))


async def _stored(request: Request, work: Callable[[JobStore], _Result]) -> _Result:
    """Ask the store, in a thread.

    Raises:
        ProblemError: ``not-found``, or ``store-unavailable``.
    """
    jobs: Jobs = request.app.state.jobs
    is_new = request.method == "POST"

    def ask() -> _Result:
        if not is_new and not jobs.has_store:
            raise NotFoundError("the job")
        return work(jobs.store())

    try:
        with store_unavailable("jobs-unavailable", "Jobs cannot be kept just now; try again.", retry_after_s=5):
            return await anyio.to_thread.run_sync(ask)
    except NotFoundError:
        raise ProblemError("not-found", "There is no such job; it may have expired.") from None

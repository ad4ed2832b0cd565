"""Jobs: a long text is taken at once, repaired while nobody waits, and its result fetched later."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import Any, Final, Literal, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from app.api.deps import Service, ServiceDep
from app.api.errors import ProblemError
from app.api.glossaries import read_call_with_terms
from app.api.limits import LimitedRequest
from app.api.routes import repair_one
from app.api.schemas import KeptTerms, RepairCall, RepairRequest, RepairResponse, read_call
from app.api.streaming import NDJSON, Sections, SentenceEvent
from app.core.errors import ResourceError
from app.core.types import Span
from app.serving.lanes import Lane
from app.serving.processes import MOST_LOSSES, LostError
from app.settings import Settings
from app.store.database import default_url, exists
from app.store.jobs import Job, JobState, JobStore
from app.store.records import NotFoundError
from app.telemetry import describe_error, get_logger, new_id

POLL_S: Final = 5.0  # between two looks at what other processes left behind
_START_S: Final = 0.1  # between two looks whether the model is there
_RETRY_S: Final = 1.0
_LATER: Final = ("queue-full", "model-not-ready", "deadline")  # others are served first
_JSON: Final = "application/json"
_Result = TypeVar("_Result")


class JobBody(BaseModel):
    """How a job stands."""

    id: str
    state: JobState
    chars: int
    done_chars: int
    progress: float
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
            created_at=job.created_at, expires_at=job.expires_at,
        )  # fmt: skip


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
        call = await anyio.to_thread.run_sync(call_of, job, self._settings, self._kept)
        sections = Sections(call)
        for part in await anyio.to_thread.run_sync(store.parts, job.id):
            sections.take(*_read_part(part))
        spans = await anyio.to_thread.run_sync(sections.spans, job.done_chars)
        for span in spans if job.done_chars < len(job.source) else ():
            answer = await self._in_turn(sections.call_of(span), len(span))
            part = {"start": span.start, "end": span.end, "answer": answer.model_dump(mode="json", exclude_none=True)}
            if not await anyio.to_thread.run_sync(store.add_part, self._worker, job.id, span.end, part):
                return False
            sections.take(span, answer)
        return True

    async def _in_turn(self, call: RepairCall, chars: int) -> RepairResponse:
        losses = 0
        while True:
            try:
                return await self._service.in_thread(
                    lambda waited: repair_one(call, self._service, waited)[0], lane=Lane.BULK, chars=chars
                )
            except ProblemError as exc:
                if exc.kind.slug not in _LATER:
                    raise
            except LostError:
                losses += 1
                if losses == MOST_LOSSES:
                    raise
            await anyio.sleep(_RETRY_S)


def job_settings(settings: Settings) -> Settings:
    """The limits of a job's text: those of the editors' page."""
    most = settings.max_document_chars
    return settings.model_copy(update={"max_text_chars": most, "max_text_lines": most})


def call_of(job: Job, settings: Settings, kept: KeptTerms | None) -> RepairCall:
    """What a job asks for; its time is not limited."""
    given = job.request if "annotation" in job.request else {**job.request, "text": job.source}
    call = read_call(RepairRequest.model_validate(given), job_settings(settings), kept)
    return replace(call, options=replace(call.options, max_latency_s=None))


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


router = APIRouter(prefix="/v1/jobs", route_class=_JobRoute, include_in_schema=False, lifespan=_lifespan)


@router.post("", status_code=HTTPStatus.ACCEPTED)
async def add_job(body: RepairRequest, request: Request, service: ServiceDep) -> Response:
    """Take a job: the body of `/v1/repair`, with a longer text."""
    settings = service.settings
    call = await read_call_with_terms(body, request, job_settings(settings))
    options = body.model_dump(mode="json", exclude_unset=True, exclude={"text"})
    job = await _stored(
        request,
        lambda store: store.add(
            _owner(request), options, call.document.plain, timedelta(hours=settings.job_hours), settings.max_jobs
        ),
    )
    if job is None:
        raise ProblemError(
            "queue-full", f"At most {settings.max_jobs} jobs are kept; delete some.",
            headers={"Retry-After": str(math.ceil(_RETRY_S * 60))},
        )  # fmt: skip
    request.app.state.jobs.wake()
    headers = {"Location": f"/v1/jobs/{job.id}"}
    return Response(JobBody.of(job).model_dump_json(exclude_none=True), HTTPStatus.ACCEPTED, headers, _JSON)


@router.get("/{job_id}")
async def job_state(job_id: str, request: Request) -> Response:
    """How a job stands."""
    job = await _stored(request, lambda store: store.get(_owner(request), job_id))
    return Response(JobBody.of(job).model_dump_json(exclude_none=True), media_type=_JSON)


@router.get("/{job_id}/result")
async def job_result(
    job_id: str, request: Request, service: ServiceDep, format: Literal["json", "text", "ndjson"] = "json"
) -> Response:
    """What became of the text: as JSON, the text alone, or a line for each sentence."""
    job, parts = await _stored(request, lambda store: (store.get(_owner(request), job_id), store.parts(job_id)))
    if job.state is not JobState.DONE:
        raise ProblemError("job-not-done", f"The job is {job.state.value}; ask again once it is done.")
    return await anyio.to_thread.run_sync(partial(_result, job, parts, service.settings, format))


@router.delete("/{job_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_job(job_id: str, request: Request) -> Response:
    """Delete a job with its text and result; one under way is given up."""
    await _stored(request, lambda store: store.delete(_owner(request), job_id))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _result(job: Job, parts: list[dict[str, Any]], settings: Settings, form: str) -> Response:
    sections = Sections(call_of(job, settings, lambda _id: ()))  # its terms have been applied
    events: list[SentenceEvent] = []
    for part in parts:
        events.extend(sections.take(*_read_part(part)))
    summary = sections.summary()
    if form == "text":
        return Response(summary["text"], media_type="text/plain; charset=utf-8")
    if form == "ndjson":
        lines = (event.model_dump_json(exclude_none=True) + "\n" for event in events)
        return Response("".join(lines), media_type=NDJSON)
    first = parts[0]["answer"] if parts else {}
    shown = [event.model_dump(mode="json", exclude_none=True) for event in events]
    body = {
        "id": job.id,
        **summary,
        "offset_unit": sections.call.unit.value,
        "sentences": [event["sentence"] for event in shown],
        "edits": [edit for event in shown for edit in event["edits"]],
        "rejected": [edit for event in shown for edit in event["rejected"]],
        "model": first.get("model"),
        "kb": first.get("kb"),
    }
    return Response(json.dumps(body, ensure_ascii=False), media_type=_JSON)


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
        return await anyio.to_thread.run_sync(ask)
    except NotFoundError:
        raise ProblemError("not-found", "There is no such job; it may have expired.") from None
    except (ResourceError, SQLAlchemyError) as exc:
        get_logger(__name__).warning("jobs-unavailable", **describe_error(exc))
        raise ProblemError(
            "store-unavailable", "Jobs cannot be kept just now; try again.", headers={"Retry-After": "5"}
        ) from None

"""The addresses: each parses the request, calls the one repairer in a thread, and prints the answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Request, Response
from pydantic import TypeAdapter, ValidationError

from app import __version__
from app.api.accept import prefers
from app.api.deps import Service, ServiceDep
from app.api.errors import ProblemError, as_problem, from_validation, request_id_in
from app.api.examples import BATCH_EXAMPLES, DIFF_EXAMPLES, REPAIR_EXAMPLES, problems, success
from app.api.glossaries import glossaries_of, read_call_with_terms
from app.api.limits import LimitedRoute
from app.api.rules import describe_rules
from app.api.schemas import (
    BatchAnswer,
    BatchItem,
    BatchRequest,
    BatchResponse,
    DiffRequest,
    DiffResponse,
    Id,
    KeptTerms,
    RepairCall,
    RepairRequest,
    RepairResponse,
    RulesResponse,
    StateResponse,
    VersionResponse,
    as_proofreader,
    check_length,
    read_call,
    write_diff,
    write_response,
)
from app.api.streaming import EVENT_STREAM, NDJSON, stream_batch, stream_repair
from app.core.types import DocumentRepair
from app.serving.lanes import Lane
from app.telemetry import CONTENT_TYPE, new_id

JSON: Final = "application/json"
PROOFREADER: Final = "application/vnd.proofreader+json"
_ID: Final[TypeAdapter[str | None]] = TypeAdapter(Id | None)

router = APIRouter(route_class=LimitedRoute)
probes = APIRouter(route_class=LimitedRoute, tags=["Operation"])

_PROOFREADER_VIEW: Final[dict[str, Any]] = {
    "schema": {"$ref": "#/components/schemas/ProofreaderResponse"},
    "example": {
        "correctedInput": "The treaty was signed.",
        "corrections": [
            {
                "startIndex": 3,
                "endIndex": 7,
                "correction": "",
                "type": "repetition",
                "explanation": "The word stands twice.",
            }
        ],
    },
}
_EVENTS_VIEW: Final[dict[str, Any]] = {
    "schema": {"type": "string"},
    "example": 'event: meta\ndata: {"id":"rep_01KATW3Y6N"}\n\nevent: done\ndata: {"status":"unchanged"}\n\n',
}
_LINES_VIEW: Final[dict[str, Any]] = {
    "schema": {"type": "string"},
    "example": '{"index":0,"id":"headline","status":200}\n{"index":1,"id":"body","status":422}\n',
}
_BODY_PROBLEMS = problems(400, 408, 413, 415, 422, 500)
_REPAIR_PROBLEMS = problems(400, 408, 413, 415, 422, 500, 503, 504)


async def _repair(
    body: Annotated[RepairRequest, Body(openapi_examples=REPAIR_EXAMPLES)],
    service: ServiceDep,
    request: Request,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Correct one English document that a machine translated, and show every change.

    Doing nothing is a good answer: sound sentences come back as they are. Each sentence says what became of it, each
    edit says where, what, why and how sure; what the checks refused is listed, too. Nothing is kept.
    """
    call = await read_call_with_terms(body, request)
    service.engine()
    if prefers(accept, EVENT_STREAM):
        return stream_repair(call, service, request, repair_one)

    def work(waited_s: float) -> Response:
        response, repair = repair_one(call, service, waited_s)
        if prefers(accept, PROOFREADER):
            return Response(as_proofreader(repair).model_dump_json(), media_type=PROOFREADER)
        return Response(response.encode(), media_type=JSON)

    return await service.in_thread(
        work, chars=len(call.document.plain), latency_s=call.options.max_latency_s, request=request
    )


for _path, _operation in (("/repair", "repair"), ("/v1/repair", "repair_v1")):
    router.add_api_route(
        _path,
        _repair,
        methods=["POST"],
        operation_id=_operation,
        summary="Repair a document",
        tags=["Repair"],
        response_class=Response,
        responses={
            **success("repair", RepairResponse, {PROOFREADER: _PROOFREADER_VIEW, EVENT_STREAM: _EVENTS_VIEW}),
            **_REPAIR_PROBLEMS,
        },
    )


@router.post(
    "/v1/repair:batch",
    operation_id="repair_batch",
    summary="Repair many documents",
    tags=["Repair"],
    response_class=Response,
    responses={**success("batch", BatchResponse, {NDJSON: _LINES_VIEW}), **_REPAIR_PROBLEMS},
)
async def repair_batch(
    body: Annotated[BatchRequest, Body(openapi_examples=BATCH_EXAMPLES)],
    service: ServiceDep,
    request: Request,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Repair each item on its own: one that is wrong or fails has its own problem, the others their results.

    The status is 200 whenever the envelope is good. `max_latency_ms` counts for each item; the request as a whole
    has the server's time limit, and items not reached by then have the problem `deadline`.
    """
    _check_batch(body, service)
    service.engine()
    request_id, kept = request_id_in(request.scope), glossaries_of(request).entries
    if prefers(accept, NDJSON):
        defaults = body.defaults.model_dump(exclude_unset=True, mode="json")
        started = time.monotonic()

        def answer(index: int, waited_s: float) -> BatchAnswer:
            spent_s = time.monotonic() - started
            return _answer_item(index, body.items[index], defaults, service, kept, spent_s, waited_s, request_id)

        return stream_batch(len(body.items), answer, [_chars_of(item) for item in body.items], service, request)

    def work(waited_s: float) -> Response:
        answers = BatchResponse(items=list(_answer_items(body, service, kept, waited_s, request_id)))
        return Response(answers.model_dump_json(exclude_none=True), media_type=JSON)

    return await service.in_thread(work, lane=Lane.BULK, chars=sum(map(_chars_of, body.items)), request=request)


@router.post(
    "/diff",
    operation_id="diff",
    summary="Compare two texts",
    tags=["Repair"],
    response_class=Response,
    responses={**success("diff", DiffResponse), **_BODY_PROBLEMS, **problems(503, 504)},
)
async def diff_texts(
    body: Annotated[DiffRequest, Body(openapi_examples=DIFF_EXAMPLES)], service: ServiceDep
) -> Response:
    """Show how two versions of a text differ, in the same words and forms as a repair."""
    for name, text in (("/source", body.source), ("/target", body.target)):
        check_length(name, text, service.settings)

    def work(_waited_s: float) -> Response:
        return Response(write_diff(body).model_dump_json(exclude_none=True), media_type=JSON)

    return await service.in_thread(work)


@router.get(
    "/v1/rules",
    operation_id="rules",
    summary="List the rules",
    tags=["Repair"],
    response_model=RulesResponse,
    responses={**success("rules", RulesResponse), **problems(500, 503)},
)
async def list_rules(service: ServiceDep) -> RulesResponse:
    """Every id that an edit's `rule` can have and `disabled_rules` takes."""
    return RulesResponse(rules=describe_rules(service.engine().rules))


@probes.head("/livez", include_in_schema=False)
@probes.get(
    "/livez",
    operation_id="livez",
    summary="Is the process alive?",
    response_model=StateResponse,
    responses={**success("livez", StateResponse), **problems(500)},
)
async def live() -> StateResponse:
    """Yes, whatever the model does."""
    return StateResponse(status="ok")


@probes.head("/readyz", include_in_schema=False)
@probes.get(
    "/readyz",
    operation_id="readyz",
    summary="Can it repair?",
    response_model=StateResponse,
    responses={**success("readyz", StateResponse), **problems(500, 503)},
)
async def ready(service: ServiceDep) -> StateResponse:
    """Yes, once a real repair has passed through the model."""
    service.engine()
    return StateResponse(status="ready")


@probes.get(
    "/version",
    operation_id="version",
    summary="What is running?",
    response_model=VersionResponse,
    response_model_exclude_none=True,
    responses={**success("version", VersionResponse), **problems(500)},
)
async def version(service: ServiceDep) -> VersionResponse:
    """The versions of the service and, once they are loaded, of the model and the knowledge base."""
    if not service.is_ready:
        return VersionResponse(name="mt-repair", version=__version__)
    return VersionResponse(name="mt-repair", version=__version__, model=service.model(), kb=service.knowledge_base())


@probes.get(
    "/metrics",
    operation_id="metrics",
    summary="Counters",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "mt_repair_ready 1.0\n"}},
        },
        **problems(500),
    },
)
async def metrics(service: ServiceDep) -> Response:
    """Counters for Prometheus; none of their labels comes from a request."""
    return Response(service.metrics.render(), headers={"content-type": CONTENT_TYPE})


def repair_one(call: RepairCall, service: Service, waited_s: float) -> tuple[RepairResponse, DocumentRepair]:
    """Repair one document, in the thread of the caller."""
    engine = service.engine()
    started = time.monotonic()
    options = call.options
    if options.max_latency_s is not None:
        options = replace(options, max_latency_s=max(0.0, options.max_latency_s - waited_s))
    plain = engine.repair(call.document.plain, options)
    repair = call.document.project(plain, options.mode)
    spent_s = time.monotonic() - started
    service.metrics.observe_repair(repair, waited_s, spent_s)
    response = write_response(
        call,
        repair,
        response_id=new_id(),
        model=service.model(),
        kb_version=engine.kb_version,
        queue_s=waited_s,
        total_s=waited_s + spent_s,
    )
    return response, repair


def _chars_of(item: object) -> int:
    """How much text an item is about; one that is wrong counts for nothing."""
    text = item.get("text") if isinstance(item, Mapping) else None
    return len(text) if isinstance(text, str) else 0


def _check_batch(body: BatchRequest, service: Service) -> None:
    most = service.settings.max_items
    if len(body.items) > most:
        raise ProblemError.at("/items", "too-many", f"{len(body.items)} items; at most {most} are taken.")
    seen: set[str] = set()
    for index, item in enumerate(body.items):
        item_id = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(item_id, str):
            continue
        if item_id in seen:
            raise ProblemError.at(f"/items/{index}/id", "duplicate-id", "Another item before it has the same id.")
        seen.add(item_id)


def _answer_items(
    body: BatchRequest, service: Service, kept: KeptTerms, waited_s: float, request_id: str
) -> list[BatchAnswer]:
    started = time.monotonic()
    defaults = body.defaults.model_dump(exclude_unset=True, mode="json")
    answers = []
    for index, raw in enumerate(body.items):
        spent_s = waited_s + time.monotonic() - started
        answers.append(_answer_item(index, raw, defaults, service, kept, spent_s, waited_s, request_id))
    return answers


def _item_id(raw: Any) -> str | None:
    """The id of an item of which nothing else may be right, if it is one."""
    try:
        return _ID.validate_python(raw.get("id")) if isinstance(raw, dict) else None
    except ValidationError:
        return None


def _answer_item(
    index: int,
    raw: Any,
    defaults: Mapping[str, Any],
    service: Service,
    kept: KeptTerms,
    spent_s: float,
    waited_s: float,
    request_id: str,
) -> BatchAnswer:
    item_id = _item_id(raw)
    prefix = f"/items/{index}"
    try:
        merged = {**defaults, **raw} if isinstance(raw, dict) else raw
        item = BatchItem.model_validate(merged)
        remaining_s = service.settings.request_timeout_s - spent_s
        if remaining_s <= 0:
            raise ProblemError("deadline", "The time for the request ran out before this item; send smaller batches.")
        call = read_call(item, service.settings, kept)
        latency_s = min(call.options.max_latency_s or remaining_s, remaining_s)
        call = replace(call, options=replace(call.options, max_latency_s=latency_s))
        result, _ = repair_one(call, service, 0.0)
        timing = result.timing_ms.model_copy(update={"queue": round(waited_s * 1000)})
        result = result.model_copy(update={"timing_ms": timing})
        return BatchAnswer(index=index, id=item_id, status=200, result=result)
    except ValidationError as exc:
        error = from_validation(exc.errors(include_url=False, include_input=False), raw)
    except Exception as exc:
        # One item's slip is not the others': it is logged by type and place, and counted.
        error = as_problem(exc)
    service.metrics.observe_problem(error.kind.slug)
    problem = error.problem(request_id, prefix)
    return BatchAnswer(index=index, id=item_id, status=problem.status, problem=problem)

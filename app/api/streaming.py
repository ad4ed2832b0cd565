"""Answers in pieces: server-sent events by sentence, and a batch as lines of JSON, each sent once it is final."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.api.annotation import AnnotatedText
from app.api.deps import Service
from app.api.errors import as_problem, request_id_in
from app.api.schemas import (
    BatchAnswer,
    EditBody,
    GlossaryUseBody,
    RejectedBody,
    RepairCall,
    RepairResponse,
    SentenceBody,
    band_of_garble,
)
from app.core.offsets import OffsetTable
from app.core.types import DocumentRepair, Mode, Span, Status
from app.serving.lanes import Lane
from app.telemetry import new_id
from app.web.sections import cut, within

EVENT_STREAM: Final = "text/event-stream"
NDJSON: Final = "application/x-ndjson"
HEARTBEAT_S: Final = 10.0
_HEADERS: Final = {"X-Accel-Buffering": "no"}  # a proxy in front would collect the pieces

RepairOne = Callable[[RepairCall, Service, float], tuple[RepairResponse, DocumentRepair]]


class SentenceEvent(BaseModel):
    """One sentence, final: nothing that follows changes it. Offsets count in the whole input, or the whole answer."""

    sentence: SentenceBody
    edits: list[EditBody]
    rejected: list[RejectedBody]


@dataclass(slots=True)
class Sections:
    """A document repaired section by section: what of each section's answer belongs where in the whole.

    A document of up to 12,000 characters is one section, and its answer that of `/repair`. In a longer one names are
    linked section by section; those found before are known in the sections that follow.
    """

    call: RepairCall
    statuses: list[Status] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    glossary: dict[str, GlossaryUseBody] = field(default_factory=dict)
    doubt: float = 0.0
    edits: int = 0
    hints: dict[str, str] = field(default_factory=dict)
    _out: int = 0
    _table: OffsetTable | None = None

    def spans(self, start: int = 0) -> list[Span]:
        """The sections from ``start`` on, in code points; text with markup is one."""
        document = self.call.document
        return [Span(0, len(document.plain))] if document.has_markup else cut(document.plain, start)

    def call_of(self, span: Span) -> RepairCall:
        """The section as a document of its own."""
        if self.call.document.has_markup:
            return self.call
        options = self.call.options
        spans = within(options.protect.spans, span)
        known = {**self.hints, **dict(options.entity_hints)}
        options = replace(
            options, protect=replace(options.protect, spans=spans), entity_hints=tuple(list(known.items())[-200:])
        )
        return replace(self.call, document=AnnotatedText.of_text(span.of(self.call.document.plain)), options=options)

    def take(self, span: Span, answer: RepairResponse) -> list[SentenceEvent]:
        """Note a section's answer; its sentences, placed in the whole."""
        document = self.call.document
        if self._table is None:
            self._table = OffsetTable(document.full, self.call.unit)
        by, by_out = (0, 0) if document.has_markup else (self._table.to_unit(span.start), self._out)
        shift = {"start": by, "end": by, "start_out": by_out, "end_out": by_out}

        def placed(body: Any, **changes: Any) -> Any:
            moved = {name: getattr(body, name) + n for name, n in shift.items() if name in type(body).model_fields}
            return body.model_copy(update={**moved, **changes})

        names = {edit.id: f"e{self.edits + i + 1}" for i, edit in enumerate(answer.edits)}
        edits = {
            edit.id: placed(edit, id=names[edit.id], group=f"{edit.group}+{by}" if edit.group and by else edit.group)
            for edit in answer.edits
        }
        events = [
            SentenceEvent(
                sentence=placed(sentence, edits=[names[i] for i in sentence.edits]),
                edits=[edits[i] for i in sentence.edits],
                rejected=[placed(r) for r in answer.rejected if _belongs(i, r.start, answer.sentences)],
            )
            for i, sentence in enumerate(answer.sentences)
        ]
        self.edits += len(answer.edits)
        self.statuses.append(answer.status)
        self.texts.append(answer.text)
        self._out += OffsetTable(answer.text, self.call.unit).length
        self.doubt += answer.garble.score * len(span)
        self.warnings.extend(w for w in answer.warnings if w not in self.warnings)
        for use in answer.glossary_report:
            before = self.glossary.get(use.entry)
            self.glossary[use.entry] = use if before is None else _sum(before, use)
        for edit in answer.edits:  # a name found once is known in the sections that follow
            if edit.entity is not None:
                self.hints[edit.entity.id] = edit.entity.caption
        return events

    def summary(self) -> dict[str, Any]:
        """What is known at the end: the whole text and what became of it."""
        total = max(1, len(self.call.document.plain))
        garble = band_of_garble(self.doubt / total)
        return {
            "status": self.status().value,
            "text": "".join(self.texts),
            "garble": garble.model_dump(mode="json"),
            "edits": self.edits,
            "glossary_report": [use.model_dump(mode="json") for use in self.glossary.values()],
            "warnings": self.warnings,
        }

    def status(self) -> Status:
        """The status of the whole."""
        found = set(self.statuses)
        if found == {Status.ERROR}:
            return Status.ERROR
        if found & {Status.REPAIRED, Status.PARTIAL} and self.call.options.mode is not Mode.DETECT_ONLY:
            return Status.REPAIRED if found <= {Status.REPAIRED, Status.UNCHANGED} else Status.PARTIAL
        return Status.UNCHANGED if found <= {Status.UNCHANGED} else Status.ABSTAINED


def _belongs(index: int, start: int, sentences: Sequence[SentenceBody]) -> bool:
    """Whether a place belongs to sentence ``index``: white space belongs to the sentence before it."""
    after = sentences[index + 1].start if index + 1 < len(sentences) else float("inf")
    return (index == 0 or sentences[index].start <= start) and start < after


def _sum(one: GlossaryUseBody, other: GlossaryUseBody) -> GlossaryUseBody:
    reasons = list(dict.fromkeys((*one.reasons, *other.reasons)))
    return GlossaryUseBody(
        entry=one.entry, applied=one.applied + other.applied, not_applied=one.not_applied + other.not_applied,
        reasons=reasons,
    )  # fmt: skip


def stream_repair(call: RepairCall, service: Service, request: Request, repair_one: RepairOne) -> StreamingResponse:
    """A document as events: ``meta``, a ``sentence`` each, then ``done``, or ``error`` with a problem document.

    Raises:
        ProblemError: ``queue-full`` or ``model-not-ready``, before the stream begins.
    """
    meta = {
        "id": f"rep_{new_id()}",
        "offset_unit": call.unit.value,
        "model": service.model().model_dump(),
        "kb": service.knowledge_base().model_dump(),
    }
    service.check_room(len(call.document.plain), call.options.max_latency_s)

    async def events() -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        until = loop.time() + (call.options.max_latency_s or service.settings.request_timeout_s)
        sections = Sections(call)
        yield _event("meta", meta)
        try:
            for span in sections.spans():
                part, left_s = sections.call_of(span), max(0.001, until - loop.time())
                part = replace(part, options=replace(part.options, max_latency_s=left_s))
                working = asyncio.ensure_future(
                    service.in_thread(
                        lambda waited, part=part: repair_one(part, service, waited)[0],  # type: ignore[misc]
                        chars=len(span), latency_s=None if sections.statuses else left_s, request=request,
                    )
                )  # fmt: skip
                async for beat in _heartbeats(working):
                    yield beat
                for sentence in sections.take(span, working.result()):
                    yield _event("sentence", sentence)
            yield _event("done", sections.summary())
        except Exception as exc:
            problem = as_problem(exc)
            service.metrics.observe_problem(problem.kind.slug)
            yield b"event: error\ndata: %b\n\n" % problem.problem(request_id_in(request.scope)).encode()

    return StreamingResponse(events(), media_type=EVENT_STREAM, headers=_HEADERS)


def stream_batch(
    count: int, answer: Callable[[int, float], BatchAnswer], chars: Sequence[int], service: Service, request: Request
) -> StreamingResponse:
    """A batch as lines, one for each item once it is done, in the order of the request.

    Raises:
        ProblemError: ``queue-full``, before the stream begins.
    """
    service.check_room(sum(chars), None, Lane.BULK)

    async def lines() -> AsyncIterator[bytes]:
        for index in range(count):
            try:
                line = await service.in_thread(
                    lambda waited, index=index: answer(index, waited),  # type: ignore[misc]
                    lane=Lane.BULK, chars=chars[index], request=request,
                )  # fmt: skip
            except Exception as exc:
                problem = as_problem(exc).problem(request_id_in(request.scope), f"/items/{index}")
                line = BatchAnswer(index=index, status=problem.status, problem=problem)
            yield line.model_dump_json(exclude_none=True).encode() + b"\n"

    return StreamingResponse(lines(), media_type=NDJSON, headers=_HEADERS)


async def _heartbeats(working: asyncio.Future[Any]) -> AsyncIterator[bytes]:
    """A comment now and then until the work is done; it is given up with the stream."""
    try:
        while not (await asyncio.wait({working}, timeout=HEARTBEAT_S))[0]:
            yield b": working\n\n"
    finally:
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


def _event(name: str, body: BaseModel | dict[str, Any]) -> bytes:
    data = body.model_dump_json(exclude_none=True).encode() if isinstance(body, BaseModel) else orjson.dumps(body)
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)

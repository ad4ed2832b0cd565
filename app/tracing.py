"""Traces for OpenTelemetry: how long each step of a request took, and never a word of its text.

Imported only where traces are asked for: it needs the extra ``otel``. Each process sends its own spans.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as TraceSpan
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app import __version__
from app.core.protect import Protection
from app.core.protocols import (
    GenerationTask,
    Generator,
    Linker,
    LinkResult,
    ModelCard,
    Proposal,
    RuleSet,
    Segmenter,
)
from app.core.repairer import Repairer
from app.core.types import DocumentRepair, Edit, Mode, RepairOptions, Segment, Span
from app.core.verify import Verifier
from app.serving.lanes import current

_PARENT: Final = "traceparent"
_CARRIER: Final = TraceContextTextMapPropagator()


def start_tracing(endpoint: str) -> Tracer:
    """A tracer whose spans go to an OTLP endpoint (HTTP, protobuf), a few seconds later, from a thread of its own.

    Args:
        endpoint: The address, with its path, such as ``http://localhost:4318/v1/traces``.
    """
    resource = Resource({"service.name": "mt-repair", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    Finalize(None, provider.shutdown, exitpriority=1)  # in processes of multiprocessing as well, which skip atexit
    return provider.get_tracer("mt-repair", __version__)


@contextmanager
def span(tracer: Tracer, name: str, parent: str = "", kind: SpanKind = SpanKind.INTERNAL) -> Iterator[TraceSpan]:
    """A span around a block; an error is told by its type, since its message may quote the text.

    Args:
        tracer: From ``start_tracing``.
        name: What is done; from our own words.
        parent: The span that it belongs to, as ``traceparent``; the current one where it is empty.
        kind: Whether it serves a request.
    """
    context = _CARRIER.extract({_PARENT: parent}) if parent else None
    with tracer.start_as_current_span(
        name, context=context, kind=kind, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield made
        except BaseException as exc:
            made.set_attribute("error.type", type(exc).__name__)
            made.set_status(StatusCode.ERROR)
            raise


def current_trace() -> str:
    """The current span as ``traceparent``; empty where there is none."""
    carrier: dict[str, str] = {}
    _CARRIER.inject(carrier)
    return carrier.get(_PARENT, "")


# --- the steps of a repair ---


@dataclass(slots=True)
class _Checks:
    """The checks of one document so far: they are many and short, and become one span."""

    first_ns: int = 0
    last_ns: int = 0
    busy_ns: int = 0
    count: int = 0
    refused: int = 0


_CHECKS: Final[ContextVar[_Checks | None]] = ContextVar("checks", default=None)


class TracedSegmenter:
    """A Segmenter with a span ``segment``."""

    def __init__(self, segmenter: Segmenter, tracer: Tracer) -> None:
        self._segmenter, self._tracer = segmenter, tracer

    def segment(self, text: str) -> list[Segment]:
        """As the other one."""
        with span(self._tracer, "segment") as made:
            segments = self._segmenter.segment(text)
            made.set_attribute("mt_repair.segments", len(segments))
            return segments


class TracedLinker:
    """A Linker with a span ``names``."""

    def __init__(self, linker: Linker, tracer: Tracer) -> None:
        self._linker, self._tracer = linker, tracer

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        """As the other one."""
        with span(self._tracer, "names") as made:
            found = self._linker.link(text, segments, entity_hints, deadline)
            made.set_attribute("mt_repair.edits", len(found.edits))
            return found


class TracedGenerator:
    """A Generator with a span ``network``, from the question to the answer: waiting for company is a part of it."""

    def __init__(self, generator: Generator, tracer: Tracer) -> None:
        self.inner, self._tracer = generator, tracer

    @property
    def card(self) -> ModelCard:
        """The other Generator's."""
        return self.inner.card

    def operating_point(self, mode: Mode) -> float:
        """The other Generator's."""
        return self.inner.operating_point(mode)

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """As the other one."""
        with span(self._tracer, "network") as made:
            made.set_attribute("mt_repair.segments", len(tasks))
            return self.inner.generate(tasks)


class TracedVerifier(Verifier):
    """The Verifier, which notes how long its checks of a document took."""

    def check(self, edit: Edit, text: str, sentence: Span, protection: Protection) -> str | None:
        """As without."""
        checks = _CHECKS.get()
        if checks is None:
            return super().check(edit, text, sentence, protection)
        started = time.time_ns()
        reason = super().check(edit, text, sentence, protection)
        checks.last_ns = time.time_ns()
        checks.first_ns = checks.first_ns or started
        checks.busy_ns += checks.last_ns - started
        checks.count += 1
        checks.refused += reason is not None
        return reason


class TracedRepairer:
    """A RepairEngine with a span ``repair`` for each document, and one ``verify`` for all of its checks."""

    def __init__(self, repairer: Repairer, tracer: Tracer) -> None:
        self._repairer, self._tracer = repairer, tracer

    @property
    def generator(self) -> Generator:
        """Who proposes, without its spans."""
        generator = self._repairer.generator
        return generator.inner if isinstance(generator, TracedGenerator) else generator

    @property
    def card(self) -> ModelCard:
        """The model in use."""
        return self._repairer.card

    @property
    def kb_version(self) -> str:
        """Version of the knowledge base."""
        return self._repairer.kb_version

    @property
    def rules(self) -> RuleSet:
        """The rules in use."""
        return self._repairer.rules

    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        """As the repairer."""
        checks = _Checks()
        token = _CHECKS.set(checks)
        try:
            with span(self._tracer, "repair", current().trace) as made:
                made.set_attribute("mt_repair.chars", len(text))
                answer = self._repairer.repair(text, options)
                made.set_attribute("mt_repair.status", answer.status.value)
                made.set_attribute("mt_repair.edits", len(answer.edits))
                if checks.count:
                    self._tell(checks)
                return answer
        finally:
            _CHECKS.reset(token)

    def _tell(self, checks: _Checks) -> None:
        verify = self._tracer.start_span("verify", start_time=checks.first_ns)
        verify.set_attribute("mt_repair.checks", checks.count)
        verify.set_attribute("mt_repair.refused", checks.refused)
        verify.set_attribute("mt_repair.busy_ms", checks.busy_ns / 1e6)
        verify.end(end_time=checks.last_ns)

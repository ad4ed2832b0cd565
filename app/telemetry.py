"""What the service says about itself: log format, metric names, request ids. Never a word of a submitted text."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from app.core.protect import Protection
from app.core.types import DocumentRepair, EditKind, Status

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REQUEST_ID: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9._-]{1,64}", re.ASCII)
_LABEL: Final = re.compile(r"[a-z][a-z0-9_:]{0,39}", re.ASCII)
_MOST_REASONS: Final = 64
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def new_id() -> str:
    """A fresh ULID: 26 characters that sort by the time they were made, to the millisecond."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def request_id_of(header: str | None) -> str:
    """The caller's request id if it looks like one, otherwise a fresh ULID.

    An id has at most 64 letters, digits, dots, dashes and underscores, one digit at least. The last condition keeps
    plain words out of the logs: an id comes from a generator.
    """
    if header is not None and _REQUEST_ID.fullmatch(header):
        return header
    return new_id()


def describe_error(error: BaseException) -> dict[str, Any]:
    """What may be logged about an unexpected error: its type and the places it passed, innermost last.

    The message stays out, since it may quote the input; so do the values of variables.
    """
    frames = traceback.extract_tb(error.__traceback__, limit=-12)
    places = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "at": places}


# --- logs ---


def _without_message(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace exception information by what may be logged about it."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error: BaseException | None = info[1] if isinstance(info, tuple) else info if info else None
    if isinstance(error, BaseException):
        event.update(describe_error(error))
    event.pop("exc_text", None)
    event.pop("stack_info", None)
    return event


def _to_json(_logger: Any, _name: str, event: structlog.typing.EventDict) -> str:
    return orjson.dumps(event, default=lambda value: type(value).__name__).decode()


def configure_logging(level: str = "info", stream: TextIO | None = None) -> None:
    """Make every logger of the process write one JSON object a line.

    Args:
        level: Least level written: debug, info, warning or error. Libraries write warnings and above only.
        stream: Where to; standard error when not given.

    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_message,
    ]
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _to_json],
        )
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(number, logging.WARNING))
    for name in ("app", "uvicorn"):
        logging.getLogger(name).setLevel(number)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    # uvicorn's own access line holds the path and the query as they were sent.
    logging.getLogger("uvicorn.access").disabled = True
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event name and fields: ``log.info("request", status=200)``."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


# --- metrics ---


class _Reasons:
    """Keeps a label bounded: the first 64 stable words pass, anything else is ``other``."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def bound(self, reason: str) -> str:
        if reason in self._seen:
            return reason
        if len(self._seen) < _MOST_REASONS and _LABEL.fullmatch(reason):
            self._seen.add(reason)
            return reason
        return "other"


class Metrics:
    """The service's counters, in a registry of their own so that two services in one process do not mix.

    Labels are bounded: route templates, methods, status classes, and words from the product's own vocabulary.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        with suppress(Exception):  # no /proc on this system: the service does without
            ProcessCollector(registry=self.registry)
        self._reasons = _Reasons()
        on = self.registry
        self._requests = Counter(
            "mt_repair_requests", "HTTP requests answered.", ["route", "method", "status"], registry=on
        )
        self._request_seconds = Histogram(
            "mt_repair_request_seconds", "Time from request to answer, in seconds.", ["route"], registry=on
        )
        self._problems = Counter("mt_repair_problems", "Errors answered, by problem type.", ["problem"], registry=on)
        self._characters = Counter("mt_repair_characters", "Code points repaired.", registry=on)
        self._documents = Counter("mt_repair_documents", "Documents repaired, by status.", ["status"], registry=on)
        self._sentences = Counter("mt_repair_sentences", "Sentences, by status.", ["status"], registry=on)
        self._edits = Counter("mt_repair_edits", "Edits made, by kind and origin.", ["kind", "origin"], registry=on)
        self._rejected = Counter("mt_repair_rejected_edits", "Edits that a check refused.", ["reason"], registry=on)
        self._abstained = Counter("mt_repair_abstentions", "Sentences left alone on purpose.", ["reason"], registry=on)
        self._violations = Counter(
            "mt_repair_protected_violations", "Edits made inside protected text; must stay 0.", registry=on
        )
        self._misses = Counter("mt_repair_glossary_misses", "Glossary terms met and not applied.", registry=on)
        self._queue_seconds = Histogram(
            "mt_repair_queue_seconds", "Time a request waited for a thread, in seconds.", registry=on
        )
        self._repair_seconds = Histogram("mt_repair_repair_seconds", "Time to repair one document.", registry=on)
        self._batch_sentences = Histogram(
            "mt_repair_batch_sentences", "Sentences that went through the network together.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256), registry=on,
        )  # fmt: skip
        self._batch_wait_seconds = Histogram(
            "mt_repair_batch_wait_seconds", "Time the oldest sentence of a batch waited, in seconds.", registry=on
        )
        self._decode_seconds = Histogram("mt_repair_decode_seconds", "Time of one batch in the network.", registry=on)
        self._tokens = Counter(
            "mt_repair_tokens", "Tokens through the network, about four characters each.", registry=on
        )
        self._cache = Counter(
            "mt_repair_cached_sentences", "Sentences asked of the memory of proposals.", ["found"], registry=on
        )
        self._processes = Gauge("mt_repair_engine_processes", "Processes that can repair.", registry=on)
        self._restarts = Counter(
            "mt_repair_engine_restarts", "Processes that ended and were started again.", registry=on
        )
        self._kb_age = Gauge(
            "mt_repair_kb_age_seconds", "Time since the knowledge base in use was put in its place.", registry=on
        )
        self._waiting = Gauge("mt_repair_waiting_requests", "Requests that wait for a thread.", registry=on)
        self._waiting_tokens = Gauge("mt_repair_waiting_tokens", "Tokens of the requests that wait.", registry=on)
        self._is_ready = Gauge("mt_repair_ready", "1 once a real repair has passed, else 0.", registry=on)
        self._info = Gauge("mt_repair_info", "Always 1; what is loaded.", ["version", "model", "kb"], registry=on)

    def observe_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request; ``route`` is the template, never the path."""
        bounded = method if method in METHODS else "OTHER"
        self._requests.labels(route, bounded, f"{status // 100}xx").inc()
        self._request_seconds.labels(route).observe(seconds)

    def observe_problem(self, problem: str) -> None:
        """Count one error answer; ``problem`` is the slug of its type."""
        self._problems.labels(problem).inc()

    def observe_repair(self, repair: DocumentRepair, queue_s: float, repair_s: float) -> None:
        """Count what became of one document."""
        self._characters.inc(len(repair.source))
        self._documents.labels(repair.status.value).inc()
        self._queue_seconds.observe(queue_s)
        self._repair_seconds.observe(repair_s)
        for segment in repair.segments:
            self._sentences.labels(segment.status.value).inc()
            if segment.status is Status.ABSTAINED:
                self._abstained.labels(self._reasons.bound(segment.reason)).inc()
        for edit in repair.edits:
            self._edits.labels(edit.kind.value, edit.origin.value).inc()
        for rejected in repair.rejected:
            self._rejected.labels(self._reasons.bound(rejected.reason)).inc()
        for use in repair.glossary:
            self._misses.inc(use.not_applied)
        if repair.text != repair.source:
            self._violations.inc(count_violations(repair))

    def observe_batch(self, sentences: int, tokens: int, waited_s: float, spent_s: float) -> None:
        """Count one batch of the network."""
        self._batch_sentences.observe(sentences)
        self._batch_wait_seconds.observe(waited_s)
        self._decode_seconds.observe(spent_s)
        self._tokens.inc(tokens)

    def observe_cache(self, asked: int, remembered: int) -> None:
        """Count sentences that the memory of proposals had, and those that it had not."""
        self._cache.labels("yes").inc(remembered)
        self._cache.labels("no").inc(asked - remembered)

    def watch_processes(self, ready: Callable[[], int]) -> None:
        """Ask for the engine processes whenever the metrics are read."""
        self._processes.set_function(ready)

    def observe_restart(self) -> None:
        """Count a process that ended and is started again."""
        self._restarts.inc()

    def watch_kb(self, age_s: Callable[[], float]) -> None:
        """Ask for the age of the knowledge base whenever the metrics are read, in seconds."""
        self._kb_age.set_function(age_s)

    def watch_queue(self, requests: Callable[[], int], tokens: Callable[[], int]) -> None:
        """Ask for the length of the queue whenever the metrics are read."""
        self._waiting.set_function(requests)
        self._waiting_tokens.set_function(tokens)

    def set_ready(self, version: str, model: str, kb: str) -> None:
        """Say what is loaded, once a repair has passed; what was loaded before is not shown any more."""
        self._info.clear()
        self._info.labels(version, model, kb).set(1)
        self._is_ready.set(1)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


def count_violations(repair: DocumentRepair) -> int:
    """Edits that change protected text: 0 after the guard, whatever came in.

    Furniture that the caller wants removed goes with its links and dates.
    """
    protection = Protection(repair.source, repair.protected)
    return sum(
        edit.kind is not EditKind.FURNITURE and protection.violated_by(edit.span, edit.text) is not None
        for edit in repair.edits
    )

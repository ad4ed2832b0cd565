"""What the routes are handed: the one service object of an application."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from app import __version__
from app.api.errors import ProblemError
from app.api.schemas import KnowledgeBaseBody, ModelBody
from app.core.types import RepairOptions
from app.serving.admission import CHARS_PER_TOKEN, Admission, OverloadedError
from app.serving.engine import RepairEngine
from app.serving.lanes import AbandonedError, Lane, Ticket, working_for
from app.serving.processes import MOST_LOSSES, SAMPLE, EngineProcesses, LostError
from app.settings import Settings
from app.telemetry import Metrics

_Result = TypeVar("_Result")
_RETRY_AFTER_S = "1"
_RETRY_S: Final = 1.0
_LATER: Final = ("queue-full", "model-not-ready", "deadline")  # others are served first


class Service:
    """One application's repairer, threads and counters.

    Args:
        settings: Limits and the number of threads.
        metrics: Where repairs are counted.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings, self.metrics = settings, metrics
        self.processes: EngineProcesses | None = None  # where repairs run outside of this process
        self._engine: RepairEngine | None = None
        self._limiter = anyio.CapacityLimiter(settings.concurrent_repairs)
        self._admission = Admission(
            slots=settings.concurrent_repairs,
            waiting=settings.waiting_repairs,
            waiting_tokens=settings.waiting_tokens,
        )
        metrics.watch_queue(lambda: self._admission.waiting, lambda: self._admission.waiting_tokens)

    @property
    def is_ready(self) -> bool:
        """Whether a real repair has passed; it stays so while a process that ended is started again."""
        return self._engine is not None

    @property
    def waiting(self) -> int:
        """Requests that wait for a thread."""
        return self._admission.waiting

    @property
    def working(self) -> int:
        """Requests at work."""
        return self._admission.working

    def warm_up(self, engine: RepairEngine) -> None:
        """Send a sample through ``engine``, and serve with it from then on.

        Raises:
            RepairError: The sample does not pass; the service stays not ready.
        """
        if isinstance(engine, EngineProcesses):
            self.processes = engine
            engine.watch(self.metrics.observe_batch, self.metrics.observe_cache, self.metrics.observe_restart)
            self.metrics.watch_processes(lambda: engine.ready)
        engine.repair(SAMPLE, RepairOptions())
        self._engine = engine
        self.tell_loaded()

    def tell_loaded(self) -> None:
        """Tell the counters which model and knowledge base are in use."""
        if (engine := self._engine) is not None:
            self.metrics.set_ready(__version__, f"{engine.card.name}@{engine.card.version}", engine.kb_version)

    def engine(self) -> RepairEngine:
        """The repairer.

        Raises:
            ProblemError: ``model-not-ready``.
        """
        if self._engine is None or (self.processes is not None and not self.processes.ready):
            raise ProblemError(
                "model-not-ready",
                "The model is being loaded; ask /readyz and try again.",
                headers={"Retry-After": _RETRY_AFTER_S},
            )
        return self._engine

    def model(self) -> ModelBody:
        """Name, version and checksum of the model.

        Raises:
            ProblemError: ``model-not-ready``.
        """
        card = self.engine().card
        return ModelBody(name=card.name, version=card.version, sha256=card.sha256)

    def knowledge_base(self) -> KnowledgeBaseBody:
        """The knowledge base's version.

        Raises:
            ProblemError: ``model-not-ready``.
        """
        return KnowledgeBaseBody(version=self.engine().kb_version)

    def check_room(self, chars: int, latency_s: float | None, lane: Lane = Lane.INTERACTIVE) -> None:
        """Refuse at once what would be refused in a moment: for answers that begin before the work does.

        Raises:
            ProblemError: ``queue-full``.
        """
        limit_s = min(latency_s or self.settings.request_timeout_s, self.settings.request_timeout_s)
        try:
            self._admission.check(lane, chars // CHARS_PER_TOKEN, limit_s)
        except OverloadedError as exc:
            raise _overloaded(exc) from exc

    async def in_thread(
        self,
        work: Callable[[float], _Result],
        *,
        lane: Lane = Lane.INTERACTIVE,
        chars: int = 0,
        latency_s: float | None = None,
        request: Request | None = None,
    ) -> _Result:
        """Run ``work`` beside the event loop; it is told how long it waited, in seconds.

        Args:
            work: What to do.
            lane: Whether a person waits for it or a program.
            chars: How much text it is about: what the queue is measured in.
            latency_s: How long the caller can wait; the time limit of a request by default.
            request: Whose; if its caller hangs up, it gives up its place and its sentences in the queue.

        Raises:
            ProblemError: ``queue-full``, at once, where the queue is full or the caller would wait too long;
                ``deadline`` where the whole time went by in the queue.
        """
        asked = time.monotonic()
        limit_s = min(latency_s or self.settings.request_timeout_s, self.settings.request_timeout_s)
        ticket = Ticket(lane, asked + limit_s, observe=self.metrics.observe_batch, trace=_trace_of(request))

        def run() -> _Result:
            waited = time.monotonic() - asked
            if waited > self.settings.request_timeout_s:
                raise ProblemError("deadline", "The request waited for its whole time; try again later.")
            ticket.check()
            with working_for(ticket):
                return work(waited)

        results: list[_Result] = []
        error: BaseException | None = None
        async with anyio.create_task_group() as tasks:
            if request is not None:
                tasks.start_soon(_watch, request, ticket, tasks.cancel_scope)
            try:
                turn = await self._admission.enter(lane, chars // CHARS_PER_TOKEN, limit_s)
                try:
                    results.append(await anyio.to_thread.run_sync(run, limiter=self._limiter))
                finally:
                    self._admission.leave(turn, is_done=bool(results))
            except (Exception, AbandonedError) as exc:  # raised below, outside of the group that would wrap it
                error = exc
            tasks.cancel_scope.cancel()
        if ticket.abandoned.is_set() and not results:
            raise ProblemError("bad-request", "The caller hung up.") from error
        if isinstance(error, OverloadedError):
            raise _overloaded(error) from error
        if error is not None:
            raise error
        return results[0]

    async def in_turn(
        self,
        work: Callable[[float], _Result],
        *,
        lane: Lane,
        chars: int,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> _Result:
        """Run ``work`` as ``in_thread`` does, however long it has to wait: what is served before it, is.

        Args:
            work: What to do.
            lane: Whether a person waits for it or a program.
            chars: How much text it is about.
            is_wanted: Asked in a thread before each further try: what nobody wants any more ends no second process.

        Raises:
            AbandonedError: Nobody wants it any more.
            LostError: It was at work in several processes when they ended.
            ProblemError: As ``work`` raises it.
        """
        losses = 0
        while True:
            try:
                return await self.in_thread(work, lane=lane, chars=chars)
            except ProblemError as exc:
                if exc.kind.slug not in _LATER:
                    raise
            except LostError:
                losses += 1
                if losses == MOST_LOSSES:
                    raise
            await anyio.sleep(_RETRY_S)
            if not await anyio.to_thread.run_sync(is_wanted):
                raise AbandonedError


def _overloaded(error: OverloadedError) -> ProblemError:
    detail = "Too much is waiting" if error.is_full else "It would take longer than you can wait"
    return ProblemError("queue-full", f"{detail}; try again.", headers={"Retry-After": str(error.retry_after_s)})


def _trace_of(request: Request | None) -> str:
    """The trace that a request belongs to, as the telemetry middleware noted it."""
    return str(request.scope.get("state", {}).get("trace", "")) if request is not None else ""


async def _watch(request: Request, ticket: Ticket, scope: anyio.CancelScope) -> None:
    """Give the request up once its caller has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    ticket.abandoned.set()
    scope.cancel()


def get_service(request: Request) -> Service:
    """The service of the application that answers ``request``."""
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(get_service)]

"""Worker processes under supervision: one that dies or hangs loses its unit to another try, never the run."""

from __future__ import annotations

import heapq
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from app.core.errors import InputError, ResourceError
from app.core.repairer import Repairer
from app.corpus.backlog import Backlog
from app.corpus.manifest import Identity, Job
from app.corpus.worker import Order, serve

_BACK_OFF_S = 0.5
_STARTS = 3  # times that a worker may die while loading before the run gives up


class Listener(Protocol):
    """What the pool tells while it works."""

    def on_ready(self, identity: Identity) -> None: ...

    def on_progress(self, rows: int, chars: int) -> None: ...

    def on_done(self, order: Order, result: dict[str, Any]) -> None: ...

    def on_failed(self, order: Order, reason: str, tries: int) -> None: ...


class OutOfSpaceError(InputError):
    """The output cannot be written any more; what is done stays done."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    lifeline: Connection
    is_ready: bool = False
    order: Order | None = None
    last: Order | None = None
    heard_s: float = field(default_factory=time.monotonic)


class Pool:
    """Runs orders on processes of its own.

    Args:
        workers: How many processes.
        build: Makes the Repairer, once in each process; must be importable there.
        job: What is wanted.
        listener: Told of everything that happens, in this thread.
        max_tries: How often an order is tried before it is given up.
        stall_s: A worker that gives no sign of life for so long is killed.
    """

    def __init__(
        self,
        workers: int,
        build: Callable[[], Repairer],
        job: Job,
        listener: Listener,
        *,
        max_tries: int = 3,
        stall_s: float = 600.0,
    ) -> None:
        self._size, self._build, self._job, self._listener = workers, build, job, listener
        self._max_tries, self._stall_s = max_tries, stall_s
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._waiting = Backlog()
        self._later: list[tuple[float, int, Order]] = []  # to be tried again, and when
        self._tries: dict[int, int] = {}  # by id of the order, which is kept until it is settled
        self._failed_starts = 0
        self._stopping_s: float | None = None
        self._must_forget = False

    def submit(self, order: Order) -> None:
        """Add an order; listeners may do so too."""
        self._waiting.add(order)

    @property
    def is_busy(self) -> bool:
        """Whether anything is left to do."""
        return bool(self._waiting or self._later) or any(w.order is not None for w in self._workers)

    def stop(self, grace_s: float) -> None:
        """Hand out nothing more; give the workers so long to end what they do. A second call ends them at once.

        A signal may call it in the middle of anything, so what waits is forgotten in the next ``step``.
        """
        self._stopping_s = time.monotonic() + (grace_s if self._stopping_s is None else 0.0)
        self._must_forget = True

    @property
    def is_over(self) -> bool:
        """Whether the workers were asked to stop and have had their time."""
        return self._stopping_s is not None and time.monotonic() >= self._stopping_s

    def begin(self) -> None:
        """Let the processes load while the caller does something else."""
        while len(self._workers) < self._size:
            self._spawn()

    def start(self) -> None:
        """Start the processes and wait until one of them is ready.

        Raises:
            ResourceError: The model or the base cannot be loaded.
        """
        self.begin()
        while not any(w.is_ready for w in self._workers) and self._stopping_s is None:
            self.step()

    def run(self) -> None:
        """Work until every order is settled, or the time is over.

        Raises:
            ResourceError: The model or the base cannot be loaded.
            OutOfSpaceError: The disk is full.
        """
        while self.is_busy and not self.is_over:
            self.step()

    def step(self, timeout_s: float = 0.2) -> None:
        """Hand out what waits, then listen for a moment."""
        if self._must_forget:
            self._must_forget = False
            self._waiting.clear()
            self._later.clear()
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._waiting.add(heapq.heappop(self._later)[2])
        for worker in self._workers:
            if worker.is_ready and worker.order is None and self._waiting:
                worker.order = self._waiting.take(worker.last, [w.order for w in self._workers if w.order is not None])
                worker.last = worker.order
                worker.heard_s = now
                try:
                    worker.connection.send(worker.order)
                except OSError:  # it has just died; its sentinel says so below
                    break
        sources: list[Any] = [w.connection for w in self._workers] + [w.process.sentinel for w in self._workers]
        ready = set(wait(sources, timeout_s))
        for worker in list(self._workers):
            if worker.connection in ready:
                self._listen(worker)
            elif worker.process.sentinel in ready:
                worker.process.join()
                self._bury(worker, _cause_of_death(worker.process))
            elif worker.order is not None and time.monotonic() - worker.heard_s > self._stall_s:
                worker.process.kill()
                worker.process.join()
                self._bury(worker, f"no progress for {self._stall_s:.0f} s")

    def close(self) -> None:
        """End every process."""
        for worker in self._workers:
            if worker.order is None and worker.is_ready:
                try:
                    worker.connection.send(None)
                except OSError:
                    worker.process.kill()
            else:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(5.0)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
            worker.connection.close()
            worker.lifeline.close()
        self._workers.clear()

    def _spawn(self) -> None:
        here, there = self._context.Pipe()
        watched, lifeline = self._context.Pipe(duplex=False)
        process = self._context.Process(target=serve, args=(there, watched, self._build, self._job), daemon=True)
        process.start()
        there.close()
        watched.close()
        self._workers.append(_Worker(process, here, lifeline))

    def _listen(self, worker: _Worker) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(5.0)
            self._bury(worker, _cause_of_death(worker.process))
            return
        worker.heard_s = time.monotonic()
        match message:
            case ("ready", identity):
                worker.is_ready = True
                self._failed_starts = 0
                self._listener.on_ready(identity)
            case ("progress", rows, chars):
                self._listener.on_progress(rows, chars)
            case ("done", result) if worker.order is not None:
                order, worker.order = worker.order, None
                self._tries.pop(id(order), None)
                self._listener.on_done(order, result)
            case ("failed", reason, may_retry) if worker.order is not None:
                order, worker.order = worker.order, None
                self._retry(order, reason, may_retry=may_retry)
            case ("full", reason):
                raise OutOfSpaceError(reason)
            case ("broken", reason):
                raise ResourceError(reason)

    def _bury(self, worker: _Worker, cause: str) -> None:
        self._workers.remove(worker)
        worker.process.kill()  # it may have closed its side and still be on its way out
        worker.process.join()
        worker.connection.close()
        worker.lifeline.close()
        worker.process.close()
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise ResourceError(f"worker processes end while loading ({cause}): is there enough memory for them?")
        if worker.order is not None:
            self._retry(worker.order, f"the worker process ended: {cause}", may_retry=True)
        if self._stopping_s is None:
            self._spawn()

    def _retry(self, order: Order, reason: str, *, may_retry: bool) -> None:
        tries = self._tries.get(id(order), 0) + 1
        if may_retry and tries < self._max_tries and self._stopping_s is None:
            self._tries[id(order)] = tries
            heapq.heappush(self._later, (time.monotonic() + _BACK_OFF_S * 2 ** (tries - 1), id(order), order))
            return
        self._tries.pop(id(order), None)
        self._listener.on_failed(order, reason, tries)


def _cause_of_death(process: BaseProcess) -> str:
    code = process.exitcode
    if code is not None and code < 0:
        return f"killed by signal {-code}" + (" (out of memory?)" if code == -9 else "")
    return f"exit code {code}"

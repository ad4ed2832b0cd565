"""Engines in processes of their own: repairs hold up neither the event loop nor each other, and a crash is one's own.

The service's process has the event loop, the queue, the jobs and the counters; each engine process has one network,
and maps the knowledge base from the disk, which all of them share. What is accepted is repaired by the process with
the least to do. One that ends is started again, and what it was at work on fails with an error worth a second try.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import logging
import multiprocessing
import os
import pickle
import signal
import struct
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Final

from app.core.errors import RepairError, ResourceError
from app.core.protocols import ModelCard, RuleSet
from app.core.types import DocumentRepair, RepairOptions
from app.serving.engine import Remembering, RepairEngine
from app.serving.lanes import AbandonedError, Lane, Observer, Ticket, current, working_for

_POLL_S: Final = 0.05  # how soon a waiting thread sees that its request was abandoned
_HUNG_S: Final = 60.0  # past the end of a request's time: a process that is still silent is ended
_BACKOFF_S: Final = (0.5, 30.0)  # between two starts that fail: at first, at most
_STOP_S: Final = 8.0  # with the longest request, less than a supervisor waits for
_CONTROL: Final = -1  # a message that answers no call
_HEADER: Final = struct.Struct("<q")
_NICENESS: Final = 5  # so that the process that answers and refuses is served before those that compute
MOST_LOSSES: Final = 3  # times that one text may be at work in a process that ends; then it is left alone
# Warms every step: a rule, a name and the network have something to look at.
SAMPLE: Final = "The the minister of the foreign affairs has said that he goes to Berlin on 3 May .\n"

BuildEngine = Callable[[], RepairEngine]
CacheObserver = Callable[[int, int], None]
"""Told what a memory of proposals was asked for, and what of it it had, since it was told last."""


class LostError(RepairError):
    """The process that worked on a document ended, or none is there: asked again, another one answers."""


class BrokenEngineError(Exception):
    """A slip of ours in an engine process: the type and the places of the error, nothing of its message."""


# --- what is sent ---


@dataclass(frozen=True, slots=True)
class _Ask:
    number: int
    text: str
    options: RepairOptions | None
    lane: Lane
    left_s: float
    trace: str


@dataclass(frozen=True, slots=True)
class _Drop:
    """Nobody waits for this answer any more."""

    number: int


@dataclass(frozen=True, slots=True)
class _Stop:
    """Finish what was asked, then end."""


@dataclass(frozen=True, slots=True)
class _Ready:
    card: ModelCard
    kb_version: str


@dataclass(frozen=True, slots=True)
class _Failed:
    """The engine cannot be built; the message is for whoever starts the service."""

    message: str


@dataclass(frozen=True, slots=True)
class _Batch:
    sentences: int
    tokens: int
    waited_s: float
    spent_s: float


@dataclass(frozen=True, slots=True)
class _Cache:
    asked: int
    remembered: int


# --- an engine process ---


class _Sender:
    """Sends messages of several threads, each whole; to a process that is gone it sends nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()

    def send(self, number: int, message: object) -> bool:
        """Whether it could be sent."""
        data = _HEADER.pack(number) + pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        try:
            with self._lock:
                self._connection.send_bytes(data)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the connection, once nobody is sending."""
        with self._lock:
            self._connection.close()


def _serve(build: BuildEngine, threads: int, connection: Connection) -> None:
    """The life of an engine process: it ends when it is told to, or when the service is gone."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # sent to the whole group; what was accepted is finished first
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):  # not on every system
        os.nice(_NICENESS)
    sender = _Sender(connection)
    try:
        engine = build()
        engine.repair(SAMPLE, RepairOptions())
    except RepairError as exc:
        sender.send(_CONTROL, _Failed(str(exc)))
        return
    except Exception as exc:
        sender.send(_CONTROL, _Failed(_describe(exc)))
        return
    gc.collect()
    gc.freeze()  # what was loaded stays; looking through it again and again would hold up every repair
    sender.send(_CONTROL, _Ready(engine.card, engine.kb_version))
    _Worker(engine, sender).run(connection, threads)


class _Worker:
    """Repairs what it is sent, several documents at a time."""

    def __init__(self, engine: RepairEngine, sender: _Sender) -> None:
        self._engine, self._sender = engine, sender
        self._tickets: dict[int, Ticket] = {}
        generator = getattr(engine, "generator", None)
        self._cache = generator if isinstance(generator, Remembering) else None
        self._told = (0, 0) if self._cache is None else (self._cache.asked, self._cache.remembered)
        self._lock = threading.Lock()

    def run(self, connection: Connection, threads: int) -> None:
        with ThreadPoolExecutor(threads, "repair") as pool:
            while True:
                try:
                    message = pickle.loads(connection.recv_bytes()[_HEADER.size :])
                except (EOFError, OSError):  # nobody is there to answer to
                    os._exit(0)
                match message:
                    case _Ask():
                        ticket = Ticket(
                            message.lane, time.monotonic() + message.left_s,
                            observe=self._tell_batch, trace=message.trace,
                        )  # fmt: skip
                        self._tickets[message.number] = ticket
                        pool.submit(self._repair, message, ticket)
                    case _Drop() if (dropped := self._tickets.get(message.number)) is not None:
                        dropped.abandoned.set()
                    case _Stop():
                        return

    def _repair(self, ask: _Ask, ticket: Ticket) -> None:
        answer: DocumentRepair | Exception
        try:
            ticket.check()
            with working_for(ticket):
                answer = self._engine.repair(ask.text, ask.options)
        except AbandonedError:
            return
        except RepairError as exc:
            answer = exc
        except Exception as exc:
            answer = BrokenEngineError(_describe(exc))
        finally:
            self._tickets.pop(ask.number, None)
        self._sender.send(ask.number, answer)
        self._tell_cache()

    def _tell_batch(self, sentences: int, tokens: int, waited_s: float, spent_s: float) -> None:
        self._sender.send(_CONTROL, _Batch(sentences, tokens, waited_s, spent_s))

    def _tell_cache(self) -> None:
        if self._cache is None:
            return
        with self._lock:
            asked, remembered = self._cache.asked, self._cache.remembered
            told, self._told = self._told, (asked, remembered)
        if asked > told[0]:
            self._sender.send(_CONTROL, _Cache(asked - told[0], remembered - told[1]))


def _describe(error: BaseException) -> str:
    """Type and places of an error; its message may quote the text."""
    frames = traceback.extract_tb(error.__traceback__, limit=-12)
    places = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno}" for frame in frames]
    return " < ".join((type(error).__name__, *reversed(places)))


# --- the service's side ---


@dataclass(slots=True)
class _Call:
    """One document under way."""

    done: threading.Event = field(default_factory=threading.Event)
    answer: bytes | None = None  # none where the process ended


class _Slot:
    """One engine process, started again where it ends, and the thread that listens to it."""

    def __init__(self, pool: EngineProcesses, name: str) -> None:
        self._pool, self._name = pool, name
        self.settled = threading.Event()  # ready, or it cannot be
        self.ready: _Ready | None = None
        self.failure = ""
        self.pending: dict[int, _Call] = {}
        self.process: multiprocessing.process.BaseProcess | None = None
        self._sender: _Sender | None = None
        self._is_retired = threading.Event()
        self._taking = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_retired(self) -> bool:
        return self._is_retired.is_set()

    def send(self, message: object) -> bool:
        """Whether there is a process to send it to."""
        sender = self._sender
        return sender is not None and sender.send(_CONTROL, message)

    def ask(self, ask: _Ask) -> bool:
        """Whether there is a process that has the document now: not one that is gone, or told to end."""
        with self._taking:
            return not self.is_retired and self.send(ask)

    def retire(self) -> None:
        """Let it finish what it has, and end."""
        with self._taking:  # so that nothing is asked behind the order to stop
            self._is_retired.set()
        self.send(_Stop())

    def join(self, timeout_s: float) -> None:
        """Wait for its end; one that does not come to it is killed."""
        self._thread.join(timeout_s)
        if self._thread.is_alive() and self.process is not None:
            self.process.kill()
            self._thread.join()

    def _run(self) -> None:
        pause_s, most_s = _BACKOFF_S
        while not self.is_retired:
            was_ready = self._live()
            if not was_ready and not self._pool.has_started:
                return  # whoever starts the service is told why
            if self.is_retired or (self.failure and not self._pool.has(self)):
                return
            self._pool.tell_restart()
            logging.getLogger(__name__).warning("engine-process-ended")
            if was_ready:
                pause_s = _BACKOFF_S[0]
                continue
            self._is_retired.wait(pause_s)
            pause_s = min(most_s, 2 * pause_s)

    def _live(self) -> bool:
        """Start a process and listen to it until it ends; whether it was ever ready."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(self._pool.build, self._pool.threads, theirs), name=self._name, daemon=True
        )
        process.start()
        theirs.close()
        self.process = process
        self._sender = _Sender(ours)
        was_ready = False
        try:
            while True:
                data = ours.recv_bytes()
                (number,) = _HEADER.unpack_from(data)
                if number == _CONTROL:
                    was_ready |= self._hear(pickle.loads(data[_HEADER.size :]))
                elif (call := self._take(number)) is not None:
                    call.answer = data[_HEADER.size :]
                    call.done.set()
        except (EOFError, OSError):
            pass
        self._end()
        process.join()
        return was_ready

    def _hear(self, message: object) -> bool:
        match message:
            case _Ready():
                self.ready = message
                self.settled.set()
                if self.is_retired:  # in the meantime
                    self.send(_Stop())
                return True
            case _Failed():
                self.failure = message.message
            case _Batch():
                self._pool.tell_batch(message)
            case _Cache():
                self._pool.tell_cache(message)
        return False

    def _take(self, number: int) -> _Call | None:
        with self._pool.lock:
            return self.pending.pop(number, None)

    def _end(self) -> None:
        with self._pool.lock:
            sender, self.ready, self._sender = self._sender, None, None
            lost = list(self.pending.values())
            self.pending.clear()
        if sender is not None:
            sender.close()
        for call in lost:
            call.done.set()
        self.settled.set()


class EngineProcesses:
    """A RepairEngine whose documents are repaired in processes of their own.

    Args:
        build: Makes the engine, in each process anew; can be pickled.
        rules: The rules in use, for those who list them.
        count: How many processes.
        threads: Documents that one process repairs at a time.
    """

    def __init__(self, build: BuildEngine, rules: RuleSet, *, count: int, threads: int) -> None:
        self.build, self.rules, self.threads = build, rules, threads
        self.lock = threading.Lock()
        self.has_started = False
        self._count = count
        self._slots: list[_Slot] = []
        self._numbers = itertools.count()
        self._reloading = threading.Lock()
        self._observe_batch: Observer | None = None
        self._observe_cache: CacheObserver | None = None
        self._observe_restart: Callable[[], None] | None = None
        self._loaded = _Ready(ModelCard("", "", ""), "")

    def start(self) -> None:
        """Start the processes and wait until each can repair.

        Raises:
            ResourceError: An engine cannot be built; the message names the remedy.
        """
        atexit.register(self.close)  # before multiprocessing waits for its children
        try:
            self._slots = self._started(self._count)
        except ResourceError:
            self.close()
            raise
        self.has_started = True

    def close(self) -> None:
        """Finish what is under way, and end the processes."""
        atexit.unregister(self.close)
        with self.lock:
            slots, self._slots = self._slots, []
        for slot in slots:
            slot.retire()
        for slot in slots:
            slot.join(_STOP_S)

    def reload(self) -> None:
        """Read everything from the disk again: a new process takes the place of each, and no document is lost.

        Raises:
            ResourceError: An engine cannot be built from what is there now; the processes in use go on.
        """
        with self._reloading:
            for old in list(self._slots):
                (new,) = self._started(1)
                with self.lock:
                    if old not in self._slots:  # closed in the meantime
                        new.retire()
                        return
                    self._slots[self._slots.index(old)] = new
                    old.retire()

    def watch(self, batch: Observer, cache: CacheObserver, restart: Callable[[], None]) -> None:
        """Tell of the batches and the memory of all processes, and of each that ends and is started again."""
        self._observe_batch, self._observe_cache, self._observe_restart = batch, cache, restart

    @property
    def card(self) -> ModelCard:
        """The model in use."""
        return self._loaded.card

    @property
    def kb_version(self) -> str:
        """Version of the knowledge base; empty without one."""
        return self._loaded.kb_version

    @property
    def ready(self) -> int:
        """Processes that can repair."""
        return sum(slot.ready is not None for slot in self._slots)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes, by their numbers."""
        return tuple(s.process.pid for s in self._slots if s.process is not None and s.process.pid is not None)

    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        """Repair one document in one of the processes.

        Raises:
            LostError: The process ended before it had an answer, or none is there.
            AbandonedError: Nobody waits for this request any more.
            RepairError: As the engine raises it.
            BrokenEngineError: A slip of ours.
        """
        ticket = current()
        number, call = next(self._numbers), _Call()
        while True:
            slot = self._least_busy(number, call)
            if slot.ask(_Ask(number, text, options, ticket.lane, ticket.left_s(), ticket.trace)):
                break
            if not slot.is_retired:
                call.done.wait(_STOP_S)  # its end is being noticed
                break
            with self.lock:  # a reload came between: another one is there
                slot.pending.pop(number, None)
                call = _Call()
        until = time.monotonic() + ticket.left_s() + _HUNG_S
        while not call.done.wait(_POLL_S):
            if ticket.abandoned.is_set():
                with self.lock:
                    slot.pending.pop(number, None)
                slot.send(_Drop(number))
                raise AbandonedError
            if time.monotonic() > until and slot.process is not None:
                slot.process.kill()
        if call.answer is None:
            raise LostError("the process that repaired this document ended; it has been started again")
        answer = pickle.loads(call.answer)
        if isinstance(answer, BrokenEngineError):
            logging.getLogger(__name__).error("engine-error: %s", answer)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, DocumentRepair)
        return answer

    def _least_busy(self, number: int, call: _Call) -> _Slot:
        """The process with the least to do, with one call more."""
        with self.lock:
            slots = [slot for slot in self._slots if slot.ready is not None]
            if not slots:
                raise LostError("no engine process is there; it is being started")
            slot = min(slots, key=lambda s: len(s.pending))
            slot.pending[number] = call
        return slot

    # --- for the slots ---

    def has(self, slot: _Slot) -> bool:
        """Whether a slot is in use."""
        return slot in self._slots

    def tell_restart(self) -> None:
        """Pass on that a process ended that should not have."""
        if self._observe_restart is not None:
            self._observe_restart()

    def tell_batch(self, batch: _Batch) -> None:
        """Pass on what a process tells of a batch."""
        if self._observe_batch is not None:
            self._observe_batch(batch.sentences, batch.tokens, batch.waited_s, batch.spent_s)

    def tell_cache(self, cache: _Cache) -> None:
        """Pass on what a process tells of its memory."""
        if self._observe_cache is not None:
            self._observe_cache(cache.asked, cache.remembered)

    def _started(self, count: int) -> list[_Slot]:
        slots: Sequence[_Slot] = [_Slot(self, f"engine-{next(self._numbers)}") for _ in range(count)]
        for slot in slots:
            slot.settled.wait()
        failed = next((slot for slot in slots if slot.ready is None), None)
        if failed is not None:
            for slot in slots:
                slot.retire()
                slot.join(_STOP_S)
            raise ResourceError(failed.failure or "the engine process ended while it was starting; see its log")
        assert slots[-1].ready is not None
        self._loaded = slots[-1].ready
        return list(slots)

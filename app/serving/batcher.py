"""A Generator that many threads share: sentences of different requests go through the network together."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.core.errors import GenerationError
from app.core.protocols import GenerationTask, Generator, ModelCard, Proposal
from app.core.types import Mode
from app.serving.lanes import Lane, Ticket, current

_CHARS_PER_TOKEN: Final = 4
_BULK_TURN: Final = 8  # of so many batches one begins with the bulk lane, so that it moves on under any load
_POLL_S: Final = 0.05  # how soon a waiting thread sees that its request was abandoned


def tokens_of(task: GenerationTask) -> int:
    """About how many tokens a task has, without a tokenizer."""
    return 2 + len(task.text) // _CHARS_PER_TOKEN + sum(1 + len(h.text) // _CHARS_PER_TOKEN for h in task.hints)


@dataclass(slots=True)
class _Call:
    """One call of ``generate``: its answers as they come in."""

    ticket: Ticket
    proposals: list[Proposal | None]
    missing: int
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    def put(self, index: int, proposal: Proposal) -> None:
        self.proposals[index] = proposal
        self.missing -= 1
        if not self.missing:
            self.done.set()

    def fail(self, error: BaseException) -> None:
        if self.error is None:
            self.error = error
        self.done.set()

    @property
    def is_over(self) -> bool:
        return self.done.is_set() or self.ticket.abandoned.is_set()


@dataclass(frozen=True, slots=True)
class _Item:
    """One sentence in the queue."""

    call: _Call
    index: int
    task: GenerationTask
    tokens: int
    queued: float


class BatchingGenerator:
    """Collects what several threads ask for, for a few milliseconds, and asks the other Generator once.

    The other Generator answers a task alike in any batch, so the answers are the same as without. The interactive lane
    goes first; a lane moves in the order in which calls came in, and a long call does not hold up the next: calls of a
    lane take turns, sentence by sentence. What belongs to an abandoned request is dropped before it is worked on.

    Args:
        generator: Who proposes; called from one thread.
        batch_tokens: Most tokens of a batch, by ``tokens_of``; a longer task makes a batch of its own.
        window_s: How long a batch waits for company.
    """

    def __init__(self, generator: Generator, *, batch_tokens: int, window_s: float) -> None:
        self._generator, self._batch_tokens, self._window_s = generator, batch_tokens, window_s
        self._lanes: dict[Lane, deque[deque[_Item]]] = {lane: deque() for lane in Lane}
        self._tokens = 0
        self._first_at = 0.0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._turn = 0

    @property
    def card(self) -> ModelCard:
        """The other Generator's."""
        return self._generator.card

    @property
    def waiting_tokens(self) -> int:
        """Tokens in the queue."""
        return self._tokens

    def operating_point(self, mode: Mode) -> float:
        """The other Generator's."""
        return self._generator.operating_point(mode)

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """Propose for every task, in order; blocks until all are there.

        Raises:
            GenerationError: A task cannot be handled; the others of the call are not lost when they are tried alone.
            AbandonedError: Nobody waits for this request any more.
        """
        if not tasks:
            return []
        ticket = current()
        call = _Call(ticket, [None] * len(tasks), len(tasks))
        now = time.monotonic()
        items = deque(_Item(call, i, task, tokens_of(task), now) for i, task in enumerate(tasks))
        with self._changed:
            if self._is_closed:
                raise GenerationError("the service is being stopped")
            self._start()
            if not self._tokens:
                self._first_at = now
            self._lanes[ticket.lane].append(items)
            self._tokens += sum(item.tokens for item in items)
            self._changed.notify_all()
        while not call.done.wait(_POLL_S):
            ticket.check()
        if call.error is not None:
            raise call.error
        return [proposal for proposal in call.proposals if proposal is not None]

    def close(self) -> None:
        """Finish what is queued, and end the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (batch := self._collect()) is not None:
            if batch:
                self._work(batch)

    def _collect(self) -> list[_Item] | None:
        """The next batch; None once the queue is closed and empty."""
        with self._changed:
            while not self._tokens:
                if self._is_closed:
                    return None
                self._changed.wait()
            until = self._first_at + self._window_s
            while self._tokens < self._batch_tokens and not self._is_closed:
                left = until - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._take()

    def _take(self) -> list[_Item]:
        """Take a batch off the queue, a sentence of each call in turn."""
        self._turn = (self._turn + 1) % _BULK_TURN
        order = (Lane.BULK, Lane.INTERACTIVE) if self._turn == 0 else (Lane.INTERACTIVE, Lane.BULK)
        batch: list[_Item] = []
        tokens = longest = 0
        for lane in order:
            calls = self._lanes[lane]
            while calls:
                items = calls.popleft()
                if not items or items[0].call.is_over:
                    self._tokens -= sum(item.tokens for item in items)
                    continue
                longest = max(longest, items[0].tokens)
                if batch and longest * (len(batch) + 1) > self._batch_tokens:  # padded to the longest
                    calls.appendleft(items)
                    return batch
                item = items.popleft()
                batch.append(item)
                tokens += item.tokens
                self._tokens -= item.tokens
                if items:
                    calls.append(items)
        return batch

    def _work(self, batch: Sequence[_Item]) -> None:
        started = time.monotonic()
        waited_s = started - min(item.queued for item in batch)
        self._first_at = started  # what is left in the queue has waited for a window already
        same: dict[GenerationTask, list[_Item]] = {}
        for item in batch:
            same.setdefault(item.task, []).append(item)
        try:
            proposals = self._generator.generate(list(same))
        except GenerationError as error:
            self._work_alone(batch, error)
        except BaseException as error:  # the thread has to outlive it: others wait
            for item in batch:
                item.call.fail(error)
        else:
            for items, proposal in zip(same.values(), proposals, strict=True):
                for item in items:
                    item.call.put(item.index, proposal)
        spent_s = time.monotonic() - started
        if (observe := batch[0].call.ticket.observe) is not None:
            observe(len(batch), sum(item.tokens for item in batch), waited_s, spent_s)

    def _work_alone(self, batch: Sequence[_Item], error: GenerationError) -> None:
        """One task failed: find out whose, so that no other request suffers."""
        if len({id(item.call) for item in batch}) == 1:  # that request's own business; it tries them one by one
            batch[0].call.fail(error)
            return
        for item in batch:
            if item.call.is_over:
                continue
            try:
                (proposal,) = self._generator.generate([item.task])
            except BaseException as alone:
                item.call.fail(alone)
            else:
                item.call.put(item.index, proposal)

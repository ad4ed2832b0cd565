"""Who may come in: a bounded queue in front of the threads, measured in tokens, with two lanes."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio

from app.serving.lanes import Lane

_BULK_TURN: Final = 8  # of so many turns that are given one is the bulk lane's, whatever waits
_SMOOTHING: Final = 0.2
CHARS_PER_TOKEN: Final = 4


class OverloadedError(Exception):
    """A request cannot be served in its time, or the queue is full.

    Args:
        retry_after_s: When it could be.
        is_full: Whether the queue is full; otherwise the request would wait too long.
    """

    def __init__(self, retry_after_s: int, *, is_full: bool) -> None:
        super().__init__("overloaded")
        self.retry_after_s, self.is_full = retry_after_s, is_full


@dataclass(eq=False, slots=True)
class _Turn:
    """A request that waits or is at work."""

    lane: Lane
    tokens: int
    given: anyio.Event = field(default_factory=anyio.Event)
    started: float = 0.0


class Admission:
    """Gives turns: at most ``slots`` at once, the interactive lane first, and refuses what it cannot serve in time.

    Bulk work leaves one slot free where there are several. How long a request would wait is estimated from the tokens
    before it and the rate of late; before anything has been measured nothing is refused for that. One event loop uses
    it.

    Args:
        slots: Requests at work at once.
        waiting: Most requests that wait.
        waiting_tokens: Most tokens that wait.
        clock: Seconds that never go back.
    """

    def __init__(
        self, *, slots: int, waiting: int, waiting_tokens: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slots, self._most, self._most_tokens, self._clock = slots, waiting, waiting_tokens, clock
        self._queues: dict[Lane, deque[_Turn]] = {lane: deque() for lane in Lane}
        self._working: set[_Turn] = set()
        self._given = 0
        self._rate: float | None = None  # tokens a second, all slots together

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return sum(len(queue) for queue in self._queues.values())

    @property
    def waiting_tokens(self) -> int:
        """Tokens of the requests that wait."""
        return sum(turn.tokens for queue in self._queues.values() for turn in queue)

    @property
    def working(self) -> int:
        """Requests at work."""
        return len(self._working)

    def estimate_wait_s(self, lane: Lane) -> float:
        """How long a request of that lane would wait for its turn, in seconds."""
        if self._rate is None or self._may_start(lane):
            return 0.0
        before = sum(t.tokens for other in Lane if other <= lane for t in self._queues[other])
        now = self._clock()
        share = self._rate / max(1, len(self._working))
        under_way = sum(max(0.0, t.tokens - share * (now - t.started)) for t in self._working)
        # With several slots the first to be free takes the next: of what is under way about half has to be done.
        return (before + under_way / (2 if self._slots > 1 else 1)) / self._rate

    def check(self, lane: Lane, tokens: int, latency_s: float) -> None:
        """Say at once whether a request that came now could be served.

        Raises:
            OverloadedError: The queue is full, or the wait would be longer than ``latency_s``.
        """
        wait_s = self.estimate_wait_s(lane)
        if not self._may_start(lane):
            waiting = self.waiting
            is_full = waiting >= self._most or (waiting > 0 and self.waiting_tokens + tokens > self._most_tokens)
            if is_full or wait_s > latency_s:
                over_s = wait_s - latency_s if wait_s > latency_s else wait_s / 2
                raise OverloadedError(min(60, max(1, math.ceil(over_s))), is_full=is_full)

    async def enter(self, lane: Lane, tokens: int, latency_s: float) -> _Turn:
        """Wait for a turn; who is cancelled while waiting gives up the place.

        Raises:
            OverloadedError: At once, where the queue is full or the wait would be longer than ``latency_s``.
        """
        self.check(lane, tokens, latency_s)
        turn = _Turn(lane, tokens)
        self._queues[lane].append(turn)
        self._give()
        try:
            await turn.given.wait()
        except BaseException:
            if turn in self._working:  # given in the same moment
                self._working.discard(turn)
            else:
                self._queues[lane].remove(turn)
            self._give()
            raise
        return turn

    def leave(self, turn: _Turn, *, is_done: bool = True) -> None:
        """Give a turn back; what was done counts for the rate."""
        at_work = len(self._working)
        self._working.discard(turn)
        spent_s = self._clock() - turn.started
        if is_done and turn.tokens and spent_s > 0:
            sample = turn.tokens / spent_s * at_work
            self._rate = sample if self._rate is None else self._rate + _SMOOTHING * (sample - self._rate)
        self._give()

    def _may_start(self, lane: Lane) -> bool:
        """Whether a request of that lane that came now would have its turn at once."""
        if any(self._queues[other] for other in Lane if other <= lane):
            return False
        return len(self._working) < self._slots and (lane is Lane.INTERACTIVE or self._has_room_for_bulk())

    def _has_room_for_bulk(self) -> bool:
        bulk = sum(turn.lane is Lane.BULK for turn in self._working)
        return bulk < max(1, self._slots - 1)

    def _give(self) -> None:
        while len(self._working) < self._slots and (turn := self._next()) is not None:
            turn.started = self._clock()
            self._working.add(turn)
            turn.given.set()

    def _next(self) -> _Turn | None:
        interactive, bulk = self._queues[Lane.INTERACTIVE], self._queues[Lane.BULK]
        may_bulk = bool(bulk) and self._has_room_for_bulk()
        if not interactive and not may_bulk:
            return None
        self._given += 1
        if may_bulk and (not interactive or self._given % _BULK_TURN == 0):
            return bulk.popleft()
        return interactive.popleft()

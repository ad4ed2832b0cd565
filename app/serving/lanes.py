"""What the network has to know of the request that a sentence belongs to: its lane, its time, whether anyone waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final


class Lane(IntEnum):
    """Who goes first."""

    INTERACTIVE = 0  # a person waits
    BULK = 1  # a program does


Observer = Callable[[int, int, float, float], None]
"""Told of each batch: sentences, tokens, seconds that the oldest waited, seconds in the network."""


class AbandonedError(BaseException):
    """Nobody waits for the answer any more. Like a cancellation, it passes whoever handles errors in general."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request under way.

    Attributes:
        lane: Its place in the order.
        deadline: When its time is over, on the clock of ``time.monotonic``.
        abandoned: Set once nobody waits for it.
        observe: Told of the batches that its sentences go in.
        trace: The trace that it belongs to, as ``traceparent`` of W3C Trace Context; empty where nothing is traced.
    """

    lane: Lane = Lane.INTERACTIVE
    deadline: float = float("inf")
    abandoned: threading.Event = field(default_factory=threading.Event)
    observe: Observer | None = None
    trace: str = ""

    def check(self) -> None:
        """Stop here if nobody waits.

        Raises:
            AbandonedError: Nobody does.
        """
        if self.abandoned.is_set():
            raise AbandonedError

    def left_s(self) -> float:
        """The time that is left, in seconds."""
        return max(0.0, self.deadline - time.monotonic())


_CURRENT: Final[ContextVar[Ticket | None]] = ContextVar("ticket", default=None)


def current() -> Ticket:
    """The ticket of the request that this thread works for; outside of any, one of the first lane without end."""
    return _CURRENT.get() or Ticket()


@contextmanager
def working_for(ticket: Ticket) -> Iterator[None]:
    """Work for a request until the block is left."""
    token = _CURRENT.set(ticket)
    try:
        yield
    finally:
        _CURRENT.reset(token)

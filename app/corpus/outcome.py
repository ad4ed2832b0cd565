"""What a run is asked to fail on, and what it ends with."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class FailOn(StrEnum):
    """The least finding that fails a job."""

    NONE = "none"
    CHANGE = "change"  # a sentence was changed, or would be
    LOW = "low"  # a sentence is doubtful after the repair
    ERROR = "error"  # a sentence or a row could not be repaired


class ExitCode(IntEnum):
    """What a run ends with."""

    DONE = 0
    FINDINGS = 1
    FAILURE = 2
    INCOMPLETE = 3  # finished, but some units or rows could not be repaired
    GATE = 4
    INTERRUPTED = 130

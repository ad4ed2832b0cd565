"""What ends a run with an error: findings, harm, drift, a leak."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.intervals import wilson
from app.core.types import Status
from app.corpus.outcome import FailOn
from app.corpus.tally import Tally, changed_share, share

_Z = 2.576  # 99 %: a nightly job may cry wolf once in a hundred nights at most
_LEAST_SENTENCES = 200  # fewer say nothing about a corpus


@dataclass(frozen=True, slots=True)
class Gate:
    """Limits on what a run may do.

    Args:
        max_harm: Most sentences of the control set, which needs no repair, that may be changed, as a share.
        max_changed: Most sentences that may be changed, as a share.
        baseline_changed: The share that an earlier report gives.
        max_drift: Most changes, as a multiple of the baseline's share.
    """

    max_harm: float | None = None
    max_changed: float | None = None
    baseline_changed: float | None = None
    max_drift: float | None = None

    def harm(self, control: Tally) -> str | None:
        """Why the control set forbids the run; ``None`` where it does not."""
        found = changed_share(control)
        if self.max_harm is not None and found > self.max_harm:
            return f"harm: {found:.2%} of the control set's sentences would be changed, the most is {self.max_harm:.2%}"
        return _leak(control)

    def stop(self, tally: Tally) -> str | None:
        """Why a run must not go on; ``None`` where it may.

        A share counts as too high only when chance does not explain it (Wilson's lower bound at 99 %), so that a run
        can be watched from its first units on.
        """
        leak = _leak(tally)
        if leak is not None:
            return leak
        if tally.segments < _LEAST_SENTENCES:
            return None
        changed = tally.status[Status.REPAIRED] + tally.status[Status.PARTIAL]
        now, (least, _) = share(changed, tally.segments), wilson(changed, tally.segments, _Z)
        if self.max_changed is not None and least > self.max_changed:
            return f"drift: {now:.2%} of the sentences changed, the most is {self.max_changed:.2%}"
        if self.max_drift is not None and self.baseline_changed is not None:
            most = self.baseline_changed * self.max_drift
            if least > most:
                return (
                    f"drift: {now:.2%} of the sentences changed, "
                    f"{self.baseline_changed:.2%} in the earlier report, the most is {self.max_drift:g} times that"
                )
        return None


def _leak(tally: Tally) -> str | None:
    return f"{tally.leaks} edits changed protected text; please report it" if tally.leaks else None


def has_findings(tally: Tally, quarantined: int, fail_on: FailOn) -> bool:
    """Whether there is anything at or above the caller's mark."""
    error = bool(tally.status[Status.ERROR] or tally.rows_failed or quarantined)
    if fail_on is FailOn.CHANGE:
        return bool(tally.edits or tally.low) or error
    if fail_on is FailOn.LOW:
        return bool(tally.low) or error
    return error and fail_on is FailOn.ERROR

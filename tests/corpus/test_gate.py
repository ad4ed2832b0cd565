from __future__ import annotations

from collections import Counter

import pytest

from app.core.types import Status
from app.corpus.gate import Gate, has_findings
from app.corpus.outcome import FailOn
from app.corpus.tally import Tally


def tally(changed: int, of: int, *, low: int = 0, leaks: int = 0, rows_failed: int = 0) -> Tally:
    status = Counter({str(Status.REPAIRED): changed, str(Status.UNCHANGED): of - changed})
    return Tally(segments=of, edits=changed, status=status, low=low, leaks=leaks, rows_failed=rows_failed)


def test_drift_is_measured_against_the_earlier_share_and_chance() -> None:
    gate = Gate(baseline_changed=0.1, max_drift=2.0)
    assert gate.stop(tally(100, 199)) is None  # too few to say
    assert gate.stop(tally(60, 250)) is None  # 24 %, but chance may do that
    assert "24.00% of the sentences changed, 10.00% in the earlier report" in (gate.stop(tally(2400, 10_000)) or "")
    assert gate.stop(tally(1900, 10_000)) is None


def test_an_absolute_limit_works_alone() -> None:
    assert "the most is 20.00%" in (Gate(max_changed=0.2).stop(tally(3000, 10_000)) or "")
    assert Gate().stop(tally(10_000, 10_000)) is None


def test_a_leak_stops_any_run() -> None:
    assert "protected text" in (Gate().stop(tally(0, 1, leaks=1)) or "")
    assert "protected text" in (Gate().harm(tally(0, 1, leaks=1)) or "")


@pytest.mark.parametrize(
    ("found", "quarantined", "marks"),
    [
        (tally(0, 5), 0, set()),
        (tally(1, 5), 0, {FailOn.CHANGE}),
        (tally(1, 5, low=1), 0, {FailOn.CHANGE, FailOn.LOW}),
        (tally(0, 5, rows_failed=1), 0, {FailOn.CHANGE, FailOn.LOW, FailOn.ERROR}),
        (tally(0, 5), 1, {FailOn.CHANGE, FailOn.LOW, FailOn.ERROR}),
    ],
)
def test_a_mark_takes_in_what_is_worse(found: Tally, quarantined: int, marks: set[FailOn]) -> None:
    assert {mark for mark in FailOn if has_findings(found, quarantined, mark)} == marks

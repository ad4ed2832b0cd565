from __future__ import annotations

import pytest

from app.core.types import EditKind, Origin
from app.store.records import Judged, Verdict, Why
from app.store.statistics import count, fit_thresholds


def judged(confidence: float, verdict: Verdict, number: int = 1, kind: EditKind = EditKind.GRAMMAR) -> list[Judged]:
    return [Judged(kind, Origin.MODEL, confidence, verdict, Why.UNSAID)] * number


def test_decisions_are_counted_by_kind_and_band() -> None:
    found = count(judged(0.95, Verdict.ACCEPTED, 3) + judged(0.65, Verdict.REJECTED) + judged(0.65, Verdict.REPLACED))
    assert (found.total.decided, found.total.accepted, found.total.replaced, found.total.rejected) == (5, 3, 1, 1)
    assert [(b.name, b.decided) for b in found.bands] == [("0.6 to 0.7", 2), ("0.9 to 1", 3)]


def test_every_confidence_is_in_one_band() -> None:
    for confidence in (0.0, 0.5, 0.9, 1.0):
        assert sum(b.decided for b in count(judged(confidence, Verdict.ACCEPTED)).bands) == 1


def test_kept_promises_have_no_calibration_error() -> None:
    kept = judged(0.75, Verdict.ACCEPTED, 3) + judged(0.75, Verdict.REJECTED)
    assert count(kept).calibration_error == pytest.approx(0.0)
    assert count(judged(0.75, Verdict.REJECTED, 4)).calibration_error == pytest.approx(0.75)


def test_nothing_decided_is_counted_as_nothing() -> None:
    assert count([]).total.decided == 0


def test_the_threshold_is_the_lowest_that_keeps_the_share_accepted() -> None:
    decided = judged(0.9, Verdict.ACCEPTED, 40) + judged(0.7, Verdict.REJECTED, 10) + judged(0.5, Verdict.REJECTED, 10)
    [threshold] = fit_thresholds(decided, precision=0.8)
    assert (threshold.least, threshold.decisions, threshold.precision) == (0.7, 50, 0.8)


def test_what_is_mostly_refused_is_not_proposed_any_more() -> None:
    [threshold] = fit_thresholds(judged(0.9, Verdict.REJECTED, 40), precision=0.8)
    assert threshold.least > 1


def test_few_decisions_fit_nothing() -> None:
    assert fit_thresholds(judged(0.9, Verdict.REJECTED, 29)) == []


def test_kinds_are_fitted_apart() -> None:
    decided = judged(0.9, Verdict.ACCEPTED, 30) + judged(0.9, Verdict.REJECTED, 30, EditKind.NAME)
    assert [t.least > 1 for t in fit_thresholds(decided)] == [False, True]

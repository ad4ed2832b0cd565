from __future__ import annotations

import pytest

from app.core.intervals import wilson


def test_the_interval_of_wilson_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263.
    assert wilson(81, 263, 1.96) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(("found", "of", "low"), [(0, 10, 0.0), (50, 100, 0.3753), (10, 1000, 0.0045)])
def test_its_lower_end_at_99_percent(found: int, of: int, low: float) -> None:
    assert wilson(found, of, 2.576)[0] == pytest.approx(low, abs=5e-5)


def test_the_surer_the_wider() -> None:
    (low, high), (sure_low, sure_high) = wilson(50, 100, 1.96), wilson(50, 100, 2.576)
    assert sure_low < low < high < sure_high


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0, 1.96) == (0.0, 1.0)

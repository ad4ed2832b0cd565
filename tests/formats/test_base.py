from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.formats.base import Cuts, Unit


def cut(sizes: list[int], unit_bytes: int, start: int = 0) -> list[Unit]:
    cuts = Cuts(unit_bytes, start)
    for size in sizes:
        cuts.add(size, 1)
    return list(cuts.units())


@given(st.lists(st.integers(1, 300), max_size=200), st.integers(1, 1000), st.integers(0, 50))
def test_units_hold_every_row_once_in_order(sizes: list[int], unit_bytes: int, start: int) -> None:
    units = cut(sizes, unit_bytes, start)
    ends = [start, *(unit.end for unit in units)]
    assert [unit.start for unit in units] == ends[:-1]
    assert ends[-1] == start + sum(sizes)
    assert [unit.first_row for unit in units] == [1 + sum(u.rows for u in units[:i]) for i in range(len(units))]
    assert all(unit.first_line == unit.first_row and unit.rows > 0 for unit in units)
    assert sum(unit.rows for unit in units) == len(sizes)


def test_units_get_smaller_towards_the_end_of_a_file() -> None:
    sizes = [unit.end - unit.start for unit in cut([10] * 10_000, 8_000)]
    assert sizes[0] == 8_000
    assert sizes[-1] <= 1_000
    assert sorted(sizes, reverse=True) == sizes
    assert len(sizes) < 40


def test_one_long_row_is_one_unit() -> None:
    assert [unit.rows for unit in cut([5, 100_000, 5], 1000)] == [2, 1]

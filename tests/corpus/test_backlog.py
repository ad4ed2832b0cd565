"""Who takes which unit next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.corpus.backlog import Backlog
from app.corpus.manifest import Task
from app.corpus.worker import JoinOrder, Order, UnitOrder
from app.formats.base import FilePlan, Unit
from app.formats.storage import Location, Stamp


def plan(file: str) -> FilePlan:
    return FilePlan(Location(file, file), "jsonl", Stamp(0, ""), "", ())


def units(*sizes: int) -> list[UnitOrder]:
    """The units of files of so many units, numbered through."""
    orders: list[UnitOrder] = []
    for file, size in enumerate(sizes):
        for at in range(size):
            number = len(orders)
            orders.append(UnitOrder(Task(plan(f"file-{file}"), Unit(at, at + 1, at, 1), number, str(number))))
    return orders


def backlog(orders: list[UnitOrder]) -> Backlog:
    waiting = Backlog()
    for order in orders:
        waiting.add(order)
    return waiting


def numbers(orders: list[Order]) -> list[int]:
    return [o.task.number for o in orders if isinstance(o, UnitOrder)]


def share_out(waiting: Backlog, turns: list[int], workers: int) -> list[list[Order]]:
    """What each worker gets when they end their orders in the order of ``turns``, over and over."""
    got: list[list[Order]] = [[] for _ in range(workers)]
    under_way: dict[int, Order] = {}
    at = 0
    while waiting:
        worker = turns[at % len(turns)]
        at += 1
        under_way.pop(worker, None)
        order = waiting.take(got[worker][-1] if got[worker] else None, list(under_way.values()))
        assert order is not None
        got[worker].append(order)
        under_way[worker] = order
    return got


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=5),
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.data(),
)
def test_every_unit_is_taken_once_whoever_ends_when(sizes: list[int], turns: list[int], data: st.DataObject) -> None:
    orders = data.draw(st.permutations(units(*sizes)))
    got = share_out(backlog(orders), turns, 4)
    assert sorted(numbers([o for mine in got for o in mine])) == list(range(sum(sizes)))


def test_two_workers_in_one_file_keep_to_their_halves() -> None:
    first, second = share_out(backlog(units(100)), [0, 1], 2)
    assert numbers(first)[:49] == list(range(49))
    assert numbers(second)[:50] == list(range(50, 100))


def test_workers_of_unlike_speed_seldom_jump() -> None:
    for mine in share_out(backlog(units(400)), [0, 1, 1, 1, 2], 3):
        jumps = sum(b != a + 1 for a, b in zip(numbers(mine), numbers(mine)[1:], strict=False))
        assert jumps < 12


def test_workers_share_a_long_file_before_they_begin_another() -> None:
    first, second = share_out(backlog(units(40, 40)), [0, 1], 2)
    assert numbers(first)[:20] == list(range(20))
    assert numbers(second)[:20] == list(range(20, 40))


def test_another_file_is_begun_before_the_last_units_of_one_are_shared() -> None:
    first, second = share_out(backlog(units(4, 3)), [0, 1], 2)
    assert numbers(first) == [0, 1, 2, 3]
    assert numbers(second) == [4, 5, 6]


def test_units_of_a_shard_are_neighbours_though_their_numbers_are_not() -> None:
    ours = [o for o in units(60) if o.task.number % 3 == 1]
    first, second = share_out(backlog(ours), [0, 1], 2)
    assert numbers(first)[:9] == list(range(1, 28, 3))
    assert numbers(second)[:10] == list(range(31, 60, 3))


def test_files_are_joined_when_no_unit_waits() -> None:
    join = JoinOrder(plan("a"), (), (), "out", "marker")
    waiting = Backlog()
    waiting.add(join)
    for order in units(2):
        waiting.add(order)
    assert [waiting.take(None, ()) for _ in range(4)][2:] == [join, None]


def test_nothing_waits_when_all_is_forgotten() -> None:
    waiting = backlog(units(2))
    waiting.clear()
    assert not waiting
    assert waiting.take(None, ()) is None

"""What waits to be done, and who takes what: workers go on where they are, so that they do not meet at one page."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import pairwise

from app.corpus.worker import Order, UnitOrder


class Backlog:
    """Orders that wait.

    The copies of a page stand near it, and compressed data is read forwards only: a worker takes the unit behind its
    last one, else it goes to the middle of the longest stretch that waits in a file where others are, else it begins
    another file; a short stretch waits until no file does. Whatever is no unit comes after all units, in the order in
    which it was added.
    """

    def __init__(self) -> None:
        self._units: dict[str, list[UnitOrder]] = {}  # by file, in the order of the file; none is empty
        self._others: deque[Order] = deque()

    def __bool__(self) -> bool:
        return bool(self._units or self._others)

    def add(self, order: Order) -> None:
        """Let an order wait; files are begun in the order in which their first unit was added."""
        if isinstance(order, UnitOrder):
            insort(self._units.setdefault(_file(order), []), order, key=_number)
        else:
            self._others.append(order)

    def clear(self) -> None:
        """Forget everything."""
        self._units.clear()
        self._others.clear()

    def take(self, last: Order | None, under_way: Iterable[Order]) -> Order | None:
        """The next order for a worker; ``None`` where nothing waits.

        Args:
            last: What the worker did last.
            under_way: What the other workers are at.
        """
        if not self._units:
            return self._others.popleft() if self._others else None
        taken: dict[str, list[int]] = {}
        for order in under_way:
            if isinstance(order, UnitOrder):
                insort(taken.setdefault(_file(order), []), _number(order))
        file, at = self._behind(last, taken) or self._elsewhere(taken)
        waiting = self._units[file]
        found = waiting.pop(at)
        if not waiting:
            del self._units[file]
        return found

    def _behind(self, last: Order | None, taken: Mapping[str, list[int]]) -> tuple[str, int] | None:
        """The first unit behind the last one, unless somebody is between the two."""
        if not isinstance(last, UnitOrder) or _file(last) not in self._units:
            return None
        waiting, number = self._units[_file(last)], _number(last)
        at = bisect_left(waiting, number, key=_number)
        if at == len(waiting) or any(number < n < _number(waiting[at]) for n in taken.get(_file(last), ())):
            return None
        return _file(last), at

    def _elsewhere(self, taken: Mapping[str, list[int]]) -> tuple[str, int]:
        """The middle of the longest stretch of a file where somebody is, or the beginning of another file."""
        stretches = [
            (end - start, file, (start + end) // 2)
            for file, numbers in taken.items()
            if (waiting := self._units.get(file))
            for start, end in pairwise((0, *(bisect_left(waiting, n, key=_number) for n in numbers), len(waiting)))
        ]
        length, file, at = max(stretches, key=lambda s: s[0], default=(0, "", 0))
        if length < _WORTH_GOING:
            file, at = next(((other, 0) for other in self._units if other not in taken), (file, at))
        return file, at


_WORTH_GOING = 8  # units: compressed data is read from its beginning to get there


def _file(order: UnitOrder) -> str:
    return order.task.plan.location.url


def _number(order: UnitOrder) -> int:
    return order.task.number

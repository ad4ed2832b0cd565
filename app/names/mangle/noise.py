"""How likely a spelling is as damage of another, letter by letter: the mangler's rules turned round."""

from __future__ import annotations

import math
from functools import lru_cache

from app.names.mangle.latin import LONGEST_CHUNK, confusions, fold

_MOST_EDITS = 3
_LONGEST_WORD = 40


def respelling_probability(right: str, wrong: str) -> float:
    """Probability that a machine that damages ``right`` writes ``wrong``, by confusions of letters alone.

    Marks and capitals do not count; words are compared in order. 1.0 where nothing differs, 0.0 where the words differ
    in number or in more than three places a word. Rates are of ``data/confusions.json``.
    """
    a, b = fold(right).lower().replace("-", " ").split(), fold(wrong).lower().replace("-", " ").split()
    if len(a) != len(b):
        return 0.0
    return math.prod(_word(x, y) for x, y in zip(a, b, strict=True))


@lru_cache(maxsize=20_000)
def _word(right: str, wrong: str) -> float:
    if right == wrong:
        return 1.0
    if max(len(right), len(wrong)) > _LONGEST_WORD or abs(len(right) - len(wrong)) > _MOST_EDITS * 2:
        return 0.0
    a, b = f"^{right}$", f"^{wrong}$"
    table = confusions()
    # best[(i, j)][n]: best probability of turning a[:i] into b[:j] with n confusions
    best: dict[tuple[int, int], list[float]] = {(0, 0): [1.0] + [0.0] * _MOST_EDITS}
    for i in range(len(a) + 1):
        for j in range(max(0, i - 6), min(len(b), i + 6) + 1):
            here = best.get((i, j))
            if here is None:
                continue
            if i < len(a) and j < len(b) and a[i] == b[j]:
                _raise(best, (i + 1, j + 1), here, 0, 1.0)
            for length in range(1, min(LONGEST_CHUNK, len(a) - i) + 1):
                for new, rate in table.get(a[i : i + length], ()):
                    if b.startswith(new, j):
                        _raise(best, (i + length, j + len(new)), here, 1, rate)
    return max(best.get((len(a), len(b)), [0.0]))


def _raise(
    best: dict[tuple[int, int], list[float]], at: tuple[int, int], here: list[float], edits: int, rate: float
) -> None:
    there = best.setdefault(at, [0.0] * (_MOST_EDITS + 1))
    for n in range(_MOST_EDITS + 1 - edits):
        there[n + edits] = max(there[n + edits], here[n] * rate)

"""How alike two names in canonical form are: by letters, by sound, and word by word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex
from rapidfuzz.distance import Levenshtein

_LONG = 9  # letters: few names are so long and differ in one


@dataclass(frozen=True, slots=True)
class Pair:
    """A word of the text and the word of the name that it may stand for."""

    found: str
    meant: str
    similarity: float  # 0 to 1

    @property
    def is_same(self) -> bool:
        return self.found == self.meant

    @property
    def is_slight(self) -> bool:
        """Whether one letter is lost or added, by sound too, a long word has another letter, or there is an ending."""
        if self.found.startswith(self.meant) or self.meant.startswith(self.found):
            return True
        distance = Levenshtein.distance(self.found, self.meant)
        if distance == 1 and (len(self.found) != len(self.meant) or len(self.meant) >= _LONG):
            return True
        found, meant = sound(self.found), sound(self.meant)
        return found == meant or (len(found) != len(meant) and Levenshtein.distance(found, meant) == 1)

    @property
    def begins_otherwise(self) -> bool:
        """Whether the two begin with another sound."""
        return sound(self.found)[:1] != sound(self.meant)[:1]


@lru_cache(maxsize=20_000)
def likeness(a: str, b: str) -> float:
    """How alike two canonical forms are: letters, or what is left of the sound."""
    return max(Levenshtein.normalized_similarity(a, b), 0.9 * Levenshtein.normalized_similarity(sound(a), sound(b)))


_LEAST_PAIRED = 0.34


@lru_cache(maxsize=20_000)
def align(found: tuple[str, ...], meant: tuple[str, ...]) -> tuple[tuple[Pair, ...], tuple[str, ...], tuple[str, ...]]:
    """Pair words, the most alike first; the order of words does not matter.

    Returns:
        The pairs in the order of the name, and the words of either side that have no counterpart.
    """
    scored = sorted(
        (-(1.0 if a == b else min(0.99, likeness(a, b))), abs(i - j), i, j)
        for i, a in enumerate(found)
        for j, b in enumerate(meant)
    )
    of_meant: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for negative, _, i, j in scored:
        if j not in of_meant and i not in used and -negative >= _LEAST_PAIRED:
            of_meant[j] = (i, -negative)
            used.add(i)
    pairs = tuple(Pair(found[i], meant[j], s) for j, (i, s) in sorted(of_meant.items()))
    return (
        pairs,
        tuple(w for i, w in enumerate(found) if i not in used),
        tuple(w for j, w in enumerate(meant) if j not in of_meant),
    )


_CLUSTERS = (
    ("tsch", "c"), ("tch", "c"), ("sch", "s"), ("dzh", "j"), ("dž", "j"), ("sh", "s"), ("ch", "c"), ("cz", "c"),
    ("kh", "h"), ("ph", "f"), ("th", "t"), ("gh", "g"), ("zh", "z"), ("ck", "k"), ("qu", "kv"), ("x", "ks"),
    ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ae", "e"), ("yu", "iu"), ("ya", "ia"), ("ye", "e"), ("ie", "e"),
)  # fmt: skip
_LETTERS = str.maketrans({"w": "v", "y": "i", "q": "k", "z": "s", "j": "i"})
_DOUBLED = regex.compile(r"(\p{L})\1+")


@lru_cache(maxsize=50_000)
def sound(text: str) -> str:
    """A rough spelling by sound, the same for rival romanisations of one name; vowels stay."""
    for written, heard in _CLUSTERS:
        text = text.replace(written, heard)
    text = regex.sub(r"c(?=[aouklrt])", "k", text).translate(_LETTERS)
    return _DOUBLED.sub(r"\1", text)

"""How the words around a name speak for one that the base has, by kind: *two kilometres from* stands before places, but
seldom before well-known ones, and who *starred* or *scored* is seldom a minister.

A linear classifier over the words around a name (a bag of them, and those next to it in their places), learned from
clean text: which names there stand in the base, and as what (``scripts/build_surroundings.py``). Only the difference to
names that do not is kept, a number a kind: positive where the words speak for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

import marisa_trie

from app.core.tries import map_file, save_file
from app.core.types import Span
from app.names.store import EntityKind

SURROUNDINGS_FILE = "surroundings.marisa"
KINDS = (EntityKind.PERSON, EntityKind.ORGANISATION, EntityKind.PLACE)
STEP = 1 / 40  # log odds, of a stored weight
_WEIGHTS = "<bbb"
_MOST = 127  # steps
_REACH, _FAR, _NEAR = 260, 25, 8  # letters; words
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_CAPITALISED, _FIGURE = "C", "9"  # stand for all words of their form
_SHORTEST = 3  # letters of a word in a bag


def signs(text: str, name: Span, sentence: Span) -> list[str]:
    """What stands around a name: next to it in order (``l1:in``), near it, farther off, and which names.

    Args:
        text: The document.
        name: In it.
        sentence: Around the name; nothing beyond it, or beyond the line, counts.
    """
    head = text[max(sentence.start, name.start - _REACH) : name.start].rsplit("\n", 1)[-1]
    tail = text[name.end : min(sentence.end, name.end + _REACH)].split("\n", 1)[0]
    before, behind = _words(head)[-_FAR:], _words(tail)[:_FAR]
    names = {w.lower() for w in (*before, *behind) if w[0].isupper() and len(w) >= _SHORTEST}
    left, right = [_form(w) for w in before], [_form(w) for w in behind]
    left_edge, right_edge = ["<s>"] * 3 + left, [*right, "</s>", "</s>", "</s>"]
    near = {*left[-_NEAR:], *right[:_NEAR]}
    found = [f"l{i}:{left_edge[-i]}" for i in (1, 2, 3)]
    found += [f"r{i}:{right_edge[i - 1]}" for i in (1, 2, 3)]
    found += [f"ll:{left_edge[-2]} {left_edge[-1]}", f"rr:{right_edge[0]} {right_edge[1]}"]
    found += [f"n:{w}" for w in near if _counts(w)]
    found += [f"f:{w}" for w in {*left, *right} - near if _counts(w)]
    found += [f"c:{w}" for w in names]
    return found


def _words(text: str) -> list[str]:
    return [w.replace("’", "'") for w in _WORD.findall(text)]


def _form(word: str) -> str:
    if word[0].isupper():
        return _CAPITALISED
    return _FIGURE if word[0].isdigit() else word.lower()


def _counts(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isalpha()


class Surroundings:
    """The weights of all signs.

    Args:
        trie: As ``of`` makes it.
    """

    def __init__(self, trie: marisa_trie.RecordTrie) -> None:
        self._trie = trie

    @classmethod
    def read(cls, path: Path) -> Self:
        """Map the file that ``save`` wrote.

        Raises:
            ResourceError: It is missing or damaged.
        """
        remedy = "run scripts/build_surroundings.py"
        return cls(map_file(marisa_trie.RecordTrie(_WEIGHTS), path, "weights of the words around names", remedy))

    @classmethod
    def of(cls, weights: Mapping[str, Sequence[float]]) -> Self:
        """From log odds a sign, one of each of ``KINDS``; what rounds to nothing is left out."""
        packed = []
        for sign, of_kinds in weights.items():
            steps = tuple(max(-_MOST, min(_MOST, round(w / STEP))) for w in of_kinds)
            if any(steps):
                packed.append((sign, steps))
        return cls(marisa_trie.RecordTrie(_WEIGHTS, packed))

    def __len__(self) -> int:
        return len(self._trie)

    def speak_for(self, text: str, places: Iterable[tuple[Span, Span]]) -> dict[EntityKind, float]:
        """Log odds of each kind of name that the base has, against none, beyond those of any name: the mean of all
        places of a name, each with its sentence."""
        sums, count = [0, 0, 0], 0
        for name, sentence in places:
            count += 1
            for sign in signs(text, name, sentence):
                if found := self._trie.get(sign):
                    for i, steps in enumerate(found[0]):
                        sums[i] += steps
        return {kind: total * STEP / max(1, count) for kind, total in zip(KINDS, sums, strict=True)}

    def save(self, path: Path) -> None:
        """Write the file that ``read`` maps."""
        save_file(self._trie, path)

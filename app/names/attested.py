"""Which words and names edited English text is known to contain: what is attested is seldom a misspelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import marisa_trie

from app.core.tries import map_file, save_file
from app.names.normalise import normalise

FORMAT = "<BB"  # documents with the word capitalised inside a sentence, documents with it in lower case
FILE = "attested.marisa"


def pack(documents: int) -> int:
    """A number of documents in one byte, in eighths of a doubling."""
    return min(255, round(8 * (documents + 1).bit_length())) if documents > 0 else 0


class Attested:
    """Words, and names of several words, with in how many documents of edited text they stand.

    Raises:
        ResourceError: The file is missing or damaged.
    """

    def __init__(self, path: Path | None) -> None:
        self._trie = marisa_trie.RecordTrie(FORMAT)
        if path is not None:
            map_file(self._trie, path, "attested names", "run scripts/fit_linker.py")
        self._look_up = lru_cache(maxsize=50_000)(self._read)

    @classmethod
    def of(cls, counts: Mapping[str, tuple[int, int]]) -> Attested:
        """From counts of documents, capitalised and in lower case."""
        made = cls(None)
        made._trie = build(counts.items())
        return made

    def _read(self, key: str) -> tuple[int, int]:
        found = self._trie.get(key)
        return (found[0][0], found[0][1]) if found else (0, 0)

    def as_name(self, word: str) -> float:
        """How often a word in canonical form stands capitalised, 0 (never seen) to 1 (in a thousand documents)."""
        return min(1.0, self._look_up(word)[0] / 88)

    def as_word(self, word: str) -> float:
        """How often it stands in lower case, in the same measure."""
        return min(1.0, self._look_up(word)[1] / 88)

    def is_name(self, name: str) -> bool:
        """Whether a name of several words is attested as it stands."""
        key = normalise(name)
        return " " in key and self._look_up(key)[0] > 0

    def save(self, path: Path) -> None:
        """Write the file that the constructor reads."""
        save_file(self._trie, path)


def build(counts: Iterable[tuple[str, tuple[int, int]]]) -> marisa_trie.RecordTrie:
    """The trie of counts of documents."""
    return marisa_trie.RecordTrie(FORMAT, [(key, (pack(upper), pack(lower))) for key, (upper, lower) in counts])

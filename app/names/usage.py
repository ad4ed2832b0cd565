"""How often the words of English at large are used: what many write is a name that no base has, not a damaged one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import marisa_trie

from app.core.tries import map_file, save_file
from app.names.normalise import normalise

FILE = "usage.marisa"
_FORMAT = "<B"  # tenths of Zipf's scale
MOST_ZIPF = 8.0


class Usage:
    """Words with how often they are used, on Zipf's scale (van Heuven et al. 2014): the logarithm to base ten of how
    often in a thousand million words.

    Args:
        path: The file that ``save`` wrote; ``None`` knows no word.

    Raises:
        ResourceError: The file is missing or damaged.
    """

    def __init__(self, path: Path | None) -> None:
        self._trie = marisa_trie.RecordTrie(_FORMAT)
        if path is not None:
            map_file(self._trie, path, "words in use", "run scripts/build_usage.py")
        self._look_up = lru_cache(maxsize=20_000)(self._read)

    @classmethod
    def of(cls, zipf: Mapping[str, float]) -> Usage:
        """From words as they are printed; those of one canonical form count as the most frequent of them."""
        most: dict[str, float] = {}
        for word, value in zipf.items():
            if (key := normalise(word)) and " " not in key:
                most[key] = max(value, most.get(key, 0.0))
        made = cls(None)
        made._trie = marisa_trie.RecordTrie(
            _FORMAT, [(key, (round(10 * min(value, MOST_ZIPF)),)) for key, value in sorted(most.items())]
        )
        return made

    def __len__(self) -> int:
        return len(self._trie)

    def zipf(self, word: str) -> float:
        """How often a word in canonical form is used, 1 and more; 0 where hardly anybody writes it."""
        return self._look_up(word)

    def _read(self, word: str) -> float:
        found = self._trie.get(word)
        return found[0][0] / 10 if found else 0.0

    def save(self, path: Path) -> None:
        """Write the file that the constructor reads."""
        save_file(self._trie, path)

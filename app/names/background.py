"""What English at large knows of words and names, beside the knowledge base.

How edited text writes them, what towns are called, how often people write a word, what those are called whom the base
knows: what is known so is seldom a damaged name. And which words stand around the names of the base.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Self

import marisa_trie

from app.core.tries import map_file, save_file
from app.names.callings import CALLINGS_FILE, Callings
from app.names.normalise import normalise
from app.names.surroundings import SURROUNDINGS_FILE, Surroundings

ATTESTED_FILE, TOWNS_FILE, USAGE_FILE = "attested.marisa", "towns.marisa", "usage.marisa"
MOST_ZIPF = 8.0
_COUNTS = "<BB"  # documents with the word capitalised inside a sentence, documents with it in lower case
_ZIPF = "<B"  # tenths of Zipf's scale
_MOST_DOCUMENTS = 88  # a thousand, as ``pack`` writes it


class Attested:
    """Words, and names of several words, with in how many documents of edited English they stand.

    Args:
        trie: As ``of`` makes it.
    """

    def __init__(self, trie: marisa_trie.RecordTrie) -> None:
        self._trie = trie
        self._look_up = lru_cache(maxsize=50_000)(self._read)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Map the file that ``save`` wrote.

        Raises:
            ResourceError: It is missing or damaged.
        """
        return cls(map_file(marisa_trie.RecordTrie(_COUNTS), path, "attested names", "run scripts/fit_linker.py"))

    @classmethod
    def of(cls, counts: Mapping[str, tuple[int, int]]) -> Self:
        """From counts of documents, capitalised and in lower case, by canonical form."""
        packed = [(key, (pack(upper), pack(lower))) for key, (upper, lower) in counts.items()]
        return cls(marisa_trie.RecordTrie(_COUNTS, packed))

    def _read(self, key: str) -> tuple[int, int]:
        found = self._trie.get(key)
        return (found[0][0], found[0][1]) if found else (0, 0)

    def as_name(self, word: str) -> float:
        """How often a word in canonical form stands capitalised, 0 (never seen) to 1 (in a thousand documents)."""
        return min(1.0, self._look_up(word)[0] / _MOST_DOCUMENTS)

    def as_word(self, word: str) -> float:
        """How often it stands in lower case, in the same measure."""
        return min(1.0, self._look_up(word)[1] / _MOST_DOCUMENTS)

    def is_name(self, name: str) -> bool:
        """Whether a name of several words is attested as it stands."""
        key = normalise(name)
        return " " in key and self._look_up(key)[0] > 0

    def save(self, path: Path) -> None:
        """Write the file that ``read`` maps."""
        save_file(self._trie, path)


def pack(documents: int) -> int:
    """A number of documents in one byte: eight for each whole doubling."""
    return min(255, 8 * (documents + 1).bit_length()) if documents > 0 else 0


class Towns:
    """Names of towns and villages all over the world: what is called so is a place that no base has.

    Args:
        trie: As ``of`` makes it.
    """

    def __init__(self, trie: marisa_trie.Trie) -> None:
        self._trie = trie

    @classmethod
    def read(cls, path: Path) -> Self:
        """Map the file that ``save`` wrote.

        Raises:
            ResourceError: It is missing or damaged.
        """
        return cls(map_file(marisa_trie.Trie(), path, "names of towns", "run scripts/build_towns.py"))

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """From names as they are printed."""
        return cls(marisa_trie.Trie(sorted({key for name in names if (key := normalise(name))})))

    def __contains__(self, key: str) -> bool:
        """Whether a town has this name, in canonical form."""
        return key in self._trie

    def __len__(self) -> int:
        return len(self._trie)

    def save(self, path: Path) -> None:
        """Write the file that ``read`` maps."""
        save_file(self._trie, path)


class Usage:
    """Words with how often they are used, on Zipf's scale (van Heuven et al. 2014): the logarithm to base ten of how
    often in a thousand million words.

    Args:
        trie: As ``of`` makes it.
    """

    def __init__(self, trie: marisa_trie.RecordTrie) -> None:
        self._trie = trie
        self._look_up = lru_cache(maxsize=20_000)(self._read)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Map the file that ``save`` wrote.

        Raises:
            ResourceError: It is missing or damaged.
        """
        return cls(map_file(marisa_trie.RecordTrie(_ZIPF), path, "words in use", "run scripts/build_usage.py"))

    @classmethod
    def of(cls, zipf: Mapping[str, float]) -> Self:
        """From words as they are printed; those of one canonical form count as the most frequent of them."""
        most: dict[str, float] = {}
        for word, value in zipf.items():
            if (key := normalise(word)) and " " not in key:
                most[key] = max(value, most.get(key, 0.0))
        packed = [(key, (round(10 * min(value, MOST_ZIPF)),)) for key, value in sorted(most.items())]
        return cls(marisa_trie.RecordTrie(_ZIPF, packed))

    def __len__(self) -> int:
        return len(self._trie)

    def zipf(self, word: str) -> float:
        """How often a word in canonical form is used, 1 and more; 0 where hardly anybody writes it."""
        return self._look_up(word)

    def _read(self, word: str) -> float:
        found = self._trie.get(word)
        return found[0][0] / 10 if found else 0.0

    def save(self, path: Path) -> None:
        """Write the file that ``read`` maps."""
        save_file(self._trie, path)


@dataclass(frozen=True, slots=True)
class Background:
    """All that is known of words and names beside the base."""

    attested: Attested
    towns: Towns
    usage: Usage
    callings: Callings
    surroundings: Surroundings

    @classmethod
    def read(cls, folder: Path | None = None) -> Self:
        """What is shipped; files in ``folder`` take the place of those of their name.

        Raises:
            ResourceError: A file is damaged.
        """
        return cls(
            Attested.read(data_file(ATTESTED_FILE, folder)),
            Towns.read(data_file(TOWNS_FILE, folder)),
            Usage.read(data_file(USAGE_FILE, folder)),
            Callings.read(data_file(CALLINGS_FILE, folder)),
            Surroundings.read(data_file(SURROUNDINGS_FILE, folder)),
        )

    def with_counts(self, counts: Mapping[str, tuple[int, int]], surroundings: Surroundings | None = None) -> Self:
        """The same, with other text counted for ``attested``, and other weights of the words around names."""
        return replace(
            self, attested=Attested.of(counts), surroundings=self.surroundings if surroundings is None else surroundings
        )


def data_file(name: str, folder: Path | None = None) -> Path:
    """The file of that name in ``folder``, or the shipped one where there is none."""
    if folder is not None and (folder / name).is_file():
        return folder / name
    with as_file(files("app.names") / "data" / name) as path:
        return path

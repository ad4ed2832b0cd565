"""Names of towns and villages all over the world: what is called so is a place that no base has, not a damaged name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import marisa_trie

from app.core.tries import map_file, save_file
from app.names.normalise import normalise

FILE = "towns.marisa"


class Towns:
    """Towns by name.

    Args:
        path: The file that ``save`` wrote; ``None`` knows no town.

    Raises:
        ResourceError: The file is missing or damaged.
    """

    def __init__(self, path: Path | None) -> None:
        self._trie = marisa_trie.Trie()
        if path is not None:
            map_file(self._trie, path, "names of towns", "run scripts/build_towns.py")

    @classmethod
    def of(cls, names: Iterable[str]) -> Towns:
        """From names as they are printed."""
        made = cls(None)
        made._trie = marisa_trie.Trie(sorted({key for name in names if (key := normalise(name))}))
        return made

    def __contains__(self, key: str) -> bool:
        """Whether a town has this name, in canonical form."""
        return key in self._trie

    def __len__(self) -> int:
        return len(self._trie)

    def save(self, path: Path) -> None:
        """Write the file that the constructor reads."""
        save_file(self._trie, path)

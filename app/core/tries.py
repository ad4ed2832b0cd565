"""Tries in files of their own: mapped into memory, and written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import marisa_trie

from app.core.errors import ResourceError


def map_file(trie: marisa_trie.Trie, path: Path, what: str, remedy: str) -> marisa_trie.Trie:
    """``trie``, with the file mapped into memory that ``save_file`` wrote.

    Args:
        trie: An empty one, of the form that was written.
        path: The file.
        what: What it holds, for the message.
        remedy: What to do where it is missing or damaged, for the message.

    Raises:
        ResourceError: The file is missing or damaged.
    """
    try:
        trie.mmap(str(path))
    except (OSError, RuntimeError) as exc:
        raise ResourceError(f"{path}: {what} cannot be read ({exc}); {remedy}") from exc
    return trie


def save_file(trie: marisa_trie.Trie, path: Path) -> None:
    """Write a trie."""
    part = path.with_suffix(".part")
    trie.save(str(part))
    part.replace(path)

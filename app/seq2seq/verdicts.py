"""What people who read edits of the network said of them, where a reference says little.

A reference shows one of many ways to put a sentence right, and text that counts as right has errors of its own.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from app.core.errors import InputError, ResourceError

COLUMNS = ("sentence", "start", "end", "old", "new", "verdict")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Whether an edit is one that an editor would make, for edits that were read.

    Attributes:
        known: By ``sentence_key``, code points that are replaced, and what is put there.
    """

    known: Mapping[tuple[str, int, int, str], bool] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """From tab-separated ``COLUMNS``, of which ``old`` is for people to read.

        Raises:
            ResourceError: The file cannot be read.
            InputError: A line is none of these.
        """
        known = {}
        try:
            with path.open(encoding="utf-8", newline="") as lines:
                for number, row in enumerate(csv.reader(lines, "excel-tab", quoting=csv.QUOTE_NONE), 1):
                    if number == 1 and tuple(row) == COLUMNS:
                        continue
                    if len(row) != len(COLUMNS) or row[-1] not in ("right", "wrong"):
                        raise InputError(f"{path} line {number}: not {', '.join(COLUMNS)} with right or wrong")
                    try:
                        known[row[0], int(row[1]), int(row[2]), row[4]] = row[-1] == "right"
                    except ValueError as exc:
                        raise InputError(f"{path} line {number}: start and end are to be whole numbers") from exc
        except OSError as exc:
            raise ResourceError(f"no verdicts in {path} ({exc.strerror}); pass another file with --verdicts") from exc
        return cls(known)

    def of(self, text: str, start: int, end: int, new: str) -> bool | None:
        """Whether the edit is right; ``None`` where nobody read it.

        Args:
            text: The sentence.
            start, end: Code points of it that ``new`` replaces.
            new: As proposed.
        """
        return self.known.get((sentence_key(text), start, end, new))


def sentence_key(text: str) -> str:
    """Stands for a sentence that is not repeated here: sixteen digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]

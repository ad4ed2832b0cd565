"""A segment read again with its misspelt words put right: beside them nothing is wrong that they alone made look so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.diff import Change, OffsetMap, apply_edits
from app.seq2seq.tokenizer import Tokenizer, Words


@dataclass(frozen=True, slots=True)
class Respelt:
    """A segment with some changes made, and which place of it is which of the text as it was."""

    words: Words
    offsets: OffsetMap

    @classmethod
    def of(cls, text: str, changes: Sequence[Change], tokenizer: Tokenizer) -> Respelt:
        """The segment ``text`` with these changes made, which are in order and not in conflict."""
        return cls(tokenizer.words(apply_edits(text, changes)), OffsetMap.of(text, changes))

    @property
    def changed(self) -> list[int]:
        """Indices of the words that were changed."""
        spans = [*zip(self.offsets.patched_starts, self.offsets.patched_ends, strict=True)]
        return [i for i, (start, end) in enumerate(self.words.bounds) if any(a < end and start < b for a, b in spans)]

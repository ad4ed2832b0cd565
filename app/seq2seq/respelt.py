"""A segment read again with its misspelt words put right: beside them nothing is wrong that they alone made look so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.seq2seq.calibrate import ScoredAnswer
from app.seq2seq.tokenizer import Tokenizer, Words


@dataclass(frozen=True, slots=True)
class Respelt:
    """A segment with some changes made.

    Attributes:
        words: The segment as it is then.
        changes: What was changed, in order, none touching another; offsets are those of the text as it was.
    """

    words: Words
    changes: tuple[ScoredAnswer, ...]

    @classmethod
    def of(cls, text: str, changes: Sequence[ScoredAnswer], tokenizer: Tokenizer) -> Respelt:
        """The segment ``text`` with these changes, in order, made."""
        parts, at = [], 0
        for change in changes:
            parts += [text[at : change.start], change.text]
            at = change.end
        return cls(tokenizer.words("".join([*parts, text[at:]])), tuple(changes))

    @property
    def changed(self) -> list[int]:
        """Indices of the words that were changed."""
        spans, shift = [], 0
        for change in self.changes:
            spans.append((change.start + shift, change.start + shift + len(change.text)))
            shift += len(change.text) - (change.end - change.start)
        return [i for i, (start, end) in enumerate(self.words.bounds) if any(a < end and start < b for a, b in spans)]

    def here(self, at: int) -> int:
        """Where a place of the text as it was lies now, one outside of the changes."""
        return at + sum(len(c.text) - (c.end - c.start) for c in self.changes if c.end <= at)

    def origin(self, at: int) -> int:
        """Where a place lay in the text as it was."""
        shift = 0
        for change in self.changes:
            grown = len(change.text) - (change.end - change.start)
            if change.end + shift + grown > at:
                break
            shift += grown
        return at - shift

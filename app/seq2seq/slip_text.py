"""A sentence in words, to be changed in place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class SlipText:
    """Words with the white space before each."""

    spaces: list[str]
    words: list[str]

    def replace(self, at: int, new: str) -> None:
        old = self.words[at]
        self.words[at] = new[:1].upper() + new[1:] if old[:1].isupper() else new

    def delete(self, at: int) -> None:
        if at == 0 and len(self.words) > 1:
            self.words[1] = self.words[1][:1].upper() + self.words[1][1:]
            self.spaces[1] = self.spaces[0]
        del self.words[at], self.spaces[at]

    def insert(self, at: int, new: str) -> None:
        if at == 0:
            return
        self.words.insert(at, new)
        self.spaces.insert(at, " ")

    def __str__(self) -> str:
        return "".join(s + w for s, w in zip(self.spaces, self.words, strict=True))

    def places(self, among: Iterable[str]) -> list[int]:
        """Indices of the words that, in lower case, are among these."""
        wanted = frozenset(among)
        return [i for i, word in enumerate(self.words) if word.lower() in wanted]

    def is_part(self, at: int) -> bool:
        """Whether a hyphen makes the word a part of a longer one."""
        return "-" in self.words[max(0, at - 1) : at + 2]

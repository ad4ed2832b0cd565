"""A name in words, and the form that a rule proposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from app.names.mangle.forms import Damage


class Form(NamedTuple):
    """What one rule proposes; ``weight`` compares forms of one kind and one name only."""

    kind: Damage
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Parts:
    """The words of a name."""

    words: tuple[str, ...]

    def with_word(self, at: int, word: str) -> str:
        """The name with one word changed; an empty one goes."""
        return " ".join(w for w in (*self.words[:at], word, *self.words[at + 1 :]) if w)


def capitalise(word: str) -> str:
    """First letter upper case, the rest as it is."""
    return word[:1].upper() + word[1:]


def like(word: str, model: str) -> str:
    """``word`` with the capitals of ``model``."""
    if model.isupper() and len(model) > 1:
        return word.upper()
    return capitalise(word) if model[:1].isupper() else word

# ruff: noqa: SIM905
# The typographic apostrophe is meant; the word table is read and edited as running text.
"""Whether a segment is English: cheap tests first, a library for the rest."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from app.core.types import Segment

# English function words that are no common words of other languages in Latin letters; "is", "of", "was", "we" (Dutch),
# "also" (German), "by" (Czech, Polish), "he" (Spanish), "but" (French), "in", "an", "most" are left out for that.
_ENGLISH: Final = frozenset(
    "the and are were that this these those with from which who whom whose their there been being have having had "
    "would could should because about after before between through during without against into its you your our "
    "we'll it's don't didn't isn't wasn't doesn't can't what where why than then other every each both much very "
    "said says it i'm i've to".split()
)
# Text of fewer words is doubtful: names, titles and headings look foreign.
_LEAST_WORDS: Final = 3
_LEAST_LETTERS: Final = 3
# Share of function words from which nothing else is asked; at least two, since one may be a name or a quotation.
_ENGLISH_SHARE: Final = 0.12
# The library reads bytes until it is sure; a long segment tells no more than its beginning.
_MAX_CHARS: Final = 1000
# Share of the text, in per cent, that the library must give to one other language.
_FOREIGN_PERCENT: Final = 80
# Share of capitalised words beyond which a segment is a title or a list of names.
_NAMES_SHARE: Final = 0.5

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LATIN: Final = re.compile(r"[A-Za-zªº\u00c0-\u024f\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff\ufb00-\ufb06\uff21-\uff5a]")

Detect = Callable[[str], str]


class EnglishIdentifier:
    """Says of each segment whether it is English; what is short, mixed or doubtful counts as English.

    Script first: mostly letters other than Latin is not English. English function words next: they answer nearly
    everything. The rest is left to CLD2, which must be sure of another language for nearly the whole segment. It was
    chosen over lingua, py3langid, fastText's lid.176 and CLD3 because it takes the fewest machine translations of
    ``pe-train`` for another language (alone 0.11 %; lingua 3.2 %, py3langid 1.4 %, lid.176 0.33 %, CLD3 5.0 %),
    finds 69 of 70 foreign sentences, and costs 6 µs a sentence and 8 MB.

    Args:
        detect: Text to language code (``"en"``, ``"de"``, ``"un"`` where it cannot tell); CLD2 by default.
    """

    def __init__(self, detect: Detect | None = None) -> None:
        """Take the library from the caller, or CLD2."""
        self._detect = detect or _load_cld2()

    def is_english(self, segments: Sequence[Segment]) -> list[bool]:
        """One answer a segment, in the same order; each depends on its own text only."""
        return [self._is_english(s.text) for s in segments]

    def _is_english(self, text: str) -> bool:
        text = text[:_MAX_CHARS]
        letters = sum(map(str.isalpha, text))
        if letters < _LEAST_LETTERS:
            # two ideographs say enough, two letters of an alphabet do not
            return letters < 2 or not any(c > "\u2e80" for c in text if c.isalpha())
        if not text.isascii() and len(_LATIN.findall(text)) * 2 < letters:
            return False
        words = _WORD.findall(text)
        if len(words) < _LEAST_WORDS:
            return True
        known = sum(word in _ENGLISH for word in text.lower().replace("’", "'").split())
        if known < max(2, _ENGLISH_SHARE * len(words)):  # beside a mark, which costs more to look for
            known = sum(w.lower().replace("’", "'") in _ENGLISH for w in words)
        if known >= max(2, _ENGLISH_SHARE * len(words)) or _is_mostly_names(words):
            return True
        return self._detect(text) in ("en", "un")


def _is_mostly_names(words: list[str]) -> bool:
    """Titles, headlines and lists of names, whose language is anyone's guess."""
    return sum(w[0].isupper() for w in words) > _NAMES_SHARE * len(words)


def _load_cld2() -> Detect:
    cld2 = cast(Any, importlib.import_module("pycld2"))

    def detect(text: str) -> str:
        # CLD2 refuses control characters and lone surrogates
        clean = "".join(c if c.isprintable() else " " for c in text).encode("utf-8", "ignore")
        try:
            is_sure, _, details = cld2.detect(clean, isPlainText=True, bestEffort=False)
        except cld2.error:
            return "un"
        _, code, percent, _ = details[0]
        return str(code) if is_sure and percent >= _FOREIGN_PERCENT else "un"

    return detect

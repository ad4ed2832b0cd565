"""Which countries a text names, by noun, adjective or people, and their capitals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import regex

from app.core.types import Span
from app.names.normalise import normalise


@lru_cache(maxsize=1)
def demonyms() -> dict[str, str]:
    """Canonical form of an adjective or of the people of a country -> ISO code."""
    table: dict[str, str] = {}
    for line in (files("app.names") / "data" / "demonyms.tsv").read_text(encoding="utf-8").splitlines():
        code, words = line.split("\t")
        table.update((normalise(word), code) for word in words.split())
    return table


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """Canonical names of countries, of one or two words -> ISO code."""
    from babel import Locale  # reads its tables when it is first needed

    names = {normalise(name): code for code, name in Locale("en").territories.items() if len(code) == 2}
    names.update({"usa": "US", "uk": "GB", "britain": "GB", "america": "US", "england": "GB", "czech republic": "CZ"})
    return {name: code for name, code in names.items() if code.isalpha() and name.count(" ") <= 1}


def countries_of(words: Sequence[str]) -> Counter[str]:
    """How often each country is named, by noun or adjective, among words and pairs of words in canonical form."""
    table, names = demonyms(), country_names()
    counts: Counter[str] = Counter()
    for i, word in enumerate(words):
        pair = f"{words[i - 1]} {word}" if i else ""
        for key in (pair, word):
            code = table.get(key) or names.get(key)
            if code:
                counts[code] += 1
                break
    return counts


CAPITALS_FILE = "capitals.tsv"


@lru_cache(maxsize=1)
def capitals() -> dict[str, str]:
    """ISO code of a country -> its capital, by GeoNames."""
    table = (files("app.names") / "data" / CAPITALS_FILE).read_text(encoding="utf-8")
    return dict(line.split("\t") for line in table.splitlines())


_OF_A_PART = "ancient|commercial|county|cultural|district|financial|former|old|provincial|regional|state|voivodeship"
_CAPITAL_BEFORE = regex.compile(rf"(?<!\b(?:{_OF_A_PART})\s)\bcapital(?:\s+city)?(?:,\s?|\s+)$", regex.I)
_CAPITAL_BEHIND = regex.compile(
    rf",?\s+(?:is\s+|was\s+)?(?:the|its?)\s+(?!(?:{_OF_A_PART})\b)(?:\p{{L}}+\s+)?capital\b", regex.I
)
_NEAR = 40  # letters


def is_called_capital(text: str, span: Span) -> bool:
    """Whether the text calls a name a capital, not one of a part of a country: *the Colombian capital, Bogotá*,
    *Bogotá, the capital of Colombia*."""
    before = text[max(0, span.start - _NEAR) : span.start].rsplit("\n", 1)[-1]
    return _CAPITAL_BEFORE.search(before) is not None or _CAPITAL_BEHIND.match(text, span.end) is not None


@lru_cache(maxsize=300)
def writes_latin(country: str) -> bool:
    """Whether the language that most people of a country (ISO code) use is written in Latin letters (CLDR)."""
    from babel.core import get_global

    likely: str = get_global("likely_subtags").get(f"und_{country}", "und_Latn")
    return likely.split("_")[1] == "Latn"

"""What becomes of Arabic and Persian names: vowels guessed, the article written otherwise, sounds without a letter."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import regex

from app.names.mangle.forms import Damage
from app.names.mangle.words import Form, Parts, capitalise

_SAME: tuple[tuple[str, str], ...] = (
    ("ou", "u"), ("oo", "u"), ("o", "u"), ("ee", "i"), ("i", "e"), ("e", "a"), ("ei", "ai"), ("ay", "ai"), ("aw", "au"),
    ("ey", "ay"), ("q", "k"), ("q", "g"), ("kh", "h"), ("gh", "g"), ("dh", "d"), ("dh", "z"), ("th", "t"), ("th", "s"),
    ("sh", "ch"), ("j", "g"), ("j", "dj"), ("y", "i"), ("w", "ou"), ("v", "w"), ("aa", "a"), ("ss", "s"),
    ("mm", "m"), ("dd", "d"),
    ("ll", "l"), ("bb", "b"), ("h", ""), ("'", ""), ("iy", "i"), ("eh", "a"),
)  # fmt: skip
_ENDINGS: tuple[tuple[str, ...], ...] = (
    ("ah", "a", "eh", "at"), ("a", "ah", "eh"), ("i", "y", "ee", "iy"), ("y", "i"), ("ed", "ad", "id"),
    ("er", "ir", "ar"),
    ("ou", "u", "oo"), ("ein", "ain", "een", "in"), ("een", "in", "ine"), ("oud", "ud", "ood"), ("im", "eem"),
    ("ir", "eer", "er"),
)  # fmt: skip
_ARTICLE = regex.compile(r"^(al|el|ul|as|ash|ad|an|ar|at|az)([- ]?)(?=\p{L})", regex.IGNORECASE)
_PARTICLES = {"bin": ("ibn", "ben"), "ibn": ("bin", "ben"), "ben": ("bin", "ibn"), "abu": ("abou", "abo"),
    "abou": ("abu",),
              "abd": ("abdul", "abdel"), "bint": ("bent",)}  # fmt: skip
_ABD = regex.compile(r"^Abd[ -]?([aeu])l?[- ]?", regex.IGNORECASE)

_LETTERS = dict(
    zip(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئپچژگکی",
        ("a", "b", "t", "th", "j", "h", "kh", "d", "dh", "r", "z", "s", "sh", "s", "d", "t", "z", "a", "gh", "f",
        "q", "k", "l",
         "m", "n", "h", "u", "i", "a", "a", "", "a", "i", "a", "u", "i", "p", "ch", "zh", "g", "k", "i"),
        strict=True,
    )
)  # fmt: skip


def read(native: str) -> str:
    """Letters read with ``a`` where no vowel is written between two consonants, as a machine guesses."""
    words = []
    for word in native.split():
        out = "".join(_LETTERS.get(c, "") for c in word)
        out = regex.sub(r"(?<=[b-df-hj-np-tv-z])(?=(?:[b-df-hj-np-tv-z](?!h))(?![aeiou]|$))", "a", out)
        words.append(capitalise(out.replace("aa", "a")))
    return " ".join(w for w in words if w)


def native_forms(parts: Parts, native: str, kind: Damage) -> Iterator[Form]:
    """The name as its letters alone would be read."""
    latin = read(native)
    if latin:
        yield Form(kind, latin, 0.3)
        words = latin.split()
        if len(words) == len(parts.words) > 1:
            for at, word in enumerate(words):
                yield Form(kind, parts.with_word(at, word), 0.2)


def latin_forms(parts: Parts) -> Iterator[Form]:
    """What can be done with the Latin form alone."""
    for at, word in enumerate(parts.words):
        for other in _PARTICLES.get(word.lower(), ()):
            yield Form(Damage.ROMANISATION, parts.with_word(at, capitalise(other) if word[0].isupper() else other), 0.3)
        article = _ARTICLE.match(word)
        if article and article[2]:
            rest = word[article.end() :]
            for new in ("al-", "Al-", "el-", "El-", "Al ", "Al", ""):
                yield Form(Damage.ROMANISATION, parts.with_word(at, new + (rest if new != "Al" else rest.lower())), 0.2)
        elif at + 1 < len(parts.words) and word.lower() in {"al", "el"}:
            for new in ("al-", "Al-", "El-", ""):
                joined = (*parts.words[:at], new + parts.words[at + 1], *parts.words[at + 2 :])
                yield Form(Damage.ROMANISATION, " ".join(joined), 0.2)
        if _ABD.match(word):
            for new in ("Abdel ", "Abdul ", "Abdul", "Abd al-", "Abdel-"):
                rest = word[_ABD.match(word).end() :]  # type: ignore[union-attr]
                if rest:
                    tail = rest.lower() if new == "Abdul" else capitalise(rest)
                    yield Form(Damage.ROMANISATION, parts.with_word(at, new + tail), 0.1)
        start = article.end() if article and article[2] else 0
        head, core = word[:start], word[start:]
        if len(core) > 2:
            for new, weight in _respelt(core.lower()):
                yield Form(Damage.ROMANISATION, parts.with_word(at, head + capitalise(new)), weight)


@lru_cache(maxsize=50_000)
def _respelt(word: str) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    for endings in _ENDINGS:
        if word.endswith(endings[0]) and len(word) > len(endings[0]) + 1:
            stem = word[: -len(endings[0])]
            for other in endings[1:]:
                found.setdefault(stem + other, 0.2)
    for one, other in _SAME:
        for old, new in ((one, other), (other, one)):
            if not old or old not in word:
                continue
            at = word.find(old)
            while at >= 0:
                found.setdefault(word[:at] + new + word[at + len(old) :], 0.1)
                at = word.find(old, at + 1)
    found.pop(word, None)
    return tuple((w, p) for w, p in found.items() if len(w) > 2)

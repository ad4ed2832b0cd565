"""What becomes of Russian, Ukrainian and Belarusian names: rival schemes, one language's spelling for the other's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import iuliia
import regex

from app.names.mangle.forms import Damage
from app.names.mangle.words import Form, Parts, capitalise

_SCHEMES = (
    iuliia.WIKIPEDIA, iuliia.BGN_PCGN_ALT, iuliia.ALA_LC_ALT, iuliia.ICAO_DOC_9303, iuliia.MVD_310_FR, iuliia.GOST_7034,
    iuliia.ISO_9_1954, iuliia.TELEGRAM, iuliia.MOSMETRO, iuliia.YANDEX_MONEY,
)  # fmt: skip
# Ukrainian of 2010 (Cabinet of Ministers, resolution 55), and its letters that iuliia does not know.
_UKRAINIAN = dict(
    zip(
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'’ё",
        ("a", "b", "v", "h", "g", "d", "e", "ie", "zh", "z", "y", "i", "i", "i", "k", "l", "m", "n", "o", "p", "r",
        "s", "t",
         "u", "f", "kh", "ts", "ch", "sh", "shch", "", "iu", "ia", "", "", "yo"),
        strict=True,
    )
)  # fmt: skip
_UKRAINIAN_START = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
_TO_RUSSIAN = str.maketrans({"і": "и", "ї": "и", "є": "е", "ґ": "г", "ў": "у", "'": "ъ", "’": "ъ"})
_QUOTES = regex.compile(r"[\"'`ʹʺ’”ʼ]")

# Pairs of Latin spellings for one Cyrillic one; each is tried both ways. Endings have their own list.
_SAME: tuple[tuple[str, str], ...] = (
    ("yu", "iu"), ("yu", "ju"), ("ya", "ia"), ("ya", "ja"), ("ye", "e"), ("ye", "ie"), ("yo", "io"), ("yo", "e"),
    ("yo", "o"),
    ("kh", "h"), ("kh", "ch"), ("kh", "x"), ("ts", "c"), ("ts", "tz"), ("zh", "j"), ("zh", "z"), ("shch", "sch"),
    ("shch", "sh"),
    ("ch", "tch"), ("ch", "c"), ("sh", "s"), ("h", "g"), ("v", "w"), ("x", "ks"), ("i", "y"), ("y", "j"),
    ("ie", "e"), ("o", "a"),
    ("iy", "y"), ("yi", "i"), ("oh", "og"), ("ih", "ig"), ("ks", "x"), ("ei", "ey"), ("ai", "ay"), ("oi", "oy"),
    ("ik", "yk"),
    ("f", "th"), ("u", "v"), ("e", "y"), ("i", "e"), ("o", "yo"),
)  # fmt: skip
_ENDINGS: tuple[tuple[str, ...], ...] = (
    ("sky", "skiy", "skyi", "skii", "skij", "ski", "skyy", "skyj", "s'kyi"),
    ("y", "iy", "ii", "ij", "yi", "i", "yy", "yj"),
    ("ey", "ei", "ej", "ey", "iy", "ii", "yi"), ("ay", "ai", "aj", "ay"), ("oy", "oi", "oj"),
    ("ov", "off", "ow", "of", "iv"),
    ("ev", "yev", "eff", "iev", "ew", "ov", "yov"), ("ova", "owa"), ("eva", "yeva", "ieva"), ("in", "ine", "yn"),
    ("skaya", "skaia", "skaja", "ska"), ("aya", "aia", "aja"), ("iya", "ia", "ija", "iia", "ya"),
    ("enko", "jenko", "ienko", "yenko"), ("uk", "yuk", "iuk", "juk"), ("ich", "ych", "ic", "icz", "yc"),
    ("ets", "iets", "ec", "ez"),
    ("a", "y", "u", "oy", "e"), ("yk", "ik"), ("chuk", "czuk", "tchouk"), ("an", "ian", "yan"),
)  # fmt: skip


def romanisations(native: str) -> Iterator[str]:
    """A Cyrillic name in every scheme that English readers meet."""
    lower = native.lower()
    if any(c in lower for c in "іїєґ"):
        yield " ".join(capitalise(_ukrainian(w)) for w in lower.replace("-", "- ").split()).replace("- ", "-")
    russian = lower.translate(_TO_RUSSIAN)
    for scheme in _SCHEMES:
        latin = _QUOTES.sub("", scheme.translate(russian))
        yield regex.sub(r"(^|[\s-])(\p{L})", lambda m: m[1] + m[2].upper(), latin)


def _ukrainian(word: str) -> str:
    out = "".join(_UKRAINIAN.get(c, c) for c in word.replace("зг", "zgh"))
    return (
        _UKRAINIAN_START.get(word[:1], "") + out[len(_UKRAINIAN.get(word[:1], "")) :]
        if word[:1] in _UKRAINIAN_START
        else out
    )


def native_forms(parts: Parts, native: str) -> Iterator[Form]:
    """The Cyrillic name in every scheme, its words in the order of the English name as far as they can be told."""
    for latin in dict.fromkeys(romanisations(native)):
        words = latin.split()
        if len(words) == 3 and len(parts.words) == 2:  # the patronymic goes; surname first or last
            words = [words[0], words[2]] if _starts_alike(words[0], parts.words[0]) else [words[1], words[0]]
        elif len(words) == 2 == len(parts.words) and not _starts_alike(words[0], parts.words[0]):
            words = words[::-1]
        if len(words) == len(parts.words):
            yield Form(Damage.ROMANISATION, " ".join(words), 0.3)
            for at, word in enumerate(words):
                yield Form(Damage.ROMANISATION, parts.with_word(at, word), 0.3)


def _starts_alike(one: str, other: str) -> bool:
    vowels = "aeiouyj"
    a, b = one.lower(), other.lower()
    return a[:1] == b[:1] or (a[:1] in vowels and b[:1] in vowels) or {a[:1], b[:1]} <= {"h", "g", "k"}


def latin_forms(parts: Parts) -> Iterator[Form]:
    """What can be done with the Latin form alone."""
    for at, word in enumerate(parts.words):
        if len(word) > 2:
            for new, weight in _respelt(word.lower()):
                yield Form(Damage.ROMANISATION, parts.with_word(at, capitalise(new)), weight)


@lru_cache(maxsize=50_000)
def _respelt(word: str) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    for endings in _ENDINGS:
        ending = endings[0]
        for other_first in endings:
            if word.endswith(other_first) and len(word) > len(other_first) + 1:
                ending = other_first
                break
        else:
            continue
        stem = word[: -len(ending)]
        for other in endings:
            if other != ending:
                found.setdefault(stem + other, 0.2)
    for one, other in _SAME:
        for old, new in ((one, other), (other, one)):
            if old in word:
                found.setdefault(word.replace(old, new), 0.1)
                if word.count(old) > 1:
                    found.setdefault(word.replace(old, new, 1), 0.05)
    found.pop(word, None)
    return tuple(found.items())

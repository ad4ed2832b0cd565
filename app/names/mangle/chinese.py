"""What becomes of Chinese names: syllables, Wade-Giles, characters lost, misread, or read in Japanese or Korean."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product

import regex

from app.names.mangle import han, japanese, korean
from app.names.mangle.forms import Damage
from app.names.mangle.words import Form, Parts, capitalise

_INITIALS = (
    ("zh", "ch"), ("ch", "ch'"), ("sh", "sh"), ("b", "p"), ("p", "p'"), ("d", "t"), ("t", "t'"), ("g", "k"),
    ("k", "k'"),
    ("j", "ch"), ("q", "ch'"), ("x", "hs"), ("z", "ts"), ("c", "ts'"), ("r", "j"),
)  # fmt: skip
# Confusions of neighbouring sounds: accents of the south, n and ng, retroflex and dental.
_NEIGHBOURS = (
    ("zh", "z"), ("ch", "c"), ("sh", "s"), ("z", "zh"), ("c", "ch"), ("s", "sh"), ("n", "l"), ("l", "n"), ("h", "f"),
    ("f", "h"), ("r", "l"), ("q", "ch"), ("x", "sh"), ("j", "zh"), ("q", "k"), ("j", "k"), ("x", "h"),
)  # fmt: skip
_ENDINGS = (("ang", "an"), ("eng", "en"), ("ing", "in"), ("an", "ang"), ("en", "eng"), ("in", "ing"), ("ong", "un"),
            ("un", "ong"), ("uo", "o"), ("ui", "uei"), ("iu", "iou"), ("ao", "au"), ("e", "uo"))  # fmt: skip
_MOST_CHARACTERS = 12  # of a transliteration
_LONGEST_OWN_NAME, _LONGEST_PLACE = 4, 5  # characters
_HAN_ONLY = regex.compile(r"\p{Han}{2,8}")
# Surnames that are read otherwise than the character usually is.
_AS_SURNAME = {
    "朴": "piao", "单": "shan", "單": "shan", "解": "xie", "曾": "zeng", "仇": "qiu", "查": "zha", "翟": "zhai",
    "覃": "qin", "区": "ou", "區": "ou", "乐": "yue", "樂": "yue", "缪": "miao", "盖": "ge",
}  # fmt: skip
_NO_HAN, _LETTER = regex.compile(r"[^\p{Han}]+"), regex.compile(r"(?!\p{Han})\p{L}")


@lru_cache(maxsize=20_000)
def split(word: str) -> tuple[tuple[str, ...], ...]:
    """All ways to read a lower-case word as at most four pinyin syllables, fewest syllables first; may be empty."""
    known = han.syllables()

    def ways(rest: str, left: int) -> Iterator[tuple[str, ...]]:
        if not rest:
            yield ()
            return
        if not left:
            return
        for end in range(min(6, len(rest)), 0, -1):
            if rest[:end] in known:
                for tail in ways(rest[end:], left - 1):
                    yield (rest[:end], *tail)

    return tuple(sorted(ways(word.replace("ü", "u").replace("'", "").replace("’", ""), 4), key=len))


@lru_cache(maxsize=1024)
def wade_giles(syllable: str) -> str:
    """The syllable as Wade-Giles writes it, with its apostrophe: ``zhong`` is ``chung``, ``qing`` is ``ch'ing``."""
    if syllable in {"zi", "ci", "si"}:
        return {"zi": "tzu", "ci": "tz'u", "si": "ssu"}[syllable]
    if syllable in {"zhi", "chi", "shi", "ri"}:
        return {"zhi": "chih", "chi": "ch'ih", "shi": "shih", "ri": "jih"}[syllable]
    if syllable in {"er", "he", "ke", "ge", "you", "ye", "yi"}:
        return {"er": "erh", "he": "ho", "ke": "k'o", "ge": "ko", "you": "yu", "ye": "yeh", "yi": "i"}[syllable]
    for pinyin, initial in _INITIALS:
        if syllable.startswith(pinyin):
            start, end = initial, syllable[len(pinyin) :]
            break
    else:
        start, end = "", syllable
        pinyin = ""
    if pinyin in {"j", "q", "x"} and end.startswith("u"):
        end = "ü" + end[1:]
    if end.endswith("ong"):
        end = end[:-3] + "ung"
    if end.endswith(("ie", "ue", "üe")):
        end += "h"
    end = {"ian": "ien", "yan": "yen", "üan": "üan"}.get(end, end)
    if end == "ui" and pinyin not in {"g", "k"}:
        end = "ui"
    if end == "uo" and pinyin not in {"g", "k", "h", "sh"}:
        end = "o"
    return start + end


def latin_forms(parts: Parts) -> Iterator[Form]:
    """What can be done with the pinyin alone. ``parts`` has the surname first."""
    spelt = [split(word.lower().replace("-", "")) for word in parts.words]
    if not all(spelt) or not 2 <= len(parts.words) <= 3:
        return
    syllables = [ways[0] for ways in spelt]
    surname, given = syllables[0], tuple(s for word in syllables[1:] for s in word)
    yield from _syllable_forms(parts, syllables)
    if len(given) == 2:  # the second character of the given name is what gets lost
        yield Form(Damage.DROPPED_CHARACTER, parts.with_word(1, capitalise(given[0])), 0.3)
        yield Form(Damage.DROPPED_CHARACTER, parts.with_word(1, capitalise(given[1])), 0.2)
    for apart in (True, False):
        old = [[wade_giles(s) for s in word] for word in (surname, given)]
        plain = [[s if apart else s.replace("'", "").replace("ü", "u") for s in word] for word in old]
        yield Form(Damage.ROMANISATION, f"{capitalise(''.join(plain[0]))} {capitalise('-'.join(plain[1]))}", 0.5)
    for at, word in enumerate(syllables):
        for i, syllable in enumerate(word):
            for other in _neighbours(syllable):
                new = capitalise("".join((*word[:i], other, *word[i + 1 :])))
                yield Form(Damage.SPELLING, parts.with_word(at, new), 0.2)
    for kun in _homophones(surname[0]) if len(surname) == 1 else ():
        yield Form(Damage.HOMOPHONE, parts.with_word(0, capitalise(kun)), 0.5)
        yield Form(Damage.HOMOPHONE, capitalise(kun), 0.5)


def _syllable_forms(parts: Parts, syllables: list[tuple[str, ...]]) -> Iterator[Form]:
    surname, given = "".join(syllables[0]), [s for word in syllables[1:] for s in word]
    head = capitalise(surname)
    if len(given) > 1:
        yield Form(Damage.SYLLABLES, " ".join([head, *map(capitalise, given)]), 0.3)
        yield Form(Damage.SYLLABLES, f"{head} {capitalise('-'.join(given))}", 0.25)
        yield Form(Damage.SYLLABLES, f"{head} {'-'.join(map(capitalise, given))}", 0.15)
        yield Form(Damage.SYLLABLES, head + given[0] + " " + capitalise("".join(given[1:])), 0.1)
    yield Form(Damage.SYLLABLES, head + "".join(given), 0.2)
    if len(parts.words) > 2:
        yield Form(Damage.SYLLABLES, f"{head} {capitalise(''.join(given))}", 0.4)


@lru_cache(maxsize=2048)
def _neighbours(syllable: str) -> tuple[str, ...]:
    known = han.syllables()
    found = []
    for old, new in _NEIGHBOURS:
        if syllable.startswith(old) and not (len(old) == 1 and syllable[1:2] == "h"):
            found.append(new + syllable[len(old) :])
    for old, new in _ENDINGS:
        if syllable.endswith(old):
            found.append(syllable[: -len(old)] + new)
    return tuple(dict.fromkeys(s for s in found if s in known or s.startswith(("k", "ch", "sh"))))


@lru_cache(maxsize=1024)
def _homophones(syllable: str) -> tuple[str, ...]:
    """How Japanese reads alone the commonest characters that sound like the syllable."""
    table = han.characters()
    readings = (table[c].kun[0] for c in han.sounding(syllable) if table[c].kun)
    return tuple(dict.fromkeys(r for r in readings if len(r) > 2))[:6]


def native_forms(parts: Parts, native: str) -> Iterator[Form]:
    """What can be done with the characters of a Chinese name; ``parts`` has the surname first."""
    if not _HAN_ONLY.fullmatch(native):
        return
    table = han.characters()
    known = [table.get(c) for c in native]
    usual = [k.pinyin[0] if k and k.pinyin else "" for k in known]
    usual[0] = _AS_SURNAME.get(native[0], usual[0])
    surname_length = len(native) - 2 if len(native) > 3 else 1
    if not all(usual) or "".join(usual) != "".join(parts.words).lower().replace("'", "").replace("-", ""):
        # the English form is no pinyin (Hong Kong, Taiwan, a transliteration): pinyin itself is the damage
        if all(usual):
            yield Form(Damage.WRONG_READING, _pinyin_name(usual, surname_length), 0.6)
        yield from foreign_readings(native, surname_length)
        return
    for i, char in enumerate(native):
        kept = usual[:i] + usual[i + 1 :]
        if len(native) > 2 and i >= surname_length:
            weight = 0.9 if han.is_rare(char) else 0.2 / table[char].commonness
            yield Form(Damage.DROPPED_CHARACTER, _pinyin_name(kept, surname_length), weight)
        for other in table[char].pinyin:
            if other == usual[i]:
                continue
            reading = [*usual[:i], other, *usual[i + 1 :]]
            yield Form(Damage.WRONG_READING, _pinyin_name(reading, surname_length), 0.3)
    yield from foreign_readings(native, surname_length)


def _as_japanese(on: list[str], surname_length: int) -> Iterator[Form]:
    """On-readings of a person's characters as a name, none where one has none."""
    if all(on):
        for romaji in japanese.spellings("".join(on[:surname_length]), "".join(on[surname_length:])):
            yield Form(Damage.OTHER_LANGUAGE, romaji, 0.25)


def foreign_readings(native: str, surname_length: int) -> Iterator[Form]:
    """The characters read as Japanese and as Korean would."""
    table = han.characters()
    known = [table.get(c) for c in native]
    on = [k.on[0] if k and k.on else "" for k in known]
    surname = known[0]
    yield from _as_japanese(on, surname_length)
    if all(on) and surname_length == 1 and surname and surname.kun:
        for romaji in japanese.spellings(surname.kun[0], "".join(on[1:])):
            yield Form(Damage.OTHER_LANGUAGE, romaji, 0.15)
    if surname_length == 1 and surname:
        for reading in (*surname.kun[:2], *surname.on[:1]):
            if len(reading) > 2:
                yield Form(Damage.OTHER_LANGUAGE, capitalise(reading), 0.2)
    hangul = [k.hangul[0] if k and k.hangul else "" for k in known]
    if all(hangul):
        for text in korean.spellings("".join(hangul), surname_length):
            yield Form(Damage.OTHER_LANGUAGE, text, 0.15)


def read_abroad(native: str) -> Iterator[Form]:
    """The characters of a Korean name read in pinyin and as Japanese would."""
    if len(native) > _LONGEST_OWN_NAME or not _HAN_ONLY.fullmatch(native):
        return
    for text in pinyin_words(native):
        yield Form(Damage.OTHER_LANGUAGE, text, 0.4)
    yield from _as_japanese([k.on[0] if (k := han.characters().get(c)) and k.on else "" for c in native], 1)


def transliterated(native: str, *, is_person: bool) -> Iterator[str]:
    """The characters of a name that is none of theirs, read in pinyin: the parts between dots as words, and a person's
    few characters as surname and given name too, since machines take them for a Chinese name."""
    parts = [part for part in _NO_HAN.split(native) if part]
    if (
        not parts
        or any(c.isalpha() for c in "".join(_NO_HAN.findall(native)))
        or len("".join(parts)) > _MOST_CHARACTERS
    ):
        return
    words = [_pinyin(part) for part in parts]
    if not all(words):
        return
    yield " ".join(words)
    if is_person and len(parts) == 1 and 2 <= len(native) <= _LONGEST_OWN_NAME:
        yield from pinyin_words(native)


def as_one_word_abroad(native: str, own: str) -> Iterator[Form]:
    """The characters of a Japanese or Korean name of one word read in pinyin, and as the other of the two would.

    Args:
        native: The characters.
        own: Which readings are those of its own language: ``on`` or ``hangul``.
    """
    if not _HAN_ONLY.fullmatch(native) or len(native) > _LONGEST_PLACE:
        return
    known = [k for c in native if (k := han.characters().get(c))]
    if len(known) < len(native):
        return
    for language, readings, as_printed, weight in (
        ("pinyin", [k.pinyin for k in known], str, 0.4),
        ("on", [k.on for k in known], japanese.shorten, 0.2),
        ("hangul", [k.hangul for k in known], korean.romanise, 0.2),
    ):
        if language != own and all(readings):
            yield Form(Damage.OTHER_LANGUAGE, capitalise(as_printed("".join(r[0] for r in readings))), weight)


def _pinyin(native: str) -> str:
    """As one word; empty where a character has no reading."""
    readings = [k.pinyin[0] if (k := han.characters().get(c)) and k.pinyin else "" for c in native]
    return capitalise("".join(readings)) if all(readings) else ""


def pinyin_words(native: str, surname_length: int = 1) -> Iterator[str]:
    """A person's characters read in pinyin, surname first, with other readings of some."""
    table = han.characters()
    readings = [k.pinyin[:2] if (k := table.get(c)) else () for c in native]
    if not all(readings) or len(native) > 5:
        return
    if native[0] in _AS_SURNAME:
        readings[0] = (_AS_SURNAME[native[0]], readings[0][0])
    for combination in list(product(*readings))[:4]:
        yield _pinyin_name(list(combination), surname_length)


def _pinyin_name(readings: list[str], surname_length: int) -> str:
    surname, given = "".join(readings[:surname_length]), "".join(readings[surname_length:])
    return f"{capitalise(surname)} {capitalise(given)}".strip()


def place_forms(parts: Parts) -> Iterator[Form]:
    """What can be done with the pinyin of a place."""
    for at, word in enumerate(parts.words):
        ways = split(word.lower().replace("-", ""))
        if not ways or len(ways[0]) < 2:
            continue
        syllables = ways[0]
        yield Form(Damage.SYLLABLES, parts.with_word(at, " ".join(map(capitalise, syllables))), 0.3)
        yield Form(Damage.SYLLABLES, parts.with_word(at, capitalise("'".join(syllables))), 0.2)
        yield Form(Damage.SYLLABLES, parts.with_word(at, capitalise("-".join(syllables))), 0.1)
        yield Form(Damage.ROMANISATION, parts.with_word(at, capitalise("-".join(map(wade_giles, syllables)))), 0.3)
        for i, syllable in enumerate(syllables):
            for other in _neighbours(syllable):
                new = capitalise("".join((*syllables[:i], other, *syllables[i + 1 :])))
                yield Form(Damage.SPELLING, parts.with_word(at, new), 0.1)


def place_native(native: str) -> Iterator[Form]:
    """What can be done with the characters of a Chinese place: other readings, other languages."""
    table = han.characters()
    chars = [c for c in native if c in table]
    if len(chars) != len(native) or not 2 <= len(chars) <= 5:
        return
    usual = [table[c].pinyin[0] if table[c].pinyin else "" for c in chars]
    if not all(usual):
        return
    yield Form(Damage.WRONG_READING, capitalise("".join(usual)), 0.3)
    for i, char in enumerate(chars):
        for other in table[char].pinyin[1:]:
            yield Form(Damage.WRONG_READING, capitalise("".join([*usual[:i], other, *usual[i + 1 :]])), 0.2)
        if len(chars) > 2:
            kept = usual[:i] + usual[i + 1 :]
            weight = 0.6 if han.is_rare(char) else 0.1 / table[char].commonness
            yield Form(Damage.DROPPED_CHARACTER, capitalise("".join(kept)), weight)
    on = [table[c].on[0] if table[c].on else "" for c in chars]
    if all(on):
        yield Form(Damage.OTHER_LANGUAGE, capitalise(japanese.shorten("".join(on))), 0.3)

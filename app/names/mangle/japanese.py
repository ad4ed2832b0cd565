"""What becomes of Japanese names: long vowels, Kunrei, characters read otherwise or in another language."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import regex

from app.names.mangle import chinese, han, korean
from app.names.mangle.forms import Damage
from app.names.mangle.words import Form, Parts, capitalise

_MORA = r"(?:(?:[kgnmrhbp]y|sh|ch|ts|[kgsztdnhfbpmyrwj])?[aiueo]|n(?![aiueoy])|m(?=[bpm]))"
_DOUBLED = r"(?:k(?=k)|s(?=s)|t(?=t|c|s)|p(?=p))?"
_ROMAJI = regex.compile(rf"(?:{_DOUBLED}{_MORA})+h?")
_LONG = {"ou": "o", "oo": "o", "uu": "u"}
# Hepburn and what other schemes and typists write for it.
_SCHEMES: tuple[tuple[str, str], ...] = (
    ("shi", "si"), ("sha", "sya"), ("shu", "syu"), ("sho", "syo"), ("chi", "ti"), ("cha", "tya"), ("chu", "tyu"),
    ("cho", "tyo"), ("tsu", "tu"), ("fu", "hu"), ("ji", "zi"), ("ja", "jya"), ("ju", "jyu"), ("jo", "jyo"),
    ("ji", "di"),
    ("nb", "mb"), ("np", "mp"), ("nm", "mm"), ("mb", "nb"), ("mp", "np"), ("mm", "nm"), ("kei", "kee"), ("zu", "du"),
)  # fmt: skip
_VOICED = (("k", "g"), ("g", "k"), ("s", "z"), ("z", "s"), ("t", "d"), ("d", "t"), ("h", "b"), ("b", "h"), ("sh", "j"))


# Katakana, each followed by its reading.
_KANA: dict[str, str] = dict(regex.findall(
    r"(\p{Katakana})([a-z]+)",
    "アaイiウuエeオoカkaキkiクkuケkeコkoサsaシshiスsuセseソsoタtaチchiツtsuテteトtoナnaニniヌnuネneノno"
    "ハhaヒhiフfuヘheホhoマmaミmiムmuメmeモmoヤyaユyuヨyoラraリriルruレreロroワwaヲoンn"
    "ガgaギgiグguゲgeゴgoザzaジjiズzuゼzeゾzoダdaヂjiヅzuデdeドdoバbaビbiブbuベbeボboパpaピpiプpuペpeポpoヴvu",
))  # fmt: skip
_SMALL = {"ャ": "ya", "ュ": "yu", "ョ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_ROUNDED = frozenset("ウクグ")  # before a small vowel they are half a *w*: ウォ, クォ
_SEPARATORS = "・＝=･ 　"


def kana(text: str) -> str:
    """Katakana or hiragana in Hepburn without long vowels, words capitalised; empty if anything else stands there."""
    words: list[str] = [""]
    katakana = [chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text]
    for last, char in zip(["", *katakana], katakana, strict=False):
        if char in _SEPARATORS:
            words.append("")
        elif char in _SMALL:
            small, before = _SMALL[char], words[-1]
            cut = before[:-1] if before[-1:] in "aiueo" else before
            if small[0] == "y" and cut.endswith(("sh", "ch", "j")):
                small = small[1:]
            elif small[0] != "y" and last in _ROUNDED:
                small = "w" + small
            words[-1] = cut + small
        elif char in _KANA:
            words[-1] += _KANA[char]
        elif char == "ー":
            continue
        elif char == "ッ":
            words[-1] += "\0"
        else:
            return ""
    doubled = [regex.sub("\0(.)", r"\1\1", w).replace("\0", "") for w in words]
    return " ".join(capitalise(shorten(w)) for w in doubled if w)


@lru_cache(maxsize=20_000)
def is_romaji(word: str) -> bool:
    """Whether a lower-case word can be Japanese in Hepburn."""
    return _ROMAJI.fullmatch(word) is not None


def shorten(romaji: str) -> str:
    """The reading as English print has it: long vowels short."""
    for long, short in _LONG.items():
        romaji = romaji.replace(long, short)
    return romaji


def spellings(surname: str, given: str) -> tuple[str, ...]:
    """Readings of surname and given name as a machine prints them; a soft ``h`` after ``n`` hardens."""
    given = given.replace("nh", "np").replace("tsuk", "kk") if given else ""
    short = f"{capitalise(shorten(surname))} {capitalise(shorten(given))}".strip()
    long = f"{capitalise(surname)} {capitalise(given)}".strip()
    return tuple(dict.fromkeys((short, long)))


def latin_forms(parts: Parts) -> Iterator[Form]:
    """What can be done with the romaji alone."""
    words = [w.lower() for w in parts.words]
    if not all(is_romaji(w) for w in words):
        return
    for at, word in enumerate(words):
        for old, new in _SCHEMES:
            if old in word:
                yield Form(Damage.ROMANISATION, parts.with_word(at, capitalise(word.replace(old, new))), 0.2)
        for i, letter in enumerate(word):
            if letter in "ou":
                for long in ("ou", "oh", "oo") if letter == "o" else ("uu",):
                    if word[i + 1 : i + 2] not in {"o", "u", "h"} and word[i - 1 : i] not in {"o", "u"}:
                        weight = 0.15 if i == len(word) - 1 else 0.08
                        form = capitalise(word[:i] + long + word[i + 1 :])
                        yield Form(Damage.ROMANISATION, parts.with_word(at, form), weight)
        for long, short in (*_LONG.items(), ("oh", "o")):
            if long in word:
                yield Form(Damage.ROMANISATION, parts.with_word(at, capitalise(word.replace(long, short))), 0.4)
        for old, new in _VOICED:  # the one character, voiced inside a compound or not
            i = word.find(old, 1)
            if i > 1 and word[i - 1] in "aiueon":
                changed = word[:i] + new + word[i + len(old) :]
                if is_romaji(changed):
                    yield Form(Damage.WRONG_READING, parts.with_word(at, capitalise(changed)), 0.05)


def native_forms(parts: Parts, native: str) -> Iterator[Form]:
    """What can be done with the characters; ``parts`` has the given name first, as English prints it."""
    chars = [c for c in native if "\u4e00" <= c <= "\u9fff"]
    if len(chars) != len(native.replace(" ", "").replace("\u3000", "")) or not 2 <= len(chars) <= 6:
        return
    if len(parts.words) == 1:
        for text in chinese.transliterated("".join(chars), is_person=False):
            yield Form(Damage.OTHER_LANGUAGE, text, 0.4)
    if len(parts.words) != 2:
        return
    table = han.characters()
    known = [table.get(c) for c in chars]
    if not all(known):
        return
    given_name, surname_name = (w.lower() for w in parts.words)
    length = _surname_length(native, chars, surname_name)
    for part, name, at in ((chars[:length], surname_name, 1), (chars[length:], given_name, 0)):
        for reading, weight in _readings(tuple(part)):
            if reading != name:
                yield Form(Damage.WRONG_READING, parts.with_word(at, capitalise(reading)), weight)
    for text in chinese.pinyin_words("".join(chars), length):
        yield Form(Damage.OTHER_LANGUAGE, text, 0.4)
    hangul = [k.hangul[0] if k and k.hangul else "" for k in known]
    if all(hangul):
        for text in korean.spellings("".join(hangul), length):
            yield Form(Damage.OTHER_LANGUAGE, text, 0.2)


def _surname_length(native: str, chars: list[str], surname: str) -> int:
    """Where the surname ends: at the blank, else where its reading fits, else after two characters."""
    for blank in (" ", "\u3000"):
        if blank in native.strip():
            return len(native.strip().split(blank)[0])
    for length in (2, 1, 3):
        if length < len(chars) and any(r == surname for r, _ in _readings(tuple(chars[:length]))):
            return length
    return min(2, len(chars) - 1)


@lru_cache(maxsize=20_000)
def _readings(chars: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Likely readings of the characters together with their weight: all kun, all on, mixed."""
    if not 1 <= len(chars) <= 3:
        return ()
    table = han.characters()
    each: list[list[tuple[str, float]]] = []
    for char in chars:
        known = table.get(char)
        if known is None:
            return ()
        kun = [(shorten(r), w) for r, w in zip(known.kun[:2], (0.5, 0.25), strict=False)]
        on = [(shorten(r), w) for r, w in zip(known.on[:2], (0.4, 0.15), strict=False)]
        each.append(kun + on)
    combined: dict[str, float] = {"": 0.5}
    for options in each:
        combined = {head + r: w * v for head, w in combined.items() for r, v in options}
    return tuple(sorted(combined.items(), key=lambda c: (-c[1], c[0]))[:6])

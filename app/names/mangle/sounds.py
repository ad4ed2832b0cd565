"""How a reader of another script hears a Latin word: letters to sounds by the commonest reading, sounds to syllables.

One reading a word, the one that transliteration tables of Japanese, Chinese, Korean and Russian newsrooms share; the
rules that follow lose what those scripts cannot write.
"""

from __future__ import annotations

from functools import lru_cache

import regex

VOWELS = frozenset({"a", "e", "i", "o", "u", "ai", "ei", "au", "oi"})

# Longest first; ``(letters, sounds)``, sounds parted by blanks. A mark before or after stands for start or end of word.
_RULES: tuple[tuple[str, str], ...] = tuple(
    (letters, sounds)
    for letters, sounds in (
        ("^kn", "n"), ("^wr", "r"), ("^ps", "s"), ("^x", "z"), ("^mc", "m a k"), ("^mac", "m a k"), ("^ye", "y e"),
        ("tsch", "ch"), ("tion$", "sh o n"), ("ough", "o"), ("augh", "o"), ("eigh", "ei"), ("igh", "ai"),
        ("sch", "sh"), ("tch", "ch"), ("dge", "j"), ("dzh", "j"), ("cqu", "k w"), ("que$", "k"), ("gue$", "g"),
        ("eau", "o"), ("ould", "u d"), ("shch", "sh ch"),
        ("ch", "ch"), ("ck", "k"), ("ph", "f"), ("th", "th"), ("sh", "sh"), ("zh", "zh"), ("kh", "h"), ("gh", "g"),
        ("rh", "r"), ("wh", "w"), ("qu", "k w"), ("ts", "ts"), ("tz", "ts"), ("dz", "z"), ("dj", "j"), ("gn", "n y"),
        ("ng$", "n g"), ("mb$", "m"), ("sc^", "s"), ("ce$", "s"), ("ge$", "j"), ("se$", "s"), ("ze$", "z"),
        ("ee", "i"), ("ea", "i"), ("oo", "u"), ("ou", "u"), ("ow", "au"), ("au", "au"), ("aw", "o"), ("ai", "ei"),
        ("ay", "ei"), ("ei", "ai"), ("ey$", "i"), ("ey", "ei"), ("ie", "i"), ("eu", "u"), ("ew", "u"), ("ue$", "u"),
        ("oa", "o"), ("oe", "o"), ("oi", "oi"), ("oy", "oi"), ("ae", "e"), ("ui", "u i"), ("ia", "i a"), ("io", "i o"),
        ("er$", "a r"), ("or$", "o r"), ("ur$", "a r"), ("ir$", "a r"), ("y$", "i"), ("ll", "l"), ("ss", "s"),
        ("tt", "t"), ("pp", "p"), ("bb", "b"), ("dd", "d"), ("ff", "f"), ("gg", "g"), ("kk", "k"), ("mm", "m"),
        ("nn", "n"), ("rr", "r"), ("zz", "ts"), ("cc", "k"), ("aa", "a"), ("ii", "i"), ("uu", "u"),
        ("c^", "s"), ("c", "k"), ("q", "k"), ("x", "k s"), ("g^", "g"), ("e$", ""), ("j", "j"), ("y+", "y"), ("y", "i"),
        ("w", "w"), ("v", "v"), ("h$", ""), ("h-", ""),
    )
)  # fmt: skip
_SINGLE = {c: c for c in "abdefghijklmnoprstuvz"}
_NOT_LETTERS = regex.compile(r"[^a-z]+")


def _fits(letters: str, word: str, at: int) -> int:
    """How many letters of ``word`` from ``at`` on the rule takes, or 0. ``^`` last: before e, i, y; ``+``: a vowel."""
    core = letters.strip("^$+-")
    if not word.startswith(core, at):
        return 0
    end = at + len(core)
    after = word[end : end + 1]
    if letters[0] == "^" and at > 0:
        return 0
    last = letters[-1]
    if last == "$" and (end != len(word) or at == 0 or (core == "e" and at < 2)):
        return 0
    if last == "^" and (not after or after not in "eiy"):
        return 0
    if last == "+" and (not after or after not in "aeiou"):
        return 0
    if last == "-" and (not after or after in "aeiouy" or at == 0):
        return 0
    return len(core)


@lru_cache(maxsize=50_000)
def sounds(word: str) -> tuple[str, ...]:
    """The sounds of a lower-case ASCII word."""
    word = _NOT_LETTERS.sub("", word)
    heard: list[str] = []
    at = 0
    while at < len(word):
        for letters, out in _RULES_BY_FIRST.get(word[at], ()):
            taken = _fits(letters, word, at)
            if taken:
                heard += out.split()
                at += taken
                break
        else:
            heard.append(_SINGLE[word[at]])
            at += 1
    return tuple(heard)


def _by_first() -> dict[str, list[tuple[str, str]]]:
    table: dict[str, list[tuple[str, str]]] = {}
    for rule in _RULES:
        table.setdefault(rule[0].lstrip("^")[0], []).append(rule)
    return table


_RULES_BY_FIRST = _by_first()

# --- Japanese ---------------------------------------------------------------------------------------------------------
_KANA_CONSONANT = {"v": "b", "l": "r", "th": "s", "zh": "j", "ts": "ts"}
_KANA_PAIRS = {
    "si": "shi", "ti": "ti", "tu": "tsu", "hu": "fu", "zi": "ji", "di": "di", "wu": "u", "yi": "i", "ye": "ie",
    "sye": "she", "she": "she", "je": "je", "che": "che", "wi": "ui", "we": "ue", "wo": "uo", "fu": "fu",
}  # fmt: skip
_KANA_FILL = {"t": "o", "d": "o", "ch": "i", "j": "i", "sh": "u"}
_KANA_VOWEL = {"ai": "ai", "ei": "ei", "au": "au", "oi": "oi"}


def _pairs(heard: tuple[str, ...]) -> list[tuple[str, str]]:
    """Sounds as (consonant or nothing, vowel or nothing)."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(heard):
        if heard[at] in VOWELS:
            found.append(("", heard[at]))
            at += 1
        elif at + 1 < len(heard) and heard[at + 1] in VOWELS:
            found.append((heard[at], heard[at + 1]))
            at += 2
        else:
            found.append((heard[at], ""))
            at += 1
    return found


@lru_cache(maxsize=50_000)
def katakana(word: str) -> tuple[str, ...]:
    """The word as katakana would have it, in Hepburn, and as a reader without the original would spell that again."""
    forms: dict[str, None] = {}
    for silent_r in (True, False):
        spelt, romaji = _katakana(sounds(word), silent_r=silent_r)
        forms.update(dict.fromkeys((spelt, spelt.replace("r", "l"), romaji)))
    return tuple(form for form in forms if form)


def _katakana(heard: tuple[str, ...], *, silent_r: bool) -> tuple[str, str]:
    """Without and with the vowels that katakana adds; an r after a vowel is a long vowel (English) or a syllable."""
    full: list[str] = []
    short: list[str] = []
    for consonant, vowel in _pairs(heard):
        c = _KANA_CONSONANT.get(consonant, consonant)
        if silent_r and consonant == "r" and not vowel and full and full[-1][-1:] in "aeiou":
            continue  # a long vowel, which nobody writes
        if vowel:
            syllable = _KANA_PAIRS.get(c + vowel, c + vowel)
            full.append(syllable)
            short.append(syllable)
        elif c in {"n", "m"}:
            full.append("n" if c == "n" else "mu")
            short.append(c)
        else:
            full.append(_KANA_PAIRS.get(c + _KANA_FILL.get(c, "u"), c + _KANA_FILL.get(c, "u")))
            short.append(c)
    return "".join(short), "".join(full)


# --- Chinese ----------------------------------------------------------------------------------------------------------
_HAN_CONSONANT = {"v": "w", "r": "l", "th": "s", "j": "zh", "z": "z", "ts": "c", "zh": "r", "y": "y"}
_HAN_ALONE = {
    "b": "bu", "p": "pu", "d": "de", "t": "te", "g": "ge", "k": "ke", "f": "fu", "v": "fu", "w": "wu", "s": "si",
    "th": "si",
    "z": "zi", "sh": "shi", "zh": "ri", "ch": "qi", "j": "ji", "h": "he", "m": "mu", "n": "en", "l": "er", "r": "er",
    "ts": "ci", "y": "yi",
}  # fmt: skip
_HAN_PAIRS = {
    "gi": "ji", "ki": "ji", "hi": "xi", "si": "xi", "zi": "qi", "ci": "qi", "zhi": "ji", "chi": "qi", "shi": "xi",
    "ri": "li",
    "fi": "fei", "wi": "wei", "we": "wei", "ke": "kai", "be": "bei", "pe": "pei", "me": "mai", "fe": "fei", "ye": "ye",
    "bo": "bo", "po": "po", "mo": "mo", "fo": "fu", "to": "tuo", "do": "duo", "no": "nuo", "lo": "luo", "go": "ge",
    "ko": "ke",
    "ho": "huo", "so": "suo", "zo": "zuo", "wo": "wo", "zho": "qiao", "sho": "xiao", "cho": "qiao", "yo": "yue",
    "yu": "you",
    "zha": "jia", "sha": "sha", "cha": "cha", "ne": "nei", "le": "lei", "se": "sai", "te": "te", "de": "de", "he": "he",
    "wu": "wu", "fai": "fei", "au": "ao", "oi": "wo yi", "e": "ai", "i": "yi", "o": "ao", "u": "wu", "ei": "ai",
    "ro": "luo",
    "zhu": "zhu", "chu": "qiu", "shu": "shu", "zhe": "jie", "she": "xie", "che": "qie", "tei": "tai", "dei": "dai",
    "sei": "sai", "kei": "kai", "gei": "gai", "ei ": "ai", "lei": "lei", "ti": "ti", "di": "di", "ra": "la",
    "wei": "wei",
}  # fmt: skip
_HAN_NASAL = {"a": "an", "ai": "an", "au": "ang", "e": "en", "ei": "en", "i": "in", "o": "ong", "u": "un", "oi": "ong"}


@lru_cache(maxsize=50_000)
def pinyin(word: str) -> str:
    """The word as a Chinese newsroom would transliterate it, read in pinyin."""
    out: list[str] = []
    pairs = _pairs(sounds(word))
    skip = False
    for at, (consonant, vowel) in enumerate(pairs):
        if skip:
            skip = False
            continue
        if not vowel:
            if consonant == "r" and out and at + 1 < len(pairs):
                continue  # r before a consonant is not written
            out.append(_HAN_ALONE[consonant])
            continue
        c = _HAN_CONSONANT.get(consonant, consonant)
        following = pairs[at + 1] if at + 1 < len(pairs) else ("", "")
        if following in {("n", ""), ("m", "")} and following[0] == "n":
            syllable = c + _HAN_NASAL[vowel] if c else {"e": "en", "o": "ang"}.get(vowel, _HAN_NASAL[vowel])
            syllable = {"in": "yin", "un": "wen", "ong": "weng"}.get(syllable, syllable)
            out.append(
                {"gin": "jin", "kin": "jin", "hin": "xin", "sin": "xin", "zhin": "jin", "chin": "qin"}.get(
                    syllable, syllable
                )
            )
            skip = True
            continue
        vowel = {"au": "ao", "oi": "ui"}.get(vowel, vowel)
        out.append(_HAN_PAIRS.get(c + vowel, c + vowel))
    return "".join(out).replace(" ", "")


# --- Korean -----------------------------------------------------------------------------------------------------------
_HANGUL = {"f": "p", "v": "b", "z": "j", "th": "s", "zh": "j", "ts": "ch", "l": "l", "r": "r", "w": "w", "sh": "s"}


@lru_cache(maxsize=50_000)
def hangul(word: str) -> str:
    """The word as Korean would write it, in Revised Romanisation."""
    out: list[str] = []
    pairs = _pairs(sounds(word))
    for at, (consonant, vowel) in enumerate(pairs):
        c = _HANGUL.get(consonant, consonant)
        if c == "l" and vowel:
            c = "ll" if out and out[-1][-1:] in "aeiou" else "r"
        if consonant == "sh" and not vowel:
            out.append("si")
            continue
        if vowel:
            v = {"e": "e", "ai": "ai", "ei": "ei", "au": "au", "o": "o", "i": "i"}.get(vowel, vowel)
            out.append(c + ("y" if consonant == "sh" and v in {"a", "o", "u", "e"} else "") + v)
        elif c == "r":
            if not out or out[-1][-1:] not in "aeiou":
                out.append("reu")
        elif c in {"n", "m", "l"} or (at == len(pairs) - 1 and c in {"p", "k", "t"}):
            out.append(c)
        else:
            out.append(c + ("i" if c in {"j", "ch"} else "eu"))
    return "".join(out)


# --- Cyrillic ---------------------------------------------------------------------------------------------------------
_CYRILLIC = {
    "w": "v",
    "h": "kh",
    "th": "t",
    "j": "dzh",
    "y": "y",
    "ts": "ts",
    "zh": "zh",
    "ai": "ay",
    "ei": "ey",
    "au": "au",
    "oi": "oy",
}


@lru_cache(maxsize=50_000)
def cyrillic(word: str) -> tuple[str, ...]:
    """The word as Russian would hear it, or copy it letter by letter, in Latin letters again."""
    heard = "".join(_CYRILLIC.get(s, s) for s in sounds(word))
    copied = word
    for old, new in _CYRILLIC_COPY:
        copied = copied.replace(old, new)
    forms = (heard, copied, copied.replace("kh", "g"), copied.replace("kh", "h"), heard.replace("dzh", "j"))
    return tuple(dict.fromkeys(f for f in forms if f))


_CYRILLIC_COPY = (
    ("sch", "sh"), ("ck", "kk"), ("ch", "\1"), ("sh", "\2"), ("th", "t"), ("ph", "f"), ("kh", "h"), ("h", "kh"),
    ("ce", "se"),
    ("ci", "si"), ("cy", "si"), ("c", "k"), ("\1", "ch"), ("\2", "sh"), ("w", "v"), ("x", "ks"), ("qu", "kv"),
    ("q", "k"),
    ("j", "y"), ("ee", "i"), ("oo", "u"),
)  # fmt: skip


# --- Arabic -----------------------------------------------------------------------------------------------------------
_ARABIC = (
    ("ch", "sh"), ("ph", "f"), ("th", "th"), ("ck", "k"), ("qu", "k"), ("p", "b"), ("v", "f"), ("g", "j"), ("c", "k"),
    ("x", "ks"), ("q", "k"), ("w", "u"), ("ee", "i"), ("oo", "u"), ("o", "u"), ("e", "i"),
)  # fmt: skip


@lru_cache(maxsize=50_000)
def arabic(word: str) -> tuple[str, ...]:
    """The word after a script that has neither p nor v nor short vowels: with each loss alone, then with all."""
    forms = [word.replace(old, new) for old, new in _ARABIC if old in word and old != new]
    everything = word
    for old, new in _ARABIC:
        everything = everything.replace(old, new)
    undoubled = regex.sub(r"([b-df-hj-np-tv-z])\1", r"\1", word)
    vowels = [
        regex.sub(pattern, new, word)
        for pattern, new in ((r"(?<=[^aeiou])e(?=[^aeiou])", "a"), (r"(?<=[^aeiou])i(?=[^aeiou])", "e"))
    ]
    return tuple(dict.fromkeys(f for f in (undoubled, *forms, *vowels, everything) if f and f != word))

"""One canonical form for comparing names, script by script.

The form is for comparison only: nothing is ever printed in it. Case, compatibility forms, diacritics of alphabets that
drop them in transit, vowel points, punctuation and hyphens are gone; words are parted by one space. Marks that carry
the sound (Japanese voicing, Indic vowel signs) stay.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import regex

WORDS = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")  # of a text, with hyphens and apostrophes inside them
_DROPPED_MARKS = regex.compile(
    r"(?<=[\p{Latin}\p{Greek}\p{Cyrillic}])\p{Mn}+|[\p{Mn}\p{Cf}&&[\p{Arabic}\p{Hebrew}\u0610-\u061a\u064b-\u065f]]+",
    regex.VERSION1,
)
# Letters that Unicode does not decompose but that lose their stroke, or open up, in plain English print.
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t",
        "ŋ": "ng",
        "ə": "a", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ĸ": "k", "ⱪ": "k", "ß": "ss",
        "ـ": None, "ى": "ي", "ک": "ك", "ی": "ي", "ۀ": "ه", "ة": "ه",
    }
)  # fmt: skip
_APOSTROPHES = regex.compile(r"(?<=\p{L})['’‘ʼʻ`´ʹʾʿ＇ˈ](?=\p{L})|[ʹʺʼʻʾʿ]")
_HYPHENS = r"\p{Pd}\u00ad\u2212"
_HYPHEN_INSIDE = regex.compile(rf"(?<=[\p{{L}}\p{{N}}])[{_HYPHENS}](?=[\p{{L}}\p{{N}}])")
_NO_WORD = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
_POSSESSIVE = regex.compile(r"(?:(?<=\p{L})['’‘ʼ＇]s|(?<=s)['’ʼ＇])$", regex.IGNORECASE)
_ARTICLE = regex.compile(r"^the ")
_MOST_ROUNDS = 4


def strip_possessive(text: str) -> str:
    """The name without the possessive ending that a sentence gave it: ``Xi’s`` is ``Xi``, ``Wells'`` is ``Wells``."""
    return _POSSESSIVE.sub("", text)


@lru_cache(maxsize=65_536)
def normalise(text: str) -> str:
    """The canonical form; hyphens part words. Doing it twice changes nothing.

    Possessive endings are kept, for ``McDonald's`` is a name: see ``strip_possessive`` and ``query_keys``.
    """
    for _ in range(_MOST_ROUNDS):  # a few letters fold into letters that fold again
        folded = _fold(text)
        if folded == text:
            break
        text = folded
    return text


def _fold(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
        text = unicodedata.normalize("NFC", _DROPPED_MARKS.sub("", unicodedata.normalize("NFKD", text)))
    else:
        text = text.casefold()
    text = _NO_WORD.sub(" ", _APOSTROPHES.sub("", text.replace("&", " and "))).strip()
    return _join_initials(text) if " " in text else text


def _join_initials(text: str) -> str:
    """``j r r tolkien`` is ``jrr tolkien`` and ``u s`` is ``us``, however the dots and spaces stood."""
    words: list[str] = []
    run = False
    for word in text.split(" "):
        single = len(word) == 1 and "a" <= word <= "z"
        if single and run:
            words[-1] += word
        else:
            words.append(word)
        run = single
    return " ".join(words)


def tokens(text: str) -> tuple[str, ...]:
    """The words of the canonical form."""
    return tuple(normalise(text).split())


def index_keys(name: str) -> tuple[str, ...]:
    """Under which keys a name of the knowledge base is filed: as it is, and with its hyphens closed up."""
    keys = [normalise(name)]
    if _HYPHEN_INSIDE.search(name):
        keys.append(normalise(_HYPHEN_INSIDE.sub("", name)))
    return tuple(dict.fromkeys(k for k in keys if k))


def query_keys(text: str) -> tuple[str, ...]:
    """Under which keys to look for a name as it stands in a sentence, the most literal first.

    Beyond ``index_keys``: without the possessive, and without a leading article.
    """
    keys = list(index_keys(text))
    bare = strip_possessive(text)
    if bare != text:
        keys += index_keys(bare)
    keys += [_ARTICLE.sub("", key) for key in keys if key.startswith("the ")]
    return tuple(dict.fromkeys(k for k in keys if k))


_SCRIPTS = (
    ("Latn", regex.compile(r"\p{Latin}")),
    ("Hira", regex.compile(r"\p{Hiragana}")),
    ("Kana", regex.compile(r"\p{Katakana}")),
    ("Hang", regex.compile(r"\p{Hangul}")),
    ("Hani", regex.compile(r"\p{Han}")),
    ("Cyrl", regex.compile(r"\p{Cyrillic}")),
    ("Arab", regex.compile(r"\p{Arabic}")),
    ("Grek", regex.compile(r"\p{Greek}")),
    ("Hebr", regex.compile(r"\p{Hebrew}")),
    ("Deva", regex.compile(r"\p{Devanagari}")),
    ("Thai", regex.compile(r"\p{Thai}")),
    ("Geor", regex.compile(r"\p{Georgian}")),
    ("Armn", regex.compile(r"\p{Armenian}")),
    ("Beng", regex.compile(r"\p{Bengali}")),
    ("Taml", regex.compile(r"\p{Tamil}")),
)


@lru_cache(maxsize=4096)
def script_of(text: str) -> str:
    """ISO 15924 code of the script that most letters are in; ``Jpan`` for a mixture with kana, ``Zyyy`` for none."""
    counts = [(len(pattern.findall(text)), code) for code, pattern in _SCRIPTS]
    most, code = max(counts, key=lambda c: c[0])
    if most == 0:
        return "Zyyy"
    present = {c for n, c in counts if n}
    return "Jpan" if {"Hani"} < present & {"Hani", "Hira", "Kana"} else code


def is_latin_word(token: str) -> bool:
    """Whether a word of a canonical form can stand in an English sentence."""
    return token.isascii() and token.isalnum()


def acronyms(name: str, function_words: frozenset[str]) -> set[str]:
    """The acronyms that a name of several words may have: with the function words and without."""
    words = [w for w in normalise(name).split() if is_latin_word(w)]
    full = "".join(w[0] for w in words if w != "the")
    content = "".join(w[0] for w in words if w not in function_words)
    return {a for a in (full, content) if _SHORTEST_ACRONYM <= len(a) <= _LONGEST_ACRONYM}


_SHORTEST_ACRONYM, _LONGEST_ACRONYM = 3, 8

# ruff: noqa: SIM905
# Word tables are read and edited as running text.
"""English endings of one word, and the article before it: what it takes to put another term into a sentence.

Own rules rather than a library: ``inflect`` takes seconds to import and knows no past tense, ``lemminflect`` a second
and 50 MB; a term needs three endings.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

from app.core.classify import FUNCTION_WORDS, IRREGULAR_NOUNS, IRREGULAR_VERBS

__all__ = ["Form", "article", "bases", "inflect", "is_plural"]


class Form(StrEnum):
    """What an ending makes of a word."""

    BASE = "base"
    S = "s"  # plural of a noun, third person of a verb
    PAST = "past"
    PARTICIPLE = "participle"  # the same as the past for regular verbs
    ING = "ing"


_PLURALS: Final = {one: many for one, _, many in (entry.partition(":") for entry in IRREGULAR_NOUNS)}
_SINGULARS: Final = {many: one for one, many in _PLURALS.items()}
_SAME_PLURAL: Final = frozenset(
    "series species sheep deer fish aircraft spacecraft offspring news information equipment software hardware data "
    "media staff personnel police cattle evidence advice knowledge research progress".split()
)
_IRREGULAR: Final[dict[str, dict[Form, str]]] = {}
_IRREGULAR_BASES: Final[dict[str, set[tuple[str, Form]]]] = {}
_IES: Final = re.compile(r"[^aeiou]y$")
_ES: Final = re.compile(r"(?:s|x|z|ch|sh)$")
_OES: Final = frozenset("hero potato tomato echo veto embargo torpedo cargo mosquito volcano go do".split())
# One syllable with one vowel before one consonant: "plan", "stop", "quit", but not "fix", "show", "look".
_DOUBLES: Final = re.compile(r"(?:[^aeiou\W]*|qu)[aeiou][bcdfgklmnprtvz]$")
# Stress on the last syllable doubles its consonant as well.
_DOUBLES_LATE: Final = frozenset(
    "prefer refer occur admit commit permit submit omit emit transmit control patrol regret forget begin transfer "
    "defer infer confer equip compel expel propel repel incur concur deter rebel acquit format outwit upset".split()
)
_MAN: Final = re.compile(r"(?<!hu)(?<!ger)(?<!\bro)(?<!otto)(?<!tali)(?<!sha)(?<!nor)(?<!mussul)(?<=\w{2})man$")
_LEAST_BASE: Final = 3


def _fill() -> None:
    for entry in IRREGULAR_VERBS:
        base, _, rest = entry.partition(":")
        third, past, participle = rest.split("/")
        forms = {Form.S: third.split(",")[-2 if base == "be" else -1], Form.PAST: past.split(",")[0]}
        forms[Form.PARTICIPLE] = participle.split(",")[0]
        _IRREGULAR[base] = forms
        for words, form in ((third, Form.S), (past, Form.PAST), (participle, Form.PARTICIPLE)):
            for word in words.split(","):
                _IRREGULAR_BASES.setdefault(word, set()).add((base, form))


_fill()


@lru_cache(maxsize=8192)
def bases(word: str) -> tuple[tuple[str, Form], ...]:
    """The words that a lower-case word may be a form of, each with the form; generous, never the word itself."""
    found = set(_IRREGULAR_BASES.get(word, ()))
    if word.endswith("men") and _MAN.search(word[:-2] + "an"):
        found.add((word[:-2] + "an", Form.S))
    if word in _SINGULARS:
        found.add((_SINGULARS[word], Form.S))
    if word in FUNCTION_WORDS and not word.endswith("ing"):  # "this" is no form of "thi"
        return tuple(sorted(found))
    if word.endswith("s") and not word.endswith("ss"):
        found.add((word[:-1], Form.S))
        if word.endswith("ies"):
            found.add((word[:-3] + "y", Form.S))
        elif word.endswith("es") and (_ES.search(word[:-2]) or word[:-2] in _OES):
            found.add((word[:-2], Form.S))
    for ending, form in (("ed", Form.PAST), ("ing", Form.ING)):
        stem = word.removesuffix(ending)
        if stem == word:
            continue
        found |= {(stem, form), (stem + "e", form)}
        if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "aeiou":
            found.add((stem[:-1], form))
        if form is Form.PAST and stem.endswith("i"):
            found.add((stem[:-1] + "y", form))
        if form is Form.ING and stem.endswith("y"):
            found.add((stem[:-1] + "ie", form))
    return tuple(sorted((b, f) for b, f in found if b != word and _may_be(b, f, word)))


def _may_be(base: str, form: Form, word: str) -> bool:
    irregular = _IRREGULAR.get(base)
    if irregular is not None:  # "singed" is no form of "sing"; "makes" is one of "make"
        return form is Form.ING or form is Form.S or (base, form) in _IRREGULAR_BASES.get(word, ())
    return len(base) >= _LEAST_BASE and base not in FUNCTION_WORDS


def inflect(term: str, form: Form, *, after_auxiliary: bool = False) -> str:
    """A term with the ending of ``form``, on its last word or, where that is a particle ("carry out"), on its first.

    Args:
        term: As a dictionary has it; what is plural already, or has no ending to change, stays as it is.
        form: The ending wanted.
        after_auxiliary: A past form that stands after "has" or "was": a participle.
    """
    if form is Form.BASE:
        return term
    words = re.split(r"(\s+)", term)
    at = 0 if len(words) > 1 and (form is not Form.S or words[-1].lower() in FUNCTION_WORDS) else len(words) - 1
    if form is Form.PAST and after_auxiliary:
        form = Form.PARTICIPLE
    words[at] = _ending(words[at], form)
    return "".join(words)


def _ending(word: str, form: Form) -> str:
    lower = word.lower()
    if not word[-1:].isalpha() or not lower.isascii():
        return word + "s" if form is Form.S and word[-1:].isalpha() else word
    if form is Form.S:
        if is_plural(lower):
            return word
        if len(word) > 1 and word.isupper():
            return word + "s"  # NGOs
    new = _lower_ending(lower, form)
    shared = 0
    while shared < min(len(lower), len(new)) and lower[shared] == new[shared]:
        shared += 1
    return word[:shared] + (new[shared:].upper() if len(word) > 1 and word.isupper() else new[shared:])


def _lower_ending(word: str, form: Form) -> str:
    irregular = _IRREGULAR.get(word, {}).get(form)
    if form is Form.S:
        if word in _PLURALS or irregular:
            return _PLURALS.get(word) or irregular or word
        if _MAN.search(word):
            return word[:-2] + "en"
        if _IES.search(word):
            return word[:-1] + "ies"
        return word + ("es" if _ES.search(word) or word in _OES else "s")
    if irregular:
        return irregular
    doubled = word + word[-1] if _DOUBLES.fullmatch(word) or word in _DOUBLES_LATE else word
    if form is Form.ING:
        if word.endswith("ie"):
            return word[:-2] + "ying"
        return (
            word[:-1] if len(word) > 2 and word.endswith("e") and not word.endswith(("ee", "oe", "ye")) else doubled
        ) + "ing"
    if word.endswith("e"):
        return word + "d"
    return word[:-1] + "ied" if _IES.search(word) else doubled + "ed"


def is_plural(word: str) -> bool:
    """Whether a lower-case word looks like a plural already, or has the same form for both."""
    if (
        word in _SAME_PLURAL
        or word in _SINGULARS
        or word.endswith("ics")
        or (word.endswith("men") and _MAN.search(word[:-2] + "an"))
    ):
        return True
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "as", "os")) and len(word) > _LEAST_BASE


# --- the article ---

_SILENT_H: Final = re.compile(r"(?:hour|honest|honou?r|heir)")
_LIKE_Y: Final = re.compile(r"eu|ew|ubi|ukr|ui|u[cfghjkrst][aeiou]|uni(?!mp|mag|nt|nf|nh|ns|nv|den|nit|nju|ss)")
_LIKE_W: Final = re.compile(r"on(?:e(?!r)|ce)|oui|ouija")
_LETTERS_LIKE_VOWELS: Final = frozenset("AEFHILMNORSX")
_VOWELS: Final = frozenset("aeiouæøœ")
_NUMBER: Final = re.compile(r"(\d+)")
_ACRONYM: Final = re.compile(r"[A-Z]{2,}(?![a-z]{2})")
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def article(term: str) -> str:
    """``"a"`` or ``"an"``, by how the first word of ``term`` is said."""
    match = _WORD.search(term)
    word = match.group() if match else ""
    number = _NUMBER.match(word)
    if number is not None:
        digits = number.group()
        return "an" if digits[0] == "8" or (digits[:2] in ("11", "18") and len(digits) % 3 == 2) else "a"
    acronym = _ACRONYM.match(word)
    lower = word.lower()
    if acronym is not None or len(word) == 1:
        letters = acronym.group() if acronym else word.upper()
        is_said_as_word = len(letters) > 3 and re.search(r"[AEIOU]", letters[1:-1]) is not None
        if letters.startswith(("UN", "EU")):
            return "a"
        if not is_said_as_word:
            return "an" if letters[0] in _LETTERS_LIKE_VOWELS else "a"
    if _SILENT_H.match(lower):
        return "an"
    if _LIKE_Y.match(lower) or _LIKE_W.match(lower):
        return "a"
    return "an" if unicodedata.normalize("NFD", lower)[:1] in _VOWELS else "a"

"""What becomes of any name in Latin letters: marks, hyphens, capitals, order, letters that sound alike, endings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

import regex
from anyascii import anyascii

from app.names.given_names import equivalents
from app.names.mangle import sounds
from app.names.mangle.forms import Damage
from app.names.mangle.words import Form, Parts, capitalise, like

_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa",
    "ß": "ss",
     "š": "sh", "č": "ch", "ž": "zh", "Š": "Sh", "Č": "Ch", "Ž": "Zh", "ş": "sh", "Ş": "Sh", "ç": "ch", "Ç": "Ch",
     "ğ": "gh",
     "ć": "ch", "Ć": "Ch", "ț": "ts", "Ț": "Ts", "ș": "sh", "Ș": "Sh", "ñ": "ny", "ě": "ie", "ł": "w", "õ": "o"}
)  # fmt: skip
PARTICLES = frozenset(
    [
        "van",
        "von",
        "de",
        "der",
        "den",
        "del",
        "della",
        "di",
        "da",
        "do",
        "dos",
        "das",
        "du",
        "la",
        "le",
        "los",
        "las",
        "el",
        "al",
        "bin",
        "ibn",
        "ben",
        "abu",
        "bint",
        "y",
        "e",
        "af",
        "av",
        "zu",
        "zum",
        "ter",
        "ten",
        "of",
        "the",
        "and",
        "for",
        "in",
        "on",
        "at",
    ]
)
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
_LETTER = regex.compile(r"\p{L}")
LONGEST_CHUNK = 4  # letters of one confusion; "^" and "$" in the table stand for the start and the end of a word


@lru_cache(maxsize=1)
def confusions() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """What a machine writes for a group of letters, learned from real pairs; see ``data/README.md``."""
    packed = json.loads(files("app.names.mangle").joinpath("data/confusions.json").read_text(encoding="utf-8"))
    table: dict[str, list[tuple[str, float]]] = {}
    for right, wrong, rate in packed["confusions"]:
        table.setdefault(right, []).append((wrong, rate))
    return {right: tuple(wrongs) for right, wrongs in table.items()}


def fold(text: str) -> str:
    """Without marks."""
    return text if text.isascii() else anyascii(text)


def mark_forms(parts: Parts) -> Iterator[Form]:
    """Marks, hyphens, apostrophes and capitals."""
    name = " ".join(parts.words)
    if not name.isascii():
        yield Form(Damage.DIACRITICS, fold(name), 0.7)
        spelt = name.translate(_SPELT_OUT)
        if spelt != name:
            yield Form(Damage.DIACRITICS, fold(spelt), 0.3)
        for at, word in enumerate(parts.words):
            if not word.isascii():
                yield Form(Damage.DIACRITICS, parts.with_word(at, fold(word)), 0.2)
    if "-" in name:
        yield Form(Damage.HYPHENS, name.replace("-", " "), 0.5)
        yield Form(Damage.HYPHENS, regex.sub(r"-(\p{L})", lambda m: m[1].lower(), name), 0.3)
        yield Form(Damage.HYPHENS, name.replace("-", ""), 0.1)
    if "'" in name or "’" in name:
        yield Form(Damage.HYPHENS, regex.sub(r"['’]", "", name), 0.5)
        yield Form(Damage.HYPHENS, regex.sub(r"['’](\p{L})", lambda m: m[1].lower(), name), 0.3)
    if len(parts.words) > 1:
        yield Form(Damage.CASE, name.lower(), 0.2)
        for at, word in enumerate(parts.words):
            if word[0].isupper() and not word.isupper():
                yield Form(Damage.CASE, parts.with_word(at, word.lower()), 0.2)
            elif word.lower() in PARTICLES and at:
                yield Form(Damage.CASE, parts.with_word(at, capitalise(word)), 0.3)


def order_forms(parts: Parts) -> Iterator[Form]:
    """The words of a person's name in the other order, or one of them gone."""
    words = parts.words
    if not 2 <= len(words) <= 5 or words[-1].lower() in _SUFFIXES:
        return
    if len(words) == 2:
        yield Form(Damage.SWAPPED, f"{words[1]} {words[0]}", 0.8)
        yield Form(Damage.SWAPPED, f"{words[1]}, {words[0]}", 0.1)
        return
    yield Form(Damage.SWAPPED, " ".join((words[-1], *words[:-1])), 0.4)
    yield Form(Damage.SWAPPED, " ".join((*words[1:], words[0])), 0.3)
    for at in range(1, len(words)):
        yield Form(Damage.SHORTENED, parts.with_word(at, ""), 0.4 if at < len(words) - 1 else 0.2)
    if words[1].endswith(".") or len(words[1]) == 1:
        return
    for at in range(len(words) - 1):
        joined = (*words[:at], words[at] + words[at + 1].lower(), *words[at + 2 :])
        yield Form(Damage.SHORTENED, " ".join(joined), 0.1)


def spelling_forms(parts: Parts) -> Iterator[Form]:
    """One group of letters written as another that sounds alike somewhere, by how often that was seen."""
    for at, word in enumerate(parts.words):
        if len(word) < 3 or word.lower() in PARTICLES or not word[0].isupper() or word.isupper():
            continue
        for new, weight in respelt(fold(word).lower()):
            kind = (
                Damage.ENDING
                if new[:1] == word[:1].lower() and _same_stem(fold(word).lower(), new)
                else Damage.SPELLING
            )
            yield Form(kind, parts.with_word(at, capitalise(new)), weight)


def _same_stem(one: str, other: str) -> bool:
    """Whether the words part only behind a stem: one goes on where the other ends, or two letters before."""
    shorter = min(len(one), len(other))
    return len(one) != len(other) and one[: shorter - 1] == other[: shorter - 1] and shorter > 2


_MOST_SINGLE = 48
_MOST_DOUBLE = 16


@lru_cache(maxsize=100_000)
def respelt(word: str) -> tuple[tuple[str, float], ...]:
    """Words that differ from a lower-case one by one confusion or the likeliest two, with the rates' product."""
    edits = _edits(f"^{word}$")
    found: dict[str, float] = {}
    for start, end, wrong, rate in edits[:_MOST_SINGLE]:
        new = f"^{word}$"
        new = (new[:start] + wrong + new[end:]).strip("^$")
        found[new] = max(found.get(new, 0.0), rate)
    best = edits[:8]
    doubles: dict[str, float] = {}
    for i, (start, end, wrong, rate) in enumerate(best):
        for start2, end2, wrong2, rate2 in best[i + 1 :]:
            if end <= start2 or end2 <= start:
                (s1, e1, w1), (s2, e2, w2) = sorted(((start, end, wrong), (start2, end2, wrong2)))
                new = f"^{word}$"
                new = (new[:s1] + w1 + new[e1:s2] + w2 + new[e2:]).strip("^$")
                doubles[new] = max(doubles.get(new, 0.0), rate * rate2)
    for new, rate in sorted(doubles.items(), key=lambda d: (-d[1], d[0]))[:_MOST_DOUBLE]:
        found.setdefault(new, rate)
    found.pop(word, None)
    return tuple((new, rate) for new, rate in found.items() if len(new) > 1)


def _edits(marked: str) -> list[tuple[int, int, str, float]]:
    """Where which confusion could strike, likeliest first: start, end, new letters, rate."""
    table = confusions()
    edits = [
        (start, start + length, wrong, rate)
        for start in range(len(marked))
        for length in range(1, min(LONGEST_CHUNK, len(marked) - start) + 1)
        for wrong, rate in table.get(marked[start : start + length], ())
    ]
    return sorted(edits, key=lambda e: (-e[3], e[0], e[1], e[2]))


_SEXES = (("ova", "ov"), ("eva", "ev"), ("ina", "in"), ("skaya", "sky"), ("ska", "ski"), ("ská", "ský"), ("ová", ""),
          ("iene", "as"), ("ienė", "as"), ("aite", "as"), ("dottir", "son"), ("dóttir", "son"))  # fmt: skip


def sex_forms(parts: Parts) -> Iterator[Form]:
    """The surname as a person of the other sex would have it."""
    if len(parts.words) < 2:
        return
    last, at = parts.words[-1], len(parts.words) - 1
    for hers, his in _SEXES:
        if last.endswith(hers) and len(last) > len(hers) + 2:
            yield Form(Damage.TITLE, parts.with_word(at, last[: -len(hers)] + his), 0.5)
        elif his and last.endswith(his) and len(last) > len(his) + 2 and his not in {"as", "in"}:
            yield Form(Damage.TITLE, parts.with_word(at, last[: -len(his)] + hers), 0.2)


def given_name_forms(parts: Parts) -> Iterator[Form]:
    """A given name replaced by its counterpart in another language, as if it had a meaning to translate."""
    if len(parts.words) < 2:
        return
    for at, word in enumerate(parts.words[:-1]):
        for other in equivalents(word.lower()):
            yield Form(Damage.TRANSLATED, parts.with_word(at, capitalise(other)), 0.3)


def round_trips(parts: Parts) -> Iterator[Form]:
    """Through the scripts of five languages and back, the whole name and, where it has two words, each alone."""
    lower = [fold(w).lower() for w in parts.words]
    whole: dict[tuple[Damage, int], list[str]] = {}
    for at, word in enumerate(lower):
        if word in PARTICLES or len(word) < 3:
            changed: dict[Damage, tuple[str, ...]] = {}
        else:
            changed = {
                Damage.KATAKANA: sounds.katakana(word),
                Damage.CYRILLIC: sounds.cyrillic(word),
                Damage.ARABIC: sounds.arabic(word),
                Damage.HANGUL: (sounds.hangul(word),),
                Damage.HAN: (sounds.pinyin(word),),
            }
        for kind in (Damage.KATAKANA, Damage.CYRILLIC, Damage.ARABIC, Damage.HANGUL, Damage.HAN):
            forms = changed.get(kind, ())
            for i in range(2):
                text = like(forms[min(i, len(forms) - 1)], parts.words[at]) if forms else parts.words[at]
                whole.setdefault((kind, i), []).append(text)
            if len(lower) > 1:
                for form in forms:
                    if form != word:
                        yield Form(kind, parts.with_word(at, like(form, parts.words[at])), 0.15)
    for (kind, i), words in whole.items():
        yield Form(kind, " ".join(words), 0.3 if i == 0 else 0.15)


def has_letters(text: str) -> bool:
    """Whether there is anything to mangle."""
    return _LETTER.search(text) is not None

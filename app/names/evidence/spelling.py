"""Features of the letters and words of the text beside those of the name."""

from __future__ import annotations

from collections.abc import Sequence

import regex
from rapidfuzz.distance import JaroWinkler, Levenshtein, Prefix

from app.names.candidates import ENDINGS
from app.names.comparison import Comparison, Evidence
from app.names.countries import writes_latin
from app.names.likeness import Pair, sound
from app.names.normalise import normalise
from app.names.offices import FUNCTION_WORDS
from app.names.store import EntityKind

SHORTEST_STEM = 4  # letters before an ending


def same_spelling(c: Comparison) -> Evidence:
    """How much of the spelling is the same."""
    return Evidence("spelling", c.similarity, f"“{c.reading.text}” is spelt much like {c.candidate.name}")


def worst_word(c: Comparison) -> Evidence | None:
    """The least alike of the paired words."""
    if c.is_reworded:
        return None
    return Evidence("worst_word", min((p.similarity for p in c.pairs), default=0.0))


def same_sound(c: Comparison) -> Evidence | None:
    """The changed words sound the same."""
    if not c.changed or c.is_reworded:
        return None
    score = min(Levenshtein.normalized_similarity(sound(p.found), sound(p.meant)) for p in c.changed)
    word = min(c.changed, key=lambda p: p.similarity)
    return Evidence("sound", score, f"“{word.found}” sounds like “{word.meant}”")


def same_words(c: Comparison) -> Evidence | None:
    """Letters of the name that stand in words spelt as they should."""
    total = sum(len(p.meant) for p in c.pairs) + sum(map(len, c.unpaired_meant))
    same = [p.meant for p in c.pairs if p.is_same]
    if not same or not total:
        return None
    return Evidence("same_words", sum(map(len, same)) / total, f"“{' '.join(same)}” agrees")


def same_surname(c: Comparison) -> Evidence | None:
    """The last word of the name agrees, and another differs."""
    if not c.changed or not c.pairs or not c.pairs[-1].is_same:
        return None
    return Evidence("same_surname", 1.0)


def other_order(c: Comparison) -> Evidence | None:
    """The words agree, their order does not."""
    if c.changed or c.unpaired_found or c.unpaired_meant or len(c.pairs) < 2:
        return None
    return Evidence("other_order", 1.0, "the words stand in another order")


def same_start(c: Comparison) -> Evidence | None:
    """Share of the changed words that begin alike: machines garble ends more than beginnings."""
    if not c.changed:
        return None
    return Evidence("same_start", min(JaroWinkler.similarity(p.found[:3], p.meant[:3]) for p in c.changed))


def is_cut_or_grown(c: Comparison) -> Evidence | None:
    """One form is the other with letters at the end: an ending of the source language, or a lost one."""
    changed = c.changed
    if changed and all(p.found.startswith(p.meant) and len(p.found) - len(p.meant) <= 3 for p in changed):
        ends = [p.found[len(p.meant) :] for p in changed]
        return Evidence("ending", 1.0, f"“-{ends[0]}” looks like an ending of another language")
    return None


def is_truncated(c: Comparison) -> Evidence | None:
    """The text has the beginning of the word only."""
    if c.changed and all(p.meant.startswith(p.found) for p in c.changed):
        return Evidence("truncated", 1.0, "the end of the name is missing")
    return None


def length(c: Comparison) -> Evidence:
    """The longer a name, the less is a likeness by chance."""
    return Evidence("length", min(1.0, len(normalise(c.candidate.name)) / 20))


def changed_length(c: Comparison) -> Evidence:
    """Letters of the words that change: short words are like too many others."""
    return Evidence("changed_length", min(1.0, min((len(p.meant) for p in c.changed), default=0) / 10))


def edits_per_letter(c: Comparison) -> Evidence | None:
    """How many letters change, whatever the length."""
    if c.is_reworded:
        return None
    return Evidence("distance", min(1.0, sum(Levenshtein.distance(p.found, p.meant) for p in c.changed) / 6))


def missing_words(c: Comparison) -> Evidence | None:
    """Words of the name that the text lacks."""
    missing = _that_count(c, c.unpaired_meant)
    return Evidence("missing_words", min(1.0, missing / 2)) if missing else None


def extra_words(c: Comparison) -> Evidence | None:
    """Words of the text that the name lacks."""
    extra = _that_count(c, c.unpaired_found)
    return Evidence("extra_words", min(1.0, extra / 2)) if extra else None


def _that_count(c: Comparison, words: Sequence[str]) -> int:
    """How many words there are, but for *of* and *the* where an organisation's words stand in another order; none where
    they were translated."""
    return 0 if c.is_literal else sum(not c.is_bag or word not in FUNCTION_WORDS for word in words)


def rival(c: Comparison) -> Evidence | None:
    """Another name is nearly as close."""
    if c.is_far or c.is_exonym:  # letters do not tell: ``mangled_rival`` does
        return None
    if c.is_bag and c.is_sole_bag:  # nor do they where words stand in another order
        return None
    gap = c.similarity - c.rival_similarity
    return Evidence("rival", max(0.0, 1 - max(gap, 0.0) * 4), "another name is nearly as close") if gap < 0.25 else None


def sole_start(c: Comparison) -> Evidence | None:
    """Nobody else who may be meant has the words that agree and a name that begins so."""
    return Evidence("sole_start", 1.0, "nobody else of that name begins so") if c.is_sole_start else None


def variant(c: Comparison) -> Evidence | None:
    """The changed words only differ as two romanisations of one name do: both may be right.

    A name from a country that writes Latin letters has one spelling, unless English texts have the other as well; and
    what nobody writes is no spelling in use.
    """
    if not c.changed or any(sound(p.found) != sound(p.meant) for p in c.changed):
        return None
    if not all(c.attested.as_name(p.found) or p.found in c.reading.in_use for p in c.changed):
        return None
    entity = c.candidate.entity
    has_one = entity.kind is EntityKind.PERSON and entity.country and writes_latin(entity.country)
    if has_one and not all(c.attested.as_name(p.found) for p in c.changed):
        return None
    return Evidence("variant", 1.0, "both spellings are in use")


def case_ending(c: Comparison) -> Evidence | None:
    """An ending that machines are known to leave on names: *Craiovei*, *Podolskis*."""
    if not c.changed or c.is_exonym or any(c.attested.as_word(p.found) for p in c.changed):
        return None
    if not is_cut_at_apostrophe(c) and not all(_has_case_ending(p) for p in c.changed):
        return None
    return Evidence("case_ending", 1.0, f"“{c.changed[0].found}” has a case ending of another language")


def is_cut_at_apostrophe(c: Comparison) -> bool:
    """Whether the text is the name with an apostrophe and a case ending behind it."""
    name = before_apostrophe(c.reading.text)
    return bool(name) and normalise(name) == normalise(c.candidate.name)


def before_apostrophe(text: str) -> str:
    """What stands before an apostrophe and a case ending, as Turkish parts them: *Adana'ya*; empty if nothing does."""
    ending = _TURKISH.search(text)
    return text[: ending.start()] if ending is not None else ""


# No vowel alone: *Lana'i*, *San'a*.
_TURKISH = regex.compile(r"['’](?:n?[dt][ae]n?|y[aeıiuü]|n?[ıiuü]n|n?[dt][ae]ki)$")


def _has_case_ending(p: Pair) -> bool:
    shared = Prefix.similarity(p.found, p.meant)
    return shared >= SHORTEST_STEM and (p.found[shared:], p.meant[shared:]) in _CASE_ENDINGS


_CASE_ENDINGS = frozenset(ENDINGS)

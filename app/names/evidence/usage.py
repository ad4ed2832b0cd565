"""Features of how well words and entity are known: in edited English, in the base, to people who write."""

from __future__ import annotations

from math import log10

from rapidfuzz.distance import Levenshtein

from app.names.comparison import Comparison, Evidence
from app.names.evidence.spelling import variant
from app.names.given_names import are_equivalent, is_given_name
from app.names.likeness import sound
from app.names.normalise import normalise

FAMOUS = 0.4  # of the measure of ``Attested.as_name``: in some twenty documents


def popularity(c: Comparison) -> Evidence:
    """How well known they are."""
    return Evidence("popularity", c.candidate.entity.popularity)


def rare_words(c: Comparison) -> Evidence | None:
    """Words that agree and that few names have: a rare given name says more than a common one."""
    same = [p.meant for p in c.pairs if p.is_same and len(p.meant) > 2]
    if not same:
        return None
    best = max(same, key=lambda w: -c.attested.as_name(w))
    rarity = 1 - c.attested.as_name(best)
    return Evidence("rare_words", rarity, f"“{best}” is rare") if rarity > 0 else None


def attested_words(c: Comparison) -> Evidence | None:
    """The words that would change are names that edited English knows."""
    words = [p.found for p in c.changed] + list(c.unpaired_found)
    if not words or c.is_reworded:
        return None
    seen = sum(c.attested.as_name(w) for w in words) / len(words)
    return Evidence("attested", seen, f"“{words[0]}” is a name of its own") if seen else None


def common_word(c: Comparison) -> Evidence | None:
    """The words that would change are ordinary English words."""
    if c.is_reworded:
        return None
    words = [p.found for p in c.changed] + list(c.unpaired_found)
    seen = max((c.attested.as_word(w) for w in words), default=0.0)
    return Evidence("common_word", seen, "an ordinary English word") if seen else None


def known_target(c: Comparison) -> Evidence | None:
    """The words that it would become are names that edited English knows."""
    words = [p.meant for p in c.changed]
    if not words:
        return None
    return Evidence("known_target", min(c.attested.as_name(w) for w in words))


def famous_target(c: Comparison) -> Evidence | None:
    """The words that it would become stand in a great many documents, and those that stand there in none."""
    words = c.changed
    if not words or any(c.attested.as_name(p.found) or c.attested.as_word(p.found) for p in words):
        return None
    fame = min(c.attested.as_name(p.meant) for p in words)
    if fame <= 0.4:
        return None
    return Evidence(
        "famous_target", min(1.0, (fame - 0.4) * 2), f"“{words[0].found}” is no name that English texts use"
    )


def unheard(c: Comparison) -> Evidence | None:
    """The words that would change stand in no edited English at all."""
    words = [p.found for p in c.changed] + list(c.unpaired_found)
    if not words or c.is_reworded or any(c.attested.as_name(w) or c.attested.as_word(w) for w in words):
        return None
    return Evidence("unheard", 1.0)


def known_word(c: Comparison) -> Evidence | None:
    """A word that would change stands in other names of the base, and is not one given name in another language."""
    words = [p.found for p in c.changed if not are_equivalent(p.found, p.meant)]
    if not words or c.is_reworded or c.is_exonym:
        return None
    names = max(c.reading.known_words.get(w, 0) for w in words)
    return Evidence("known_word", min(1.0, log10(1 + names) / 2)) if names else None


def in_use(c: Comparison) -> Evidence | None:
    """People write a word that would change as it is: it may be a name that the base lacks."""
    if c.is_reworded:
        return None
    zipf = max((c.reading.in_use.get(p.found, 0.0) for p in c.changed), default=0.0)
    return Evidence("in_use", min(1.0, 0.4 + zipf / 10)) if zipf else None


def another_name(c: Comparison) -> Evidence | None:
    """A word that would change is a name of its own that does not sound like the other: *Gary* and *Mary*."""
    for p in () if c.is_reworded else c.changed:
        if are_equivalent(p.found, p.meant):
            continue
        named = c.attested.as_name(p.found) or (is_given_name(p.found) and is_given_name(p.meant))
        if named and Levenshtein.normalized_similarity(sound(p.found), sound(p.meant)) < 0.8:
            return Evidence("another_name", 1.0, f"“{p.found}” is another name")
    return None


def attested_variant(c: Comparison) -> Evidence | None:
    """Another romanisation that edited English has, too: both are right."""
    if variant(c) is None or not all(c.attested.as_name(p.found) for p in c.changed):
        return None
    return Evidence("attested_variant", 1.0)


def fame_of(c: Comparison) -> float:
    """How well edited English knows the least known of the words that the text would get."""
    return min((c.attested.as_name(p.meant) for p in c.changed), default=0.0)


def fame_of_all(c: Comparison) -> float:
    """The same, of all words of the name."""
    return min((c.attested.as_name(w) for w in normalise(c.candidate.name).split()), default=0.0)

"""Features that places have of their own, and whether the text speaks of one."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein, Prefix

from app.names.comparison import Comparison, Evidence
from app.names.countries import capitals
from app.names.evidence.damage import respelt
from app.names.evidence.document import is_of_the_text
from app.names.evidence.spelling import is_truncated, variant
from app.names.evidence.usage import fame_of, fame_of_all
from app.names.likeness import Pair
from app.names.mangle import chinese, japanese
from app.names.mangle.noise import respelling_probability
from app.names.store import EntityKind

PLACE_WORDS = frozenset([
    "in", "at", "near", "from", "to", "towards", "toward", "into", "outside", "across", "around", "visiting",
    "visited", "city", "town", "village", "province", "region", "capital", "district", "county", "municipality",
    "suburb", "island", "port", "north", "south", "east", "west", "northern", "southern", "eastern", "western",
    "central", "residents", "inhabitants", "citizens", "territory", "borders", "border", "outskirts", "suburbs",
    "mayor",
])  # fmt: skip
_NAMED, _OBSCURE = 0.2, 0.25  # of the measure of ``Attested.as_name``
_LONG_WORD, _SHORT_NAME = 8, 11  # letters


def is_place(c: Comparison) -> Evidence | None:
    """The candidate is a place."""
    return Evidence("is_place", 1.0) if c.candidate.entity.kind is EntityKind.PLACE else None


def is_placed(c: Comparison) -> Evidence | None:
    """A preposition of place, or a word such as *city*, stands before it."""
    if not (c.reading.preceded_by & PLACE_WORDS):
        return None
    return Evidence("placed", 1.0 if c.candidate.entity.kind is EntityKind.PLACE else -1.0)


def is_capital(c: Comparison) -> Evidence | None:
    """The text calls it a capital, and it is that of a country: *the Colombian capital Boáta*."""
    entity = c.candidate.entity
    if not c.reading.is_capital or entity.kind is not EntityKind.PLACE:
        return None
    if not entity.is_called(capitals().get(entity.country, "")):
        return None
    return Evidence("is_capital", 1.0, f"the capital of {entity.country}")


def unsupported_place(c: Comparison) -> Evidence | None:
    """Neither a preposition nor its country nor others of its country say that it is a place there."""
    if c.candidate.entity.kind is not EntityKind.PLACE or is_supported_place(c):
        return None
    return Evidence("unsupported_place", 1.0)


def is_supported_place(c: Comparison) -> bool:
    """Whether the text speaks of a place there: a preposition, its country, others of its country, or the caller."""
    if c.reading.preceded_by & PLACE_WORDS or c.candidate.entity.id in c.context.hinted:
        return True
    return is_of_the_text(c)


def famous_ending(c: Comparison) -> Evidence | None:
    """A well-known place with an ending of another language, in a form that English never has."""
    if c.candidate.entity.kind is not EntityKind.PLACE or not _is_inflected(c):
        return None
    if any(c.attested.as_name(p.found) or c.attested.as_word(p.found) for p in c.changed):
        return None
    return Evidence("famous_ending", fame_of(c)) if fame_of(c) else None


def is_cut_in_place(c: Comparison) -> Evidence | None:
    """A case ending after a preposition of place: *in Dubais*; without one it may be the people of the place."""
    if c.candidate.entity.kind is not EntityKind.PLACE or not _is_inflected(c):
        return None
    return Evidence("placed_ending", 1.0) if c.reading.preceded_by & PLACE_WORDS else None


def _is_inflected(c: Comparison) -> bool:
    """Whether only the end of each changed word differs, as far as endings of cases reach: *Craiovei* for *Craiova*."""
    return bool(c.changed) and all(_is_ending(p) for p in c.changed)


def _is_ending(p: Pair) -> bool:
    return _shared_start(p) >= max(4, len(p.meant) - 2)


def _shared_start(p: Pair) -> int:
    shared = Prefix.similarity(p.found, p.meant)
    return shared if len(p.found) - shared <= _LONGEST_ENDING else 0


_LONGEST_ENDING = 4


def obscure_place(c: Comparison) -> Evidence | None:
    """A place that edited English hardly knows."""
    if c.candidate.entity.kind is not EntityKind.PLACE:
        return None
    return Evidence("obscure_place", 1.0 - fame_of_all(c))


def well_formed(c: Comparison) -> Evidence | None:
    """The words that would change are made of the syllables of the language: Chinese and Japanese have a name for
    nearly every row of them."""
    if not c.changed or c.is_bag or (c.is_far and c.candidate.entity.kind is not EntityKind.PLACE):
        return None
    country = c.candidate.entity.country
    if country in _CHINESE:
        formed = all(chinese.split(p.found) and chinese.split(p.meant) for p in c.changed)
    elif country == "JP":
        formed = all(japanese.is_romaji(p.found) and japanese.is_romaji(p.meant) for p in c.changed)
    else:
        return None
    return Evidence("well_formed", 1.0, "may be another name of that language") if formed else None


_CHINESE = frozenset(("CN", "TW", "HK", "MO", "SG"))


def untraced(c: Comparison) -> Evidence | None:
    """Letters of a place differ as machines do not make them differ: by no known exchange, lost or added letter or
    ending."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_mangled or not c.changed or respelt(c) is not None:
        return None
    if all(p.is_slight for p in c.changed if respelling_probability(p.meant, p.found) == 0):
        return None
    return Evidence("untraced", 1.0)


def unheard_of(c: Comparison) -> Evidence | None:
    """No English text names the place, and neither caller nor a country in the text speaks for it."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_exonym or not c.changed or fame_of(c):
        return None
    if c.candidate.entity.id in c.context.hinted or is_of_the_text(c):
        return None
    return Evidence("unheard_of", 1.0)


def letters_changed(c: Comparison) -> Evidence | None:
    """More than a letter of a place's word differs, and neither sound nor an ending nor another word explains it; of a
    place that hardly any text names a missing end is no sign either."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_mangled or variant(c) is not None:
        return None
    if any(p.is_same and len(p.meant) > 2 for p in c.pairs):
        return None
    cut = fame_of(c) < _OBSCURE and is_truncated(c) is not None and len("".join(c.reading.words)) < _SHORT_NAME
    if not cut and not any(Levenshtein.distance(p.found, p.meant) > 1 and not _is_ending(p) for p in c.changed):
        return None
    return Evidence("letters_changed", 1.0)


def short_place(c: Comparison) -> Evidence | None:
    """A short word of a place that hardly any text names differs, not by an ending: there are too many villages with
    like names."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_exonym or not c.changed:
        return None
    if fame_of(c) >= _OBSCURE or _is_inflected(c) or min(len(p.meant) for p in c.changed) >= _LONG_WORD:
        return None
    return Evidence("short_place", 1.0)


def obscure_exonym(c: Comparison) -> Evidence | None:
    """Another language calls a place that, and hardly any English text names it: the form may be English, too."""
    if not c.is_exonym or fame_of_all(c) >= _NAMED:
        return None
    return Evidence("obscure_exonym", 1.0)

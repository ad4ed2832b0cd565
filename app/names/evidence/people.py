"""Features that people have of their own."""

from __future__ import annotations

import regex

from app.names.candidates import Route
from app.names.comparison import Comparison, Evidence
from app.names.evidence.document import is_of_the_text
from app.names.evidence.usage import FAMOUS, another_name
from app.names.given_names import are_equivalent
from app.names.offices import fit_of_roles
from app.names.store import EntityKind


def given_name(c: Comparison) -> Evidence | None:
    """A given name alone was compared: many bear it."""
    return Evidence("given_name", 1.0) if c.candidate.route is Route.GIVEN_NAME else None


def short_name(c: Comparison) -> Evidence | None:
    """A short name: one letter makes another of it."""
    if c.candidate.entity.kind is not EntityKind.PERSON or c.is_mangled or not c.changed:
        return None
    letters = sum(map(len, c.reading.words))
    return Evidence("short_name", min(1.0, (13 - letters) / 6)) if letters < 13 else None


def known_form(c: Comparison) -> Evidence | None:
    """A word that would change is a form of the same name that edited English has: *Mikhail* for *Mikheil*."""
    if c.candidate.entity.kind is not EntityKind.PERSON or another_name(c) is not None:
        return None
    seen = max((c.attested.as_name(p.found) for p in c.changed), default=0.0)
    return Evidence("known_form", min(1.0, 2 * seen), "another form of the name") if seen else None


def unvouched(c: Comparison) -> Evidence | None:
    """Somebody few know, and nothing but the letters speaks for them: it may be a private person."""
    entity = c.candidate.entity
    if entity.kind is not EntityKind.PERSON or entity.popularity >= _WELL_KNOWN:
        return None
    if entity.id in c.context.known or fit_of_roles(c.reading.titles, entity)[0] > 0 or is_of_the_text(c):
        return None
    return Evidence("unvouched", 1 - entity.popularity)


_WELL_KNOWN = 0.6


def same_given_name(c: Comparison) -> Evidence | None:
    """One given name in two languages, and all else agrees: machines translate those."""
    if c.candidate.entity.kind is not EntityKind.PERSON or len(c.changed) != 1 or len(c.pairs) < 2:
        return None
    p = c.changed[0]
    if not are_equivalent(p.found, p.meant):
        return None
    return Evidence("same_given_name", 1.0, f"“{p.found}” is “{p.meant}” in another language")


def other_surname(c: Comparison) -> Evidence | None:
    """One surname is made of the other: *Kolesnik*, *Kolesnikov*; not by what Czech and Slovak put to those of women
    from anywhere: *Merkelová*."""
    if c.candidate.entity.kind is not EntityKind.PERSON or not c.changed:
        return None
    for p in c.changed:
        shorter, longer = sorted((p.found, p.meant), key=len)
        if p.found == f"{p.meant}ova" and c.candidate.entity.country not in _OF_OVA:
            continue
        if longer.startswith(shorter) and _OF_SURNAMES.fullmatch(longer[len(shorter) :]):
            return Evidence("other_surname", 1.0, "another surname of that stem")
    return None


# Where women's surnames end so.
_OF_OVA = frozenset([
    "", "AM", "AZ", "BA", "BG", "BY", "CZ", "EE", "GE", "HR", "KG", "KZ", "LT", "LV", "MD", "ME", "MK", "MN", "PL",
    "RS", "RU", "SI", "SK", "TJ", "TM", "UA", "UZ",
])  # fmt: skip
_OF_SURNAMES = regex.compile(
    r"ov|ova|ev|eva|in|ina|sk[iy]|skaya|ska|enko|uk|chuk|[eo]?vi[cć]h?|ich|son|s[eo]n|ez|ian|yan|escu|s|e[nr]|mann?|ton"
)


def other_given_name(c: Comparison) -> Evidence | None:
    """Only the given name differs, and English texts know both: somebody goes by either."""
    if c.candidate.entity.kind is not EntityKind.PERSON or len(c.changed) != 1 or len(c.pairs) < 2:
        return None
    if c.unpaired_found or c.unpaired_meant or c.pairs[0].is_same:
        return None
    p = c.pairs[0]
    if min(c.attested.as_name(p.found), c.attested.as_name(p.meant)) < FAMOUS:
        return None
    return Evidence("other_given_name", 1.0, "both given names are in use")


def begins_otherwise(c: Comparison) -> Evidence | None:
    """A word begins otherwise, and another name is nearly as close: whoever else has that office and given name."""
    if c.candidate.entity.kind is not EntityKind.PERSON or c.is_mangled or not has_another_beginning(c):
        return None
    return Evidence("begins_otherwise", 1.0) if c.rival_similarity > c.similarity - _LEAD else None


def has_another_beginning(c: Comparison) -> bool:
    """Whether a word that would change begins with another sound."""
    return any(p.begins_otherwise for p in c.changed)


_LEAD = 0.08


def other_person(c: Comparison) -> Evidence | None:
    """A word is a name of its own, well known and of another sound, and no office says who is meant."""
    if c.candidate.entity.kind is not EntityKind.PERSON or c.is_mangled or another_name(c) is None:
        return None
    if not any(c.attested.as_name(p.found) >= FAMOUS for p in c.changed):
        return None
    if fit_of_roles(c.reading.titles, c.candidate.entity)[0] == 1:
        return None
    return Evidence("other_person", 1.0, "a well-known name of its own")

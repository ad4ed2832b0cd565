"""Features of what machines are known to make of names."""

from __future__ import annotations

from math import log10, prod

from app.names.comparison import LOST, READ, READ_BACK, Comparison, Evidence
from app.names.mangle.forms import Damage
from app.names.mangle.noise import respelling_probability
from app.names.offices import fit_of_body, fit_of_roles

_ROUND_TRIP = frozenset(d.value for d in (Damage.KATAKANA, Damage.HANGUL, Damage.CYRILLIC, Damage.ARABIC))


def is_mangled(c: Comparison) -> Evidence | None:
    """A machine is known to make this form of the name."""
    if not c.is_mangled or c.is_exonym or c.is_literal:
        return None
    return Evidence(
        "mangled", _mangled(c), f"machines make this of {c.candidate.name} ({c.candidate.damage.replace('_', ' ')})"
    )


def _mangled(c: Comparison) -> float:
    return min(1.0, max(0.1, 1 + log10(c.candidate.probability) / 4))


def is_lost(c: Comparison) -> Evidence | None:
    """A character, or a word, that machines are known to leave out of the name is missing."""
    return Evidence("mangled_lost", _mangled(c)) if c.is_mangled and c.candidate.damage in LOST else None


def is_read(c: Comparison) -> Evidence | None:
    """Its characters, read otherwise or in another language, or its words, translated, give the text."""
    is_one = c.is_mangled and c.candidate.damage in READ and not c.is_literal
    return Evidence("mangled_read", _mangled(c)) if is_one else None


def is_round_trip(c: Comparison) -> Evidence | None:
    """Written in another script and read back the name gives the text."""
    return Evidence("round_trip", _mangled(c)) if c.is_mangled and c.candidate.damage in _ROUND_TRIP else None


def is_far_and_fits(c: Comparison) -> Evidence | None:
    """Letters say little, but office or body are those of the entity: two signs that do not depend on each other."""
    if not c.is_far:
        return None
    fit = fit_of_roles(c.reading.titles, c.candidate.entity)[0]
    body = fit_of_body(c.reading.titles, c.candidate.entity)
    score = 0.5 * fit + 0.5 * bool(body)
    return Evidence("far_fits", score) if score else None


def is_far_abroad(c: Comparison) -> Evidence | None:
    """Letters say little, and nothing in the text speaks of the entity's country."""
    if not c.is_far:
        return None
    country = c.candidate.entity.country
    named = country in c.context.countries or any(e.country == country for e in c.context.known.values())
    return None if named else Evidence("far_abroad", 1.0)


def is_exonym(c: Comparison) -> Evidence | None:
    """Another language calls the place that, with or without an ending of a case."""
    return Evidence("exonym", c.similarity, "another language calls the place that") if c.is_exonym else None


def is_literal(c: Comparison) -> Evidence | None:
    """It is the name of a place or a body, translated word by word."""
    return Evidence("literal", 1.0, "its name, translated word by word") if c.is_literal else None


def respelt(c: Comparison) -> Evidence | None:
    """How often machines make the letters of the text of those of the name, as real pairs show it."""
    if not c.changed or c.is_reworded or c.is_exonym:
        return None
    rate = prod(respelling_probability(p.meant, p.found) for p in c.changed)
    return Evidence("respelt", max(0.0, 1 + log10(rate) / 5)) if rate > 0 else None


def is_read_back(c: Comparison) -> Evidence | None:
    """What differs is what the name in another script gives, read back: *Alber Kamyu*, *Albert Kamyu*."""
    if not c.is_read_back:
        return None
    return Evidence("read_back", (c.read_back - READ_BACK) / (1 - READ_BACK), "its name in another script, read back")


def mangled_rival(c: Comparison) -> Evidence | None:
    """Machines may as well have made the text of another name."""
    if not c.is_mangled or c.is_exonym or c.rival_share <= 0:
        return None
    return Evidence("mangled_rival", c.rival_share, "another name may have become this as well")

"""Features of what the document and its caller say: offices, years, countries, others, and the place of the name."""

from __future__ import annotations

from app.names.comparison import Comparison, Evidence
from app.names.countries import countries_of
from app.names.evidence.usage import FAMOUS, fame_of_all
from app.names.mentions import MentionKind
from app.names.offices import fit_of_body, fit_of_roles
from app.names.store import EntityKind


def role_fits(c: Comparison) -> Evidence | None:
    """What the text calls them is an office they held."""
    fit, title, role = fit_of_roles(c.reading.titles, c.candidate.entity)
    if fit <= 0:
        return None
    return Evidence("role_fits", fit, f"called “{title}” here, and was {role}")


def role_differs(c: Comparison) -> Evidence | None:
    """What the text calls them is no office they are known to have held."""
    fit, title, _ = fit_of_roles(c.reading.titles, c.candidate.entity)
    if fit > 0 or not title or not c.candidate.entity.roles:
        return None
    return Evidence("role_differs", 1.0, f"is not known to have been “{title}”")


def in_office(c: Comparison) -> Evidence | None:
    """The document's years lie within, or near, those that they were in office."""
    entity = c.candidate.entity
    if not c.context.years or entity.active_from is None:
        return None
    end = entity.active_to
    near = [y for y in c.context.years if entity.active_from - 1 <= y and (end is None or y <= end + 2)]
    return Evidence("in_office", 1.0, f"in office around {near[-1]}") if near else Evidence("in_office", -1.0)


def office_and_word(c: Comparison) -> Evidence | None:
    """The office is theirs, and so is one of the names: two signs that do not depend on each other."""
    if c.candidate.entity.kind is not EntityKind.PERSON or not any(p.is_same and len(p.meant) > 2 for p in c.pairs):
        return None
    fit = fit_of_roles(c.reading.titles, c.candidate.entity)[0]
    return Evidence("office_and_word", fit) if fit else None


def body_fits(c: Comparison) -> Evidence | None:
    """What the text says of them names the body that they belonged to."""
    word = fit_of_body(c.reading.titles, c.candidate.entity)
    return Evidence("body", 1.0, f"belonged to the “{word}” that is named here") if word else None


def country_named(c: Comparison) -> Evidence | None:
    """Their country is named in the same sentence, or in the document."""
    country = c.candidate.entity.country
    if not country:
        return None
    here = any(country in c.context.countries_of_segment.get(m.segment, ()) for m in c.reading.mentions)
    if here:
        return Evidence("country", 1.0, "their country is named in the sentence")
    if country in c.context.countries:
        return Evidence("country", 0.5, "their country is named in the text")
    return None


def country_beside(c: Comparison) -> Evidence | None:
    """Their country is named within a few words of the name."""
    country = c.candidate.entity.country
    if not country or country not in c.reading.beside:
        return None
    return Evidence("country_beside", 1.0, "their country is named beside it")


def is_of_the_text(c: Comparison) -> bool:
    """Whether the text names their country, or somebody else of it."""
    return country_named(c) is not None or companions(c) is not None


def other_country(c: Comparison) -> Evidence | None:
    """Countries are named in the sentence, other than by the name itself, and theirs is not among them.

    Of a well-known place it says nothing: those are named in texts about any country.
    """
    country = c.candidate.entity.country
    if not country or country in c.context.countries:
        return None
    if c.candidate.entity.kind is EntityKind.PLACE and fame_of_all(c) >= FAMOUS:
        return None
    own = countries_of(c.reading.words).keys()
    here = [c.context.countries_of_segment.get(m.segment, frozenset()) - own for m in c.reading.mentions]
    return Evidence("other_country", 1.0, "other countries are named here") if any(here) else None


def companions(c: Comparison) -> Evidence | None:
    """Others of the same country stand in the document."""
    entity = c.candidate.entity
    if not entity.country:
        return None
    others = [e for e in c.context.known.values() if e.country == entity.country and e.id != entity.id]
    if not others:
        return None
    return Evidence("companions", min(1.0, len(others) / 3), f"named beside {others[0].name}")


def fuller_form(c: Comparison) -> Evidence | None:
    """The entity stands elsewhere in the document under its right name; beside Missouri the Missouria are no slip."""
    if c.candidate.entity.kind is EntityKind.PLACE:
        return None
    if c.candidate.entity.id not in c.context.known:
        return None
    return Evidence("fuller_form", 1.0, f"{c.context.known[c.candidate.entity.id].name} is named elsewhere in the text")


def caller_says(c: Comparison) -> Evidence | None:
    """The caller knows the entity to be in the text."""
    return Evidence("hinted", 1.0, "named by the caller") if c.candidate.entity.id in c.context.hinted else None


_KIND = {
    EntityKind.PERSON: MentionKind.PERSON,
    EntityKind.ORGANISATION: MentionKind.ORGANISATION,
    EntityKind.PLACE: MentionKind.PLACE,
}


def same_kind(c: Comparison) -> Evidence | None:
    """The text treats it as the kind of thing that the candidate is, or as another."""
    kinds = c.reading.kinds
    if any(m.title for m in c.reading.mentions):  # "Pope Damasus" is no city
        kinds = frozenset({MentionKind.PERSON})
    if not kinds:
        return None
    fits = _KIND[c.candidate.entity.kind] in kinds
    return Evidence("kind", 1.0 if fits else -1.0)


def surroundings(c: Comparison) -> Evidence | None:
    """The words around it stand around names of that kind that the base has, or around others."""
    log_odds = c.reading.surroundings.get(c.candidate.entity.kind, 0.0)
    if not log_odds:
        return None
    score = max(-1.0, min(1.0, log_odds / _CERTAIN))
    for_or_against = "of" if score > 0 else "against"
    kind = c.candidate.entity.kind.value
    return Evidence("surroundings", score, f"the words around it speak {for_or_against} a known {kind}")


_CERTAIN = 6.0  # log odds of four hundred to one: more of them say no more


def sentence_start(c: Comparison) -> Evidence | None:
    """It only ever stands where every word has a capital."""
    if not all(m.is_initial for m in c.reading.mentions):
        return None
    return Evidence("sentence_start", 1.0)

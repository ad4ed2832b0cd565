"""Features that organisations have of their own."""

from __future__ import annotations

from app.names.comparison import Comparison, Evidence
from app.names.normalise import normalise
from app.names.offices import FUNCTION_WORDS
from app.names.store import EntityKind


def is_organisation(c: Comparison) -> Evidence | None:
    """The candidate is an organisation."""
    return Evidence("is_organisation", 1.0) if c.candidate.entity.kind is EntityKind.ORGANISATION else None


def same_bag(c: Comparison) -> Evidence | None:
    """An organisation whose words are these, in whatever order, synonyms counted as the same."""
    if not c.is_bag:
        return None
    return Evidence("word_bag", 1.0, f"the words mean the same as {c.candidate.name}")


def sole_bag(c: Comparison) -> Evidence | None:
    """No other organisation has these words."""
    if not c.is_bag or not c.is_sole_bag:
        return None
    return Evidence("sole_bag", 1.0, "no other organisation is called that")


def only_body(c: Comparison) -> Evidence | None:
    """No other organisation has these words, and the one that has is well known: its name in other words."""
    if sole_bag(c) is None or known_name(c) is None or c.candidate.entity.popularity < _WELL_KNOWN:
        return None
    return Evidence("only_body", 1.0, f"{c.candidate.name} is well known, and no other body is called that")


_WELL_KNOWN = 0.75


def all_words(c: Comparison) -> Evidence | None:
    """No word of the organisation's name is another one, or missing: only their order differs."""
    left = {*c.unpaired_found, *c.unpaired_meant} - FUNCTION_WORDS
    return Evidence("all_words", 1.0, "the same words") if c.is_bag and not c.changed and not left else None


def known_name(c: Comparison) -> Evidence | None:
    """Edited English has the whole name of the organisation."""
    name = normalise(c.candidate.name)
    if c.candidate.entity.kind is not EntityKind.ORGANISATION or " " not in name or not c.attested.is_name(name):
        return None
    return Evidence("known_name", 1.0, f"English texts have {c.candidate.name}")

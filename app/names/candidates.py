"""Mention -> candidates, generously: whoever may be meant, with how the text led there. Choosing is for the linker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.names.store import Entity


class Route(StrEnum):
    """How a text led to an entity."""

    NAME = "name"  # one of its names, after normalisation
    MANGLED = "mangled"  # a form that a machine may have made of its name
    REORDERED = "reordered"  # the words of one of its names, in another order
    WORD_BAG = "word_bag"  # the content words of its name, synonyms counted as the same
    FUZZY = "fuzzy"  # spelt nearly the same
    PHONETIC = "phonetic"  # sounds the same
    INITIALS = "initials"  # initials instead of given names, or an acronym
    SURNAME = "surname"  # its last name (first, where surnames come first) alone
    GIVEN_NAME = "given_name"  # its given name alone
    PART = "part"  # some of its words


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a mention may mean.

    ``score`` orders candidates and is not a probability of being meant; for ``Route.MANGLED`` the probability that the
    mangler gives the form stands in ``probability`` and the kind of damage in ``damage``.
    """

    entity: Entity
    route: Route
    name: str  # the name of the entity that the text was compared with
    score: float  # 0 to 1
    similarity: float  # normalised Levenshtein similarity of text and name, both in canonical form, 0 to 1
    probability: float = 0.0
    damage: str = ""

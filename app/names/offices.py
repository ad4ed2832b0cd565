"""What titles and descriptions say: which office somebody held, and in which body."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from app.names.countries import countries_of, country_names, demonyms
from app.names.normalise import normalise
from app.names.store import Entity

FUNCTION_WORDS = frozenset([
    "of", "the", "and", "for", "in", "on", "to", "at", "a", "an", "de", "la", "s", "mr", "mrs", "ms", "dr", "sir",
    "former", "ex", "then", "current", "new", "deputy", "vice", "acting", "first", "late", "his", "her", "its",
    "their", "our", "state", "party",
])  # fmt: skip
_HEADS = frozenset([
    "president", "premier", "minister", "chancellor", "king", "queen", "prince", "princess", "emperor", "pope",
    "senator", "representative", "member", "deputy", "governor", "mayor", "ambassador", "secretary", "general",
    "director", "chairman", "chairwoman", "chair", "chief", "judge", "justice", "congressman", "congresswoman",
    "speaker", "commissioner", "leader", "chairperson", "head", "professor", "spokesman", "spokesperson",
    "spokeswoman", "founder", "captain", "colonel", "admiral", "lieutenant", "marshal", "commander",
    "parliamentarian", "lawmaker", "foreign", "defence", "defense", "finance", "interior", "prime", "economy",
    "health", "education", "environment", "trade", "agriculture",
])  # fmt: skip
_SAME_HEAD = {
    "premier": "prime minister", "defense": "defence", "lawmaker": "member", "parliamentarian": "member",
    "congressman": "representative", "congresswoman": "representative", "chairwoman": "chairman", "chair": "chairman",
    "chairperson": "chairman", "mp": "member", "economic": "economy", "financial": "finance", "affairs": "",
    "republic": "", "rural": "agriculture", "pm": "prime minister", "external": "foreign",
    "gov": "governor", "sen": "senator", "rep": "representative", "gen": "general", "amb": "ambassador",
    "prof": "professor", "capt": "captain", "col": "colonel", "lt": "lieutenant", "pres": "president",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def role_words(text: str) -> frozenset[str]:
    """The words of a title or role that say what the office is, rivals of one word made one."""
    found: set[str] = set()
    for word in normalise(text).split():
        found.update(_SAME_HEAD.get(word, word).split())
    return frozenset(found & _HEADS)


# Words that many offices share: a finance minister is no foreign minister.
_RANKS = frozenset([
    "minister", "secretary", "general", "member", "deputy", "chief", "director", "head", "judge", "ambassador",
    "chairman",
])  # fmt: skip


def fit_of_roles(titles: Sequence[str], entity: Entity) -> tuple[float, str, str]:
    """How well what the text calls somebody fits what they were: share of the title's words found in one role.

    Returns:
        0 to 1, the title and the role that fit best. A title that says no office ("Mr") gives 0 and no title.
    """
    best = (0.0, "", "")
    for title in titles:
        wanted = role_words(title)
        if not wanted:
            continue
        if not best[1]:
            best = (0.0, title, "")
        for role in entity.roles:
            had = role_words(role.title)
            if "leader" in wanted and had & _OF_FEW and entity.country in countries_of(normalise(title).split()):
                had |= {"leader"}  # *the Libyan leader*, who may be anything from king to prime minister
            if wanted - _RANKS and not (wanted - _RANKS) & had:
                continue
            fit = len(wanted & had) / len(wanted)
            if had and len(had - wanted) > 1 and fit == 1:
                fit = 0.8
            if fit > best[0]:
                best = (fit, title, role.title)
    return best


def is_rank(title: str) -> bool:
    """Whether a title says no more than words that many offices share, or is a seat of many: *General*, *Minister*,
    *Party leader*, *Senator*."""
    return role_words(title) <= _OF_MANY


_OF_MANY = _RANKS | {"leader", "representative", "senator", "congressman", "congresswoman"}
_OF_FEW = frozenset([
    "president", "prime", "chancellor", "king", "queen", "emperor", "pope", "foreign", "defence", "finance",
    "interior", "economy",
])  # fmt: skip


def is_of_few(title: str) -> bool:
    """Whether a title is an office that one or two hold in a country at a time: head of state or of government, or a
    great ministry."""
    return bool(role_words(title) & _OF_FEW)


def fit_of_body(titles: Sequence[str], entity: Entity) -> str:
    """A word of a title or description that says where somebody serves and that stands in one of their roles: the
    committee, the chamber, the institute. Countries and ranks are not among them."""
    for title in titles:
        for word in _body_words(title):
            if any(word in _body_words(role.title) for role in entity.roles):
                return word
    return ""


@lru_cache(maxsize=20_000)
def _body_words(text: str) -> tuple[str, ...]:
    words = normalise(re.sub(r"['’]s\b", "", text)).split()
    known = FUNCTION_WORDS | _HEADS | _RANKS | _SAME_HEAD.keys() | demonyms().keys() | country_names().keys()
    return tuple(w for w in words if len(w) > 3 and w not in known and w not in _COUNTRY_WORDS)


_COUNTRY_WORDS = frozenset(
    ["united", "states", "kingdom", "people", "national", "federal", "general", "central", "union"]
)

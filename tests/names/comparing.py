"""Names of a text beside candidates, for the tests of what is said of them."""

from __future__ import annotations

from app.core.types import Span
from app.names.background import Attested
from app.names.candidates import Candidate, Route
from app.names.comparison import Comparison, Context, Reading, compare
from app.names.evidence import gather
from app.names.mentions import Mention, MentionKind
from app.names.store import Entity, EntityKind
from tests.names.linking import person

NOTHING = Attested.of({})


def comparison(
    text: str, entity: Entity, context: Context | None = None, title: str = "", name: str = ""
) -> Comparison:
    mention = Mention(Span(0, len(text)), text, MentionKind.UNKNOWN, 0, title=title)
    candidate = Candidate(entity, Route.FUZZY, name or entity.name, 0.5, 0.5)
    return compare(Reading(text, (mention,)), candidate, 0.0, context or Context(), NOTHING)


def scores(c: Comparison) -> dict[str, float]:
    return {e.feature: e.score for e in gather(c)}


MINISTER = person("A", "Tauno Vaherpuu", "EE", "prime minister of Estonia")


def known(**documents: int) -> Attested:
    """Edited English that has these words capitalised in so many documents."""
    return Attested.of({word: (count, 0) for word, count in documents.items()})


def weighed(
    text: str, candidate: Candidate, attested: Attested = NOTHING, before: str = "", **more: float
) -> Comparison:
    mention = Mention(Span(0, len(text)), text, MentionKind.UNKNOWN, 0)
    reading = Reading(text, (mention,), frozenset({before} if before else ()))
    return compare(reading, candidate, 0.0, Context(), attested, more.get("rival_share", 0.0), is_sole_bag=True)


def place_of(name: str, damage: str = "", country: str = "") -> Candidate:
    probability = 0.05 if damage else 0.0
    entity = Entity("P", EntityKind.PLACE, "city", name, country=country)
    return Candidate(entity, Route.FUZZY, name, 0.8, 0.8, probability, damage)

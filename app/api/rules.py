"""The rule ids of the product in one list: those of the rule set, and those of its other ways to an edit."""

from __future__ import annotations

from typing import Final

from app.api.schemas import RuleBody
from app.core.protocols import RuleSet
from app.core.rules import Rules
from app.core.types import EditKind, Origin

_MODEL: Final[dict[EditKind, str]] = {
    EditKind.GRAMMAR: "The network's repairs of grammar: agreement, tense, articles, prepositions.",
    EditKind.WORDING: "The network's repairs of wording.",
    EditKind.SPELLING: "The network's repairs of spelling and capitals.",
    EditKind.PUNCTUATION: "The network's repairs of punctuation.",
    EditKind.SPACING: "The network's repairs of spacing.",
    EditKind.REPETITION: "Repeated words that the network takes out.",
    EditKind.NAME: "Names that the network repairs from the sentence alone, without a record behind them.",
}
_NAMES: Final[dict[str, str]] = {
    "MTR_NAME_ENTITY": "A name becomes that of the record it was linked to by spelling, sound and context.",
    "MTR_NAME_SPELLING_RULE": "The same, through a way in which machines are known to spoil names.",
    "MTR_NAME_CONSISTENT": "A short mention follows the full one.",
    "MTR_NAME_TITLE": "A title that document and knowledge base contradict.",
}
_OTHERS: Final[tuple[RuleBody, ...]] = (
    *(
        RuleBody(id=rule, kind=EditKind.NAME, origin=Origin.NAMES, description=description)
        for rule, description in _NAMES.items()
    ),
    RuleBody(
        id="MTR_GLOSSARY", kind=EditKind.TERM, origin=Origin.GLOSSARY, description="Terms that the glossary requires."
    ),
    RuleBody(
        id="MTR_FURNITURE",
        kind=EditKind.FURNITURE,
        origin=Origin.RULE,
        description="Page furniture, taken out where `furniture` is `remove`.",
    ),
)


def describe_rules(rules: RuleSet) -> list[RuleBody]:
    """Every id that an edit can name, sorted."""
    own = rules.rules if isinstance(rules, Rules) else ()
    listed = [
        *(RuleBody(id=rule.id, kind=rule.kind, origin=Origin.RULE, description=rule.description) for rule in own),
        *(
            RuleBody(id=f"MTR_MODEL_{kind.value.upper()}", kind=kind, origin=Origin.MODEL, description=description)
            for kind, description in _MODEL.items()
        ),
        *_OTHERS,
    ]
    return sorted(listed, key=lambda rule: rule.id)

"""Every id that an edit can name, in one list: those of the rule set, and those of its other ways to an edit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from app.core.errors import InputError
from app.core.rules import ALL_RULES, Rule
from app.core.types import EditKind, Origin

_PREFIX: Final = "MTR_"
_MOST_NEAR: Final = 3


@dataclass(frozen=True, slots=True)
class KnownRule:
    """One id, and what the edits are like that name it."""

    id: str
    kind: EditKind
    origin: Origin
    description: str


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
_OTHERS: Final[tuple[KnownRule, ...]] = (
    *(KnownRule(f"MTR_MODEL_{kind.value.upper()}", kind, Origin.MODEL, text) for kind, text in _MODEL.items()),
    *(KnownRule(rule, EditKind.NAME, Origin.NAMES, text) for rule, text in _NAMES.items()),
    KnownRule("MTR_GLOSSARY", EditKind.TERM, Origin.GLOSSARY, "Terms that the glossary requires."),
    KnownRule(
        "MTR_FURNITURE",
        EditKind.FURNITURE,
        Origin.RULE,
        "Page furniture, taken out where `furniture` is `remove`.",
    ),
)


def known_rules(rules: Sequence[Rule] = ALL_RULES) -> list[KnownRule]:
    """Every id that an edit can name, sorted."""
    own = (KnownRule(rule.id, rule.kind, Origin.RULE, rule.description) for rule in rules)
    return sorted((*own, *_OTHERS), key=lambda rule: rule.id)


KNOWN_IDS: Final = frozenset(rule.id for rule in known_rules())


def did_you_mean(rule: str, quote: str = "") -> str:
    """What a message goes on with after an unknown id: the known ones that are written most like it, best first.

    Args:
        rule: The unknown id.
        quote: Stands on both sides of each known one.
    """
    asked = rule.upper().replace("-", "_")
    asked = asked if asked.startswith(_PREFIX) else _PREFIX + asked
    near = get_close_matches(asked, sorted(KNOWN_IDS), _MOST_NEAR)
    return f", did you mean {' or '.join(f'{quote}{known}{quote}' for known in near)}?" if near else ";"


def ids_to_disable(given: Iterable[str]) -> frozenset[str]:
    """The ids, once each is one that an edit can name.

    Raises:
        InputError: One is not; the message names those that are written like it.
    """
    wanted = frozenset(given)
    for rule in sorted(wanted - KNOWN_IDS):
        meant = did_you_mean(rule)
        raise InputError(f"there is no rule {rule}{meant} `mt-repair rules` lists them", code="unknown-rule")
    return wanted

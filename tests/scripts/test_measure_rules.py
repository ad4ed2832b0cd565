from __future__ import annotations

import pytest

from app.core.rules import ALL_RULES, Rule, Rules
from app.core.segment import SentenceSegmenter
from scripts.measure_rules import _DAMAGE, _covered, _findings, _spoil

CLEAN = (
    'The café owner waited for the old towns, and then left... "We will not go there," he said. '
    "They walked to the river & the sea (and the owner's boat). Nobody came on Monday, "
    "as in 66 BC, to the end of the walk. It began at 10:30 on 15 July 2019 with 10,000 people."
)


def test_there_is_damage_for_every_rule() -> None:
    assert set(_DAMAGE) == {rule.id for rule in ALL_RULES}


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_a_place_is_spoilt_and_what_the_rule_makes_of_it_is_counted(rule: Rule) -> None:
    outcomes, slips = _spoil(rule, [CLEAN] * 60, 8)
    assert outcomes.total() == 8
    assert outcomes["restored"] > 0
    assert outcomes["otherwise"] == len(slips)


def test_a_rule_that_makes_something_else_is_seen() -> None:
    doubled = next(rule for rule in ALL_RULES if rule.id == "MTR_REPEATED_WORD")
    blind = Rule(doubled.id, doubled.kind, "", "", 1.0, lambda text: iter(()))
    assert _spoil(blind, [CLEAN], 1)[0] == {"missed": 1}


def test_a_place_that_the_reference_has_too_is_the_same_place() -> None:
    rules = [rule for rule in ALL_RULES if rule.id == "MTR_QUOTE_SPACING"]

    def places(text: str) -> list[str]:
        edits = Rules(rules).find(text, SentenceSegmenter().segment(text))
        return [_covered(text, finding) for finding in _findings(edits)]

    assert places('It is " odd " here.') == places('There it was " odd " and so on.') == ['" odd "']

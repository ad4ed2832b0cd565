"""The rule ids of the product as the API lists them."""

from __future__ import annotations

from app.api.schemas import RuleBody
from app.core.protocols import RuleSet
from app.core.rule_ids import known_rules
from app.core.rules import Rules


def describe_rules(rules: RuleSet) -> list[RuleBody]:
    """Every id that an edit can name, sorted."""
    return [
        RuleBody(id=rule.id, kind=rule.kind, origin=rule.origin, description=rule.description)
        for rule in known_rules(rules.rules if isinstance(rules, Rules) else ())
    ]

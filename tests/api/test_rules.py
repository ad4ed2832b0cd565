from __future__ import annotations

import re
from pathlib import Path

from app.api.rules import describe_rules
from app.core.rules import ALL_RULES, Rules
from app.core.types import EditKind

_APP = Path(__file__).resolve().parents[2] / "app"


def test_every_rule_id_that_the_code_can_give_an_edit_is_listed() -> None:
    listed = {rule.id for rule in describe_rules(Rules())}
    in_code = {
        name
        for folder in ("core", "names")
        for path in (_APP / folder).rglob("*.py")
        for name in re.findall(r'"(MTR_[A-Z_]*[A-Z])"', path.read_text(encoding="utf-8"))
    }
    assert {"MTR_GLOSSARY", "MTR_FURNITURE"} <= in_code <= listed


def test_the_networks_rules_are_listed_by_kind() -> None:
    listed = {rule.id for rule in describe_rules(Rules())}
    no_work_of_a_network = {EditKind.TERM, EditKind.FURNITURE, EditKind.ENCODING}
    assert {f"MTR_MODEL_{kind.value.upper()}" for kind in set(EditKind) - no_work_of_a_network} <= listed


def test_ids_are_sorted_and_stand_once() -> None:
    ids = [rule.id for rule in describe_rules(Rules())]
    assert ids == sorted(set(ids))


def test_a_rule_set_of_its_own_is_listed_as_it_is() -> None:
    both = {rule.id for rule in describe_rules(Rules(ALL_RULES[:1]))} & {rule.id for rule in ALL_RULES}
    assert both == {ALL_RULES[0].id}

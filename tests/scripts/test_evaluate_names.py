"""How changes of names are judged and counted: by readers, and else by references."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.types import Edit, EditKind, EntityRef, Origin, Span
from scripts import names_benchmark
from scripts.evaluate_names import marked, measure
from scripts.names_benchmark import Case, changed_names, read_changes
from tests.names.linking import store

WRONG, RIGHT = "Svena Holmkvist", "Svenja Holmqvist"
TEXT = f"She met {WRONG} in Oslo."
EDIT = Edit(
    Span(8, 23), RIGHT, EditKind.NAME, Origin.NAMES, 0.9, "RULE", "why", entity=EntityRef("T6", RIGHT, "person", 0.9)
)
BORNE_OUT, REFUTED = f"She met {RIGHT} in Oslo.", TEXT


@pytest.mark.parametrize(
    ("said", "reference", "is_right", "is_borne_out"),
    [
        ("", BORNE_OUT, True, True),
        ("", REFUTED, False, False),
        ("needed", REFUTED, True, False),  # the editor left it misspelt
        ("harm", BORNE_OUT, False, True),
        ("variant", REFUTED, False, False),
        ("variant", BORNE_OUT, True, True),
        ("open", REFUTED, False, False),
    ],
)
def test_a_reader_counts_before_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, reference: str, is_right: bool, is_borne_out: bool
) -> None:
    verdicts = {("a", WRONG.lower(), RIGHT.lower()): said} if said else {}
    monkeypatch.setattr(names_benchmark, "read_changes", lambda: verdicts)
    names = store(tmp_path)
    case = Case("a/1", "a", "sv", TEXT, reference)
    (judged,) = changed_names(case, [EDIT], names)
    assert (judged.said, judged.is_right, judged.is_borne_out) == (said, is_right, is_borne_out)
    done = measure(lambda _: [EDIT], [case], names)
    assert (done.total.changed, done.total.right, done.total.borne_out) == (1, is_right, is_borne_out)
    (change,) = done.changes
    assert (change["said"], change["text"]) == (said, f"She met [[{WRONG}]] in Oslo.")


def test_verdicts_of_both_files_are_read(tmp_path: Path) -> None:
    head = "document\told\tnew\tverdict\twhy\n"
    (tmp_path / "changes.tsv").write_text(head + "a/1\tTauno Vaherpu\tTauno Vaherpuu\tneeded\tcut\n", "utf-8")
    (tmp_path / "changes-test.tsv").write_text(head + "b/1\tOttela\tOtella\tharm\ta village\n", "utf-8")
    assert read_changes(tmp_path) == {
        ("a/1", "tauno vaherpu", "tauno vaherpuu"): "needed",
        ("b/1", "ottela", "otella"): "harm",
    }


def test_a_place_in_a_text_is_marked() -> None:
    assert marked("They met Ottela.", Span(9, 15)) == "They met [[Ottela]]."

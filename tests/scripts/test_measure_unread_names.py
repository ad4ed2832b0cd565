"""What a reference says to a change of a name, and what is counted."""

from __future__ import annotations

import lzma
from pathlib import Path

import orjson
import pytest

from app.core.types import Edit, EditKind, EntityRef, Origin, Span
from scripts import names_benchmark
from scripts.measure_unread_names import Found, Verdict, measure
from scripts.mine_names import half_of
from scripts.names_benchmark import Case, pairs
from tests.names.linking import linker, store


@pytest.mark.parametrize(
    ("reader", "reference", "said"),
    [
        ("", "She met Svenja Holmqvist in Oslo.", Verdict.BORNE_OUT),
        ("", "She met Svena Holmkvist in Oslo.", Verdict.REFUTED),
        ("", "She met her in Oslo.", Verdict.OPEN),
        ("harm", "She met her in Oslo.", Verdict.REFUTED),
        ("harm", "She met Svenja Holmqvist in Oslo.", Verdict.REFUTED),
        ("needed", "She met Svena Holmkvist in Oslo.", Verdict.BORNE_OUT),
        ("variant", "She met her in Oslo.", Verdict.OPEN),
    ],
)
def test_a_reader_judges_or_else_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str, reference: str, said: Verdict
) -> None:
    verdicts = {("a", "svena holmkvist", "svenja holmqvist"): reader}
    monkeypatch.setattr(names_benchmark, "read_changes", lambda: verdicts)
    names = store(tmp_path)
    case = Case("a/1", "a", "sv", "She met Svena Holmkvist in Oslo.", reference)
    edit = Edit(
        Span(8, 23), "Svenja Holmqvist", EditKind.NAME, Origin.NAMES, 0.9, "RULE", "why",
        entity=EntityRef("T6", "Svenja Holmqvist", "person", 0.9),
    )  # fmt: skip
    found = Found()
    found.add(case, [edit], names)
    assert found.of == {("person", said): 1}
    assert (found.total(said), found.sentences) == (1, 1)
    assert (found.rows[0]["old"], found.rows[0]["new"], found.rows[0]["verdict"]) == (
        "Svena Holmkvist", "Svenja Holmqvist", said.value,
    )  # fmt: skip


def test_translations_are_linked_one_by_one(tmp_path: Path) -> None:
    cases = [
        Case("a/1", "a", "sv", "Foreign Minister Svenja Holmkvist spoke.", "Foreign Minister Svenja Holmqvist spoke."),
        Case("a/2", "a", "sv", "It rained.", "It rained."),
    ]
    found = measure(linker(tmp_path), cases)
    assert found.sentences == 2
    assert found.of == {("person", Verdict.BORNE_OUT): 1}


def test_no_half_has_a_reference_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "mt").mkdir()
    rows = [
        {"id": f"s/{i}/1", "mt": f"It rained in {i}.", "ref": f"It snowed {max(i, 9)}.", "lang": "sv", "set": "s",
         "kind": "ref", "doc": str(i)}
        for i in range(60)
    ]  # fmt: skip
    for name in ("moz-train", "wmt-train", "pe-train", "pe-dev"):
        lines = b"\n".join(orjson.dumps(row) for row in (rows if name == "wmt-train" else []))
        (tmp_path / "mt" / f"{name}.jsonl.xz").write_bytes(lzma.compress(lines))
    halves = {half: list(pairs(tmp_path, half)) for half in ("dev", "test")}
    assert all(half_of(case.document) == half for half, cases in halves.items() for case in cases)
    assert all(len(cases) > 10 for cases in halves.values())
    assert not {c.reference for c in halves["dev"]} & {c.reference for c in halves["test"]}

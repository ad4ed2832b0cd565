"""Measure what the linker changes in machine translations beside the benchmark, and what readers and references say.

    python -m scripts.measure_unread_names models/names-en [--half dev] [--out build/unread-names.json]

The translations of one half of the documents, those of the mined benchmark left out, each beside its human reference: a
change is *borne out* if the reference has what it makes of the name, *refuted* if it has what stood there before, and
*open* if it has neither; what a reader said of it (``tests/data/names/changes.tsv``) counts before that. Of the test
half only the totals are shown, so that no rule is written for its items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.core.types import Edit
from app.evaluation.provenance import provenance
from app.evaluation.report import write_whole
from app.names.linker import NameLinker, build_linker
from app.names.store import EntityStore
from scripts.names_benchmark import HARM, Case, Judged, changed_names, load, one_segment, pairs, stands_in


class Verdict(StrEnum):
    """What a reader or a reference says to a change."""

    BORNE_OUT = "borne out"
    REFUTED = "refuted"
    OPEN = "open"


def verdict(case: Case, judged: Judged) -> Verdict:
    """What a reader says to a change of a case, or else its reference."""
    if judged.is_right:
        return Verdict.BORNE_OUT
    is_kept = stands_in(judged.edit.span.of(case.text), case.reference)
    return Verdict.REFUTED if judged.said == HARM or is_kept else Verdict.OPEN


@dataclass(slots=True)
class Found:
    """What was changed in translations, and what their references say to it."""

    sentences: int = 0
    of: Counter[tuple[str, Verdict]] = field(default_factory=Counter)  # by kind of entity
    rows: list[dict[str, str]] = field(default_factory=list)

    def add(self, case: Case, edits: Iterable[Edit], store: EntityStore) -> None:
        """Judge the changes of one translation."""
        self.sentences += 1
        for judged in changed_names(case, tuple(edits), store):
            edit = judged.edit
            entity = store.get(edit.entity.id) if edit.entity is not None else None
            kind, said = entity.kind.value if entity is not None else "title", verdict(case, judged)
            self.of[kind, said] += 1
            self.rows.append(
                {
                    "verdict": said.value,
                    "kind": kind,
                    "old": edit.span.of(case.text),
                    "new": edit.text,
                    "why": edit.reason,
                    "case": case.id,
                    "text": case.text,
                    "reference": case.reference,
                }
            )

    def total(self, said: Verdict) -> int:
        """Changes of all kinds with one verdict."""
        return sum(n for (_, one), n in self.of.items() if one is said)


def measure(linker: NameLinker, cases: Iterable[Case]) -> Found:
    """Link every translation by itself."""
    found = Found()
    for case in cases:
        found.add(case, linker.link(case.text, one_segment(case.text), ()).edits, linker.store)
    return found


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    half: Annotated[str, typer.Option(help="dev, or test for totals alone.")] = "dev",
    data: Annotated[Path, typer.Option(help="Folder with mt/.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path("build/unread-names.json"),
) -> None:
    """Link, judge, report."""
    linker = build_linker(names_dir)
    read = {case.id for kind in ("errors", "controls") for case in load(kind, half, data)}
    found = measure(linker, (case for case in pairs(data, half) if case.id not in read))
    if half == "dev":
        for row in sorted(found.rows, key=lambda r: (r["verdict"], r["kind"], r["old"])):
            typer.echo(f"{row['verdict']}\t{row['kind']}\t{row['old']} -> {row['new']}\t{row['case']}")
    changes = sum(found.of.values())
    for kind in sorted({kind for kind, _ in found.of}):
        typer.echo(f"{kind}: " + ", ".join(f"{found.of[kind, said]} {said}" for said in Verdict))
    typer.echo(
        f"{changes} names changed in {found.sentences} translations of the {half} half: "
        + ", ".join(f"{found.total(said)} {said}" for said in Verdict)
        + f"; {linker.version}"
    )
    report = {
        "half": half,
        "sentences": found.sentences,
        "changes": {said.value: found.total(said) for said in Verdict},
        "by_kind": [
            {"kind": kind, "verdict": said.value, "changes": n} for (kind, said), n in sorted(found.of.items())
        ],
        "rows": found.rows if half == "dev" else [],
        "knowledge_base": linker.version,
        **provenance(),
    }
    write_whole(out, orjson.dumps(report, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    typer.run(main)

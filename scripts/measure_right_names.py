"""Measure what the linker changes in English whose names are right, and list it.

    python -m scripts.measure_right_names models/names-en [--part 7] [--out build/right-names.json]

A tenth of the clean text that is not held out, whole documents; what is attested is counted again without them, so that
no name is known because it was counted in the very text. The weights, and what is known of the words around names,
learned from all parts but ``names_benchmark.MEASURED``. Right English has slips, too: where somebody has read a change
(``tests/data/names/changes.tsv``), what they said is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.core.types import Edit
from app.evaluation.provenance import provenance
from app.evaluation.report import write_whole
from app.names.background import Background
from app.names.link import LinkModel
from app.names.linker import MODEL_FILE, NameLinker
from app.names.store import EntityStore
from scripts.fit_linker import count_attested
from scripts.names_benchmark import MEASURED, RIGHT_PARTS, Case, one_segment, right_parts, said_of

SHIPPED = Path("app/names/data") / MODEL_FILE


@dataclass(slots=True)
class Changes:
    """What was changed in texts whose names are right."""

    documents: int = 0
    sentences: int = 0
    total: int = 0
    of: Counter[tuple[str, str]] = field(default_factory=Counter)  # name and what became of it
    where: dict[tuple[str, str], str] = field(default_factory=dict)  # the first place of each
    said: dict[tuple[str, str], str] = field(default_factory=dict)  # what a reader said of it, if anybody read it

    def add(self, case: Case, edits: Iterable[Edit]) -> None:
        """Count a document."""
        self.documents += 1
        self.sentences += case.text.count("\n") + 1
        for edit in edits:
            key = (edit.span.of(case.text), edit.text)
            self.total += 1
            self.of[key] += 1
            around = case.text[max(0, edit.span.start - 60) : edit.span.end + 60].replace("\n", " ")
            self.where.setdefault(key, f"{case.id}: …{around}…")
            self.said.setdefault(key, said_of(case, *key))

    def rows(self) -> list[dict[str, object]]:
        """One row a change, the most frequent first."""
        return [
            {"old": a, "new": b, "count": n, "where": self.where[a, b], "said": self.said[a, b]}
            for (a, b), n in self.of.most_common()
        ]


def measure(linker: NameLinker, cases: Iterable[Case]) -> Changes:
    """Link every document."""
    done = Changes()
    for case in cases:
        done.add(case, linker.link(case.text, one_segment(case.text), ()).edits)
    return done


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    part: Annotated[int, typer.Option(help="Which tenth.", min=0, max=RIGHT_PARTS - 1)] = MEASURED,
    data: Annotated[Path, typer.Option(help="Folder with text/.")] = Path("../shared/data"),
    weights: Annotated[Path, typer.Option(help="Weights of the linker.")] = SHIPPED,
    out: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path("build/right-names.json"),
) -> None:
    """Draw, count, link, report."""
    cases = right_parts(data)[part]
    background = Background.read().with_counts(count_attested(data, frozenset(case.id for case in cases)))
    store = EntityStore.open(names_dir)
    linker = NameLinker(store, LinkModel.load(weights), background)
    done = measure(linker, cases)
    for row in done.rows():
        typer.echo(f"{row['count']}  {row['old']} -> {row['new']}  {row['said']}  {row['where']}")
    typer.echo(
        f"{done.total} changes, {len(done.of)} different ones, in {done.sentences} sentences of {done.documents} "
        f"documents; {store.version}, part {part}"
    )
    report = {
        "part": part,
        "documents": done.documents,
        "sentences": done.sentences,
        "changes": done.total,
        "different": len(done.of),
        "rows": done.rows(),
        "knowledge_base": store.version,
        **provenance(),
    }
    write_whole(out, orjson.dumps(report, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    typer.run(main)

"""Measure the repair of names: what is repaired, how often a change is right, what is harmed, what it costs.

    python -m scripts.evaluate_names models/names-en [--half test] [--model-dir models/repair-en]

Real errors, sentences whose names are right, whole clean documents, and names that the mangler damaged in real
sentences. Prints tables; OUT gets everything as JSON. docs/names.md says what each figure means.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from app.core.types import Edit, Origin, Span
from app.evaluation.provenance import provenance
from app.names.linker import NameLinker, build_linker
from app.names.store import EntityStore
from app.settings import Settings
from app.wiring import build_repairer
from scripts.names_benchmark import (
    Case,
    changed_names,
    documents,
    frames,
    generated,
    load,
    one_segment,
    random_entities,
    with_entity,
)

WARM_UP = 200  # sentences
SEED = 2027  # of the entities that are damaged; training draws others


@dataclass(slots=True)
class Tally:
    """Counts of one row of a table."""

    cases: int = 0
    repairable: int = 0  # the right form is in the base and can be known from the text
    repaired: int = 0  # of those
    changed: int = 0  # names, whatever they were
    right: int = 0
    borne_out: int = 0  # by the references alone, whatever readers said

    def row(self) -> dict[str, float | int | None]:
        return {
            "cases": self.cases,
            "repairable": self.repairable,
            "repaired": self.repaired,
            "recall": self.repaired / self.repairable if self.repairable else None,
            "changed": self.changed,
            "right": self.right,
            "precision": self.right / self.changed if self.changed else None,
            "borne_out": self.borne_out,
        }


@dataclass(slots=True)
class Measured:
    """What the linker did with a set of texts."""

    total: Tally = field(default_factory=Tally)
    by: dict[str, dict[str, Tally]] = field(default_factory=dict)
    names: int = 0  # that the texts have, where they were counted
    sentences: int = 0
    seconds: float = 0.0  # processor time of linking
    changes: list[dict[str, object]] = field(default_factory=list)

    def tally(self, case: Case, kind: str) -> list[Tally]:
        """The rows that a case counts in."""
        keys = {"language": case.language, "kind": kind, "damage": case.damage}
        rows = [self.total]
        for by, value in keys.items():
            if value:
                rows.append(self.by.setdefault(by, {}).setdefault(value, Tally()))
        return rows


Finder = Callable[[str], Sequence[Edit]]  # the names that are changed in a text


def by_linker(linker: NameLinker) -> Finder:
    """What the linker does alone."""
    return lambda text: linker.link(text, one_segment(text), ()).edits


def by_product(names_dir: Path, model_dir: Path) -> Finder:
    """What is done to names by the whole product in its default mode: the network has a say where the linker is not
    sure."""
    repairer = build_repairer(Settings(names_dir=names_dir, model_dir=model_dir))
    return lambda text: [edit for edit in repairer.repair(text).edits if edit.origin is Origin.NAMES]


def measure(find: Finder, cases: Iterable[Case], store: EntityStore, *, warm: bool = False) -> Measured:
    """Change the names of every case and judge what was changed."""
    done = Measured()
    for case in cases:
        case = with_entity(case, store) if case.span is not None else case
        started = time.process_time()
        edits = find(case.text)
        spent = time.process_time() - started
        done.sentences += case.text.count("\n") + 1
        if warm or done.sentences > WARM_UP:
            done.seconds += spent
        entity = store.get(case.entity_id) if case.entity_id else None
        rows = done.tally(case, entity.kind.value if entity is not None else "not in base")
        done.names += case.names
        judged = changed_names(case, edits, store)
        hit = any(j.is_right and case.span is not None and j.edit.span.conflicts(case.span) for j in judged)
        for row in rows:
            row.cases += 1
            row.changed += len(judged)
            row.right += sum(j.is_right for j in judged)
            row.borne_out += sum(j.is_borne_out for j in judged)
            if case.is_knowable and case.entity_id:
                row.repairable += 1
                row.repaired += hit
        done.changes += [
            {
                "case": case.id,
                "document": case.document,
                "old": j.edit.span.of(case.text),
                "new": j.edit.text,
                "right": j.is_right,
                "borne_out": j.is_borne_out,
                "said": j.said,
                "confidence": j.edit.confidence,
                "entity": j.edit.entity.id if j.edit.entity else "",
                "reason": j.edit.reason,
                "text": marked(case.text, j.edit.span),
                "reference": case.reference,
            }
            for j in judged
        ]
    return done


def marked(text: str, span: Span) -> str:
    """A text with double brackets around a span, for those who read it."""
    return f"{text[: span.start]}[[{span.of(text)}]]{text[span.end :]}"


def _table(title: str, rows: Sequence[tuple[str, Tally]]) -> Table:
    table = Table(title=title)
    for column in ("", "cases", "repairable", "repaired", "recall", "changed", "right", "precision", "borne out"):
        table.add_column(column, justify="left" if not column else "right")
    for name, tally in rows:
        table.add_row(
            name, *("" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in tally.row().values())
        )
    return table


def _json(done: Measured) -> dict[str, object]:
    timed = max(1, done.sentences - WARM_UP)
    return {
        "total": done.total.row(),
        "by": {by: {k: t.row() for k, t in sorted(rows.items())} for by, rows in done.by.items()},
        "names": done.names,
        "sentences": done.sentences,
        "ms_per_sentence": 1000 * done.seconds / timed,
        "changes": done.changes,
    }


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    half: Annotated[str, typer.Option(help="dev or test; look at test only when nothing is tuned any more.")] = "test",
    data: Annotated[Path, typer.Option(help="Folder with mt/ and text/.")] = Path("../shared/data"),
    entities: Annotated[int, typer.Option(help="Random entities to damage.")] = 2000,
    model_dir: Annotated[
        Path | None, typer.Option(help="Network that reads along; without one the linker acts.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path("build/names.json"),
) -> None:
    """Measure and report."""
    console = Console(width=140)
    started = time.monotonic()
    linker = build_linker(names_dir)
    opened = time.monotonic() - started
    store = linker.store
    find = by_product(names_dir, model_dir) if model_dir else by_linker(linker)
    errors = measure(find, load("errors", half, data), store)
    controls = measure(find, load("controls", half, data), store)
    clean = measure(find, documents(half, data), store)
    slots = frames(store, data, half=half) if entities else []
    damaged = measure(find, generated(store, random_entities(store, entities, SEED), slots, SEED), store)
    for title, done in (("Real errors", errors), ("Generated damage", damaged)):
        for by in ("language", "kind", "damage"):
            if by in done.by and (by != "language" or done is errors):
                rows = sorted(done.by[by].items(), key=lambda r: -r[1].cases)
                console.print(_table(f"{title}, by {by}", [*rows, ("all", done.total)]))
    changed = errors.total.changed + controls.total.changed
    right = errors.total.right + controls.total.right
    precision = right / changed if changed else 1.0
    borne_out = errors.total.borne_out + controls.total.borne_out
    kinds = Counter(str(c["said"] or "unread") for c in controls.changes)
    unread = sum(not c["said"] for c in (*errors.changes, *controls.changes))
    console.print(
        f"repaired {errors.total.repaired} of {errors.total.repairable} real errors that base and text let one know "
        f"({errors.total.repaired / max(1, errors.total.repairable):.1%})\n"
        f"of {changed} names changed in errors and controls {right} rightly ({precision:.1%}; "
        f"by the references alone {borne_out}; {unread} unread)\n"
        f"controls: {controls.total.changed} of {controls.names} names changed "
        f"({controls.total.changed / max(1, controls.names):.2%}; {dict(kinds)})\n"
        f"clean documents: {clean.total.changed} changes in {clean.sentences} sentences\n"
        f"{1000 * clean.seconds / max(1, clean.sentences - WARM_UP):.2f} ms a sentence on clean documents, "
        f"opened in {opened:.2f} s, {linker.version}"
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "half": half,
        "knowledge_base": linker.version,
        "opened_s": opened,
        "precision": precision,
        "errors": _json(errors),
        "controls": _json(controls),
        "documents": _json(clean),
        "generated": _json(damaged),
        **provenance(),
    }
    out.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    typer.run(main)

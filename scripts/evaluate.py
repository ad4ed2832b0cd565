"""Measure the whole product over the evaluation sets: a table on the terminal, everything in a JSON file.

Run ``python scripts/evaluate.py --help``; docs/benchmarks.md says what each figure means.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress, TaskID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.core.errors import RepairError
from app.core.types import Mode, RepairOptions
from app.evaluation.data import FINAL_SETS, TUNING_SETS, load_file, load_set
from app.evaluation.provenance import provenance
from app.evaluation.report import rich_table, tables, write_whole
from app.evaluation.run import Answer, evaluate, to_json
from app.evaluation.translation import BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED, signatures
from app.settings import Settings
from app.wiring import build_repairer

_ROOT = Path(__file__).resolve().parent.parent


def main(
    data: Annotated[Path, typer.Option(help="Folder with mt/, gec/ and text/.")] = _ROOT.parent / "shared" / "data",
    sets: Annotated[list[str] | None, typer.Option("--set", help=f"One of {', '.join(TUNING_SETS)}.")] = None,
    file: Annotated[
        list[Path] | None, typer.Option(help="Any file of the same form, measured beside the sets.")
    ] = None,
    final: Annotated[
        bool, typer.Option(help=f"Measure {', '.join(FINAL_SETS)} too: only when nothing is tuned.")
    ] = False,
    mode: Annotated[Mode, typer.Option(help="How far repairs may go.")] = Mode.MINIMAL,
    min_confidence: Annotated[float | None, typer.Option(help="Instead of the mode's operating point.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many texts a set, evenly spaced.")] = None,
    out: Annotated[Path, typer.Option(help="Where the JSON goes.")] = _ROOT / "build" / "evaluation" / "latest.json",
    rows: Annotated[Path | None, typer.Option(help="Also write every changed text, but of final sets.")] = None,
) -> None:
    """Repair every set with the settings of the environment and report what it brought."""
    console = Console(width=max(140, Console().width))
    settings = Settings()
    options = RepairOptions(mode=mode, min_confidence=min_confidence)
    names = list(sets if sets is not None else [] if file else TUNING_SETS) + (list(FINAL_SETS) if final else [])
    try:
        loaded = [load_set(n, data, final=final) for n in names] + [load_file(f, final=final) for f in file or []]
        repairer = build_repairer(settings)
    except RepairError as exc:
        raise typer.BadParameter(str(exc)) from exc
    results, changed = [], []
    for evaluation_set in loaded:
        chosen = evaluation_set.thin(limit)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(chosen.name, total=len(chosen.examples))

            def show(done: int, bar: Progress = progress, task: TaskID = task) -> None:
                bar.update(task, completed=done)

            result, answers = evaluate(chosen, repairer, options, out.parent / "cache", show)
        for table in tables(result):
            console.print(rich_table(*table))
        results.append(to_json(result))
        if not any(chosen.name.startswith(f) for f in FINAL_SETS):
            changed += [_row(chosen.name, a) for a in answers if a.repair.edits]
    write_whole(out, orjson.dumps({
        **provenance(), "settings": settings.model_dump(mode="json"), "options": {"mode": mode, "min_confidence":
        min_confidence, "limit": limit}, "bootstrap": {"samples": BOOTSTRAP_SAMPLES, "seed": BOOTSTRAP_SEED},
        "signatures": signatures(), "results": results,
    }, option=orjson.OPT_INDENT_2))  # fmt: skip
    if rows:
        write_whole(rows, b"".join(orjson.dumps(r) + b"\n" for r in changed))
    console.print(f"wrote {out}")


def _row(name: str, answer: Answer) -> dict[str, object]:
    """A changed text with its edits and their verdicts, for reading."""
    verdicts: list[str | None] = [j.verdict.value for j in answer.judged] or [None] * len(answer.repair.edits)
    return {
        "set": name, "id": answer.example.id, "text": answer.example.text, "post_edit": answer.repair.text,
        "refs": answer.example.refs,
        "edits": [
            {"original": e.span.of(answer.repair.source), "text": e.text, "kind": e.kind, "origin": e.origin,
             "rule": e.rule, "confidence": e.confidence, "verdict": v}
            for e, v in zip(answer.repair.edits, verdicts, strict=True)
        ],
    }  # fmt: skip


if __name__ == "__main__":
    typer.run(main)

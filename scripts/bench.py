"""Measure speed and memory side by side in one run: JSON, and Markdown tables for docs/benchmarks.md.

Run ``python scripts/bench.py --help``; docs/benchmarks.md says what each figure means.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.core.errors import RepairError
from app.evaluation import speed
from app.evaluation.data import load_set
from app.evaluation.provenance import provenance
from app.evaluation.report import markdown_table, write_whole
from app.settings import Settings
from app.wiring import build_repairer

_ROOT = Path(__file__).resolve().parent.parent
_SERVE = f"{sys.executable} -m app.cli.main serve --port {{port}}"


def main(
    data: Annotated[Path, typer.Option(help="Folder with mt/pe-dev.jsonl.xz.")] = _ROOT.parent / "shared" / "data",
    checkpoint: Annotated[Path | None, typer.Option(help="Another checkpoint to time, from a folder.")] = None,
    serve: Annotated[str, typer.Option(help="Command that starts the service on {port}.")] = _SERVE,
    count: Annotated[int, typer.Option(help="Sentences a round.")] = 400,
    rounds: Annotated[int, typer.Option(help="Rounds; the median counts.")] = 3,
    out: Annotated[Path, typer.Option(help="JSON; the tables go beside it.")] = _ROOT / "build" / "bench.json",
) -> None:
    """Time our product, the same network through transformers, and harper-py on machine translations."""
    settings = Settings(cache_sentences=0)  # a cache would only time itself
    try:
        texts = [e.text for e in load_set("pe-dev", data).examples]
        chosen = [e.text for e in load_set("pe-dev", data).thin(count).examples]
        repairer = build_repairer(settings)
        contenders = [speed.product(repairer), speed.product_in_bulk(repairer), speed.harper()]
        contenders += [speed.repair_network(settings.model_dir, batch) for batch in (32, 1)]
        contenders.append(speed.repair_network(settings.model_dir, 1, prune=False))
        if checkpoint:
            contenders.append(speed.checkpoint(checkpoint))
        throughput = speed.measure_throughput(contenders, chosen, rounds)
        sentences = speed.sentences_of_length(texts, words=25, count=200)
        environment = {"MT_REPAIR_CACHE_SENTENCES": "0"}
        service = speed.measure_service(shlex.split(serve), sentences, speed.make_pages(texts, 40), environment)
    except RepairError as exc:
        raise typer.BadParameter(str(exc)) from exc
    about = provenance()
    tables = speed.speed_tables(throughput, service, len(chosen))
    text = f"{about['machine']}; revision {about['revision']}\n\n" + "\n".join(markdown_table(*t) for t in tables)
    figures = [asdict(t) | {"sentences_per_s": t.sentences_per_s} for t in throughput]
    report = {**about, "settings": settings.model_dump(mode="json"), "throughput": figures, "service": asdict(service)}
    write_whole(out, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    write_whole(out.with_suffix(".md"), text.encode())
    typer.echo(text)


if __name__ == "__main__":
    typer.run(main)

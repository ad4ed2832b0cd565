"""Measure runs over a corpus end to end and side by side: processes, engines, with the network and without.

``python -m scripts.bench_corpus measure FOLDER --workers 1 --workers 2``, with FOLDER from scripts/build_corpus.py;
docs/scale.md holds the figures and the commands behind them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import orjson
import psutil
import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.core.errors import RepairError
from app.evaluation import corpus_speed
from app.evaluation.corpus import MANIFEST
from app.evaluation.corpus_speed import Engine
from app.evaluation.provenance import provenance
from app.evaluation.report import markdown_table, write_whole

_ROOT = Path(__file__).resolve().parent.parent
cli = typer.Typer(add_completion=False, no_args_is_help=True)


@cli.command()
def measure(
    corpus: Annotated[Path, typer.Argument(help="Folder of scripts/build_corpus.py.")],
    engine: Annotated[list[Engine], typer.Option(help="May be repeated.")] = [Engine.RUN],  # noqa: B006
    workers: Annotated[list[int], typer.Option(help="Processes; may be repeated.")] = [1, 2],  # noqa: B006
    generator: Annotated[list[str], typer.Option(help="ctranslate2 or echo; may be repeated.")] = ["ctranslate2"],  # noqa: B006
    without_large: Annotated[bool, typer.Option("--without-large", help="Leave the large file out.")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds over all of it; the median counts.")] = 1,
    scratch: Annotated[Path | None, typer.Option(help="Folder for the outputs; they are removed.")] = None,
    out: Annotated[Path, typer.Option(help="JSON; the table goes beside it.")] = _ROOT / "build" / "bench_corpus.json",
) -> None:
    """Run over the corpus with each engine, generator and number of processes, and write the figures."""
    found = []
    try:
        selection = corpus_speed.select(corpus.absolute(), large=not without_large)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            for _ in range(rounds):
                for network in generator:
                    for one in engine:
                        for count in workers:
                            found.append(corpus_speed.measure(selection, one, count, network, Path(folder) / "run"))
                            typer.echo(orjson.dumps(found[-1].to_json()).decode())
    except RepairError as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(2) from exc
    head, rows = corpus_speed.table(corpus_speed.medians(found))
    about = {**provenance(), "load": psutil.getloadavg(), "corpus": orjson.loads((corpus / MANIFEST).read_bytes())}
    title = f"{selection.rows:,} rows, {selection.content_bytes / 1e6:,.0f} MB, {selection.sentences:,} sentences"
    text = f"{about['machine']}; revision {about['revision']}\n\n{markdown_table(title, head, rows)}"
    runs = [one.to_json() for one in found]
    write_whole(out, orjson.dumps({**about, "runs": runs}, option=orjson.OPT_INDENT_2))
    write_whole(out.with_suffix(".md"), text.encode())
    typer.echo(text)


@cli.command("engine", hidden=True)
def run_engine(
    engine: Engine,
    corpus: Path,
    scratch: Path,
    workers: Annotated[int, typer.Option()],
    file: Annotated[list[str], typer.Option()],
) -> None:
    """Repair with one engine, in a process that ``measure`` watches."""
    corpus_speed.carry_out(engine, corpus, file, scratch, workers)


if __name__ == "__main__":
    cli()

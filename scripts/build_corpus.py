"""Build a corpus to measure ``mt-repair run`` on: real text, clean and machine-translated, with copies as on the web.

``python scripts/build_corpus.py FOLDER`` makes 1.3 GB: one file of more than 1 GB, eight of 30 MB (JSONL.gz, Parquet).
``--large-mb 0 --unique 1 --site-lines 0`` makes one in which nothing comes twice. docs/scale.md holds the figures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.core.errors import RepairError
from app.evaluation.corpus import MANIFEST, Recipe, read_pools, write_corpus
from app.evaluation.provenance import provenance
from app.evaluation.report import write_whole
from app.formats.base import sha256_of

_ROOT = Path(__file__).resolve().parent.parent
_DEFAULT = Recipe()


def main(
    folder: Annotated[Path, typer.Argument(help="Where the corpus goes.")],
    data: Annotated[Path, typer.Option(help="Folder with text/*.txt.xz and mt/*-train.jsonl.xz.")] = _ROOT.parent
    / "shared"
    / "data",
    large_mb: Annotated[float, typer.Option(min=0, help="Content of the large file; 0 makes none.")] = 1050.0,
    file_mb: Annotated[float, typer.Option(min=0.01, help="Content of each smaller file.")] = 30.0,
    jsonl_files: Annotated[int, typer.Option(min=0, help="Smaller .jsonl.gz files.")] = 4,
    parquet_files: Annotated[int, typer.Option(min=0, help="Parquet files.")] = 4,
    garbled: Annotated[float, typer.Option(min=0, max=1, help="Share of machine translation.")] = _DEFAULT.garbled,
    unique: Annotated[float, typer.Option(min=0, max=1, help="Share of new sentences.")] = _DEFAULT.unique,
    site_lines: Annotated[int, typer.Option(min=0, help="Lines under each page of a site.")] = _DEFAULT.site_lines,
    seed: Annotated[int, typer.Option(help="Of everything that chance decides.")] = _DEFAULT.seed,
) -> None:
    """Write the corpus, and corpus.json with what is in it."""
    recipe = Recipe(large_mb, file_mb, jsonl_files, parquet_files, garbled, unique, site_lines, seed=seed)
    try:
        made = write_corpus(folder, *read_pools(data, recipe.lines), recipe)
    except RepairError as exc:
        raise typer.BadParameter(str(exc)) from exc
    inputs = [*sorted((data / "text").glob("*.txt.xz")), *sorted((data / "mt").glob("*-train.jsonl.xz"))]
    checksums = {path.name: sha256_of(str(path)) for path in inputs}
    about = {**made.to_json(), **provenance(), "data_sha256": checksums}
    write_whole(folder / MANIFEST, orjson.dumps(about, option=orjson.OPT_INDENT_2))
    for one in made.files:
        typer.echo(f"{one['name']}: {one['rows']:,} rows, {one['content_bytes'] / 1e6:,.1f} MB")
    typer.echo(
        f"{made.rows:,} rows, {made.content_bytes / 1e6:,.1f} MB ({made.stored_bytes / 1e6:,.1f} MB stored), "
        f"{made.sentences:,} sentences, {made.unique_sentences:,} of them different ({about['unique_share']:.2%}); "
        f"{about['copied_share']:.1%} of the rows are copies, {about['garbled_share']:.1%} machine translation"
    )


if __name__ == "__main__":
    typer.run(main)

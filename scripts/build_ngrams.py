"""Count runs of words in right English: what tells a likely correction from an unlikely one.

    python -m scripts.build_ngrams models/repair-en/ngrams.marisa [--data ../shared/data]

Clean text and the references of the training pairs; documents and references held out for evaluation are not counted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.seq2seq.ngrams import count_runs, write_ngrams
from scripts.held_out import clean_documents
from scripts.prepare_data import right_sides


def right_sentences(data: Path) -> Iterator[str]:
    """Sentences of clean text, and references."""
    for sentences in clean_documents(data / "text", held_out=False):
        yield from sentences
    yield from right_sides(data / "mt", random.Random(1))


def main(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    data: Annotated[Path, typer.Option(help="Folder with text/ and mt/.")] = Path("../shared/data"),
) -> None:
    """Count and write."""
    counts = count_runs(right_sentences(data))
    write_ngrams(out, counts)
    typer.echo(f"{len(counts):,} runs of words -> {out} ({out.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    typer.run(main)

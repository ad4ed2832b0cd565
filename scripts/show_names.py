"""Show every edit of a name with its evidence.

    python -m scripts.show_names examples/garbled-article.txt [MORE ...] [--names-dir models/names-en]

One block an edit: place, what stands there and what should, probability and rule, the reason that an editor reads, and
what spoke for and against, with the weight that each has. Titles that are shown and not changed come last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.core.segment import SentenceSegmenter
from app.core.types import Edit
from app.names.linker import NameLinker, build_linker


def show(text: str, linker: NameLinker) -> list[str]:
    """The blocks of one text."""
    result = linker.link(text, SentenceSegmenter().segment(text), ())
    lines = [f"{len(result.edits)} edits, {len(result.flags)} titles to look at, {len(result.keep)} names right"]
    for edit in result.edits:
        lines += _block(text, edit, "")
    for flag in result.flags:
        lines += _block(text, flag, " (shown only)")
    return lines


def _block(text: str, edit: Edit, note: str) -> list[str]:
    line = text.count("\n", 0, edit.span.start) + 1
    entity = edit.entity.id if edit.entity is not None else ""
    head = f"line {line}: “{edit.span.of(text)}” → “{edit.text}”{note}  {edit.confidence:.2f} {edit.rule} {entity}"
    features = ", ".join(f"{name} {score:g}" for name, score in (edit.entity.features if edit.entity else ()))
    return [head, f"  {edit.reason}", *([f"  {features}"] if features else [])]


def main(
    paths: Annotated[list[Path], typer.Argument(help="Text files.")],
    names_dir: Annotated[Path, typer.Option(help="Folder of the knowledge base.")] = Path("models/names-en"),
) -> None:
    """Link the names of each file and print what would be changed."""
    linker = build_linker(names_dir)
    for path in paths:
        typer.echo(f"== {path.name}")
        typer.echo("\n".join(show(path.read_text("utf-8"), linker)))


if __name__ == "__main__":
    typer.run(main)

"""Measure the repair of names in short articles written for the purpose, each with its damaged names marked.

    python -m scripts.measure_articles models/names-en tests/data/names/articles-dev.txt [MORE ...] [--show]

A file has one article a block, blocks parted by an empty line, the first line its id; a damaged name is marked with
what it should be: ``[[Varsovia|Warsaw]]``. Counts the damaged names that are repaired (their place reads as it should,
but for case and diacritics), those made something else, and the right names that are changed. ``--show`` lists each of
them; for files that nobody has looked at it stays off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from app.core.diff import Change, apply_edits
from app.core.segment import SentenceSegmenter
from app.core.types import Edit, Span
from app.names.linker import NameLinker, build_linker
from app.names.normalise import normalise

_MARK = re.compile(r"\[\[([^\[\]|]+)\|([^\[\]|]+)\]\]")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged name: its place in the article, and what should stand there."""

    span: Span
    right: str


@dataclass(frozen=True, slots=True)
class Article:
    """One text, as the program gets it, and its damaged names in their order."""

    id: str
    text: str
    damaged: tuple[Damaged, ...]


@dataclass(slots=True)
class Result:
    """What the linker did with the names of some articles, a line each."""

    repaired: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    made_wrong: list[str] = field(default_factory=list)
    harmed: list[str] = field(default_factory=list)  # names that were right


def read_articles(path: Path) -> list[Article]:
    """The articles of a file.

    Raises:
        ValueError: A block has no id, or a mark is broken; with the file and the block.
    """
    found = []
    for block in re.split(r"\n\s*\n", path.read_text("utf-8").strip()):
        name, _, marked = block.partition("\n")
        text, damaged, end = "", [], 0
        for match in _MARK.finditer(marked):
            text += marked[end : match.start()]
            damaged.append(Damaged(Span(len(text), len(text) + len(match[1])), match[2]))
            text += match[1]
            end = match.end()
        text += marked[end:]
        if not name.strip() or " " in name.strip() or not text or "[[" in text or "]]" in text:
            raise ValueError(f"{path}: block {name[:30]!r} needs an id, a text and marks such as [[Varsovia|Warsaw]]")
        found.append(Article(name.strip(), text, tuple(damaged)))
    return found


def judge(article: Article, edits: Sequence[Edit], result: Result) -> None:
    """Count what the edits of an article do to its names."""
    for damaged in article.damaged:
        mine = [e for e in edits if e.span.conflicts(damaged.span)]
        line = f"{article.id}: {damaged.span.of(article.text)} -> {damaged.right}"
        if not mine:
            result.left.append(line)
            continue
        first = min(damaged.span.start, *(e.span.start for e in mine))
        last = max(damaged.span.end, *(e.span.end for e in mine))
        inside = [d for d in article.damaged if first <= d.span.start and d.span.end <= last]
        got = _with(article.text, first, last, [(e.span, e.text) for e in mine])
        if normalise(got) == normalise(_with(article.text, first, last, [(d.span, d.right) for d in inside])):
            result.repaired.append(line)
        else:
            result.made_wrong.append(f"{line}; got {got} ({mine[0].confidence:.2f})")
    for edit in edits:
        if not any(edit.span.conflicts(d.span) for d in article.damaged):
            old = edit.span.of(article.text)
            result.harmed.append(f"{article.id}: {old} -> {edit.text} ({edit.confidence:.2f}; {edit.reason})")


def _with(text: str, first: int, last: int, replaced: Sequence[tuple[Span, str]]) -> str:
    """``text[first:last]`` with spans of ``text`` replaced."""
    changes = [Change(Span(span.start - first, span.end - first), new) for span, new in replaced]
    return apply_edits(text[first:last], changes)


def measure(linker: NameLinker, articles: Sequence[Article]) -> Result:
    """Link every article by itself."""
    result = Result()
    segmenter = SentenceSegmenter()
    for article in articles:
        edits = linker.link(article.text, segmenter.segment(article.text), ()).edits
        judge(article, edits, result)
    return result


def _lines(result: Result) -> Iterator[str]:
    for title, lines in (("left", result.left), ("made wrong", result.made_wrong), ("harmed", result.harmed)):
        for line in lines:
            yield f"{title}\t{line}"


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    paths: Annotated[list[Path], typer.Argument(help="Files of articles.")],
    show: Annotated[bool, typer.Option(help="List what was left, made wrong or harmed.")] = False,
) -> None:
    """Read, link, count."""
    linker = build_linker(names_dir)
    for path in paths:
        articles = read_articles(path)
        result = measure(linker, articles)
        if show:
            typer.echo("\n".join(_lines(result)))
        damaged = sum(len(a.damaged) for a in articles)
        typer.echo(
            f"{path.name}: {len(articles)} articles, {len(result.repaired)} of {damaged} damaged names repaired, "
            f"{len(result.made_wrong)} made wrong, {len(result.harmed)} right names changed; {linker.version}"
        )


if __name__ == "__main__":
    typer.run(main)

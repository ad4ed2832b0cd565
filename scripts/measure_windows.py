"""What reading two short neighbours as one sentence brings, and what it costs: a table.

    python -m scripts.measure_windows [--data ../shared/data] [--paragraphs 600]

Paragraphs of held-out documents go through the whole product as they are and with one sentence each cut in two by a
false full stop, once with neighbours read together and once without.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.core.repairer import SHORT_WORDS, Repairer
from app.core.segment import SentenceSegmenter
from app.core.types import Mode, RepairOptions
from app.evaluation.data import read_documents
from app.evaluation.report import markdown_table
from app.evaluation.splits import is_held_out_text
from app.seq2seq.slips import false_boundary
from app.seq2seq.tokenizer import Tokenizer
from app.settings import Settings
from app.wiring import build_generator
from scripts.product import make_repairer


def paragraphs(folder: Path, most: int) -> list[str]:
    """Held-out paragraphs of two to eight sentences, the same every time."""
    segmenter = SentenceSegmenter()
    found = [
        text
        for path in sorted(folder.glob("*.txt.xz"))
        for index, document in read_documents(path)
        if is_held_out_text(path.name, index)
        for text in map(str.strip, document)
        if len(text) <= 1500 and 2 <= len(segmenter.segment(text)) <= 8
    ]
    random.Random(5).shuffle(found)
    return found[:most]


def cut(text: str, tokenizer: Tokenizer, rng: random.Random) -> str:
    """The paragraph with one of its sentences broken; the same where none is long enough."""
    segment = rng.choice(SentenceSegmenter().segment(text))
    broken = false_boundary(tokenizer.words(segment.text), rng)
    return text[: segment.span.start] + broken + text[segment.span.end :]


def joined(repairer: Repairer, texts: Sequence[str], mode: Mode) -> tuple[list[list[str]], float]:
    """The text with each joining edit alone, document by document, and the seconds that it took."""
    started = time.perf_counter()
    repairs = repairer.repair_many(texts, RepairOptions(mode=mode))
    seconds = time.perf_counter() - started
    made = [
        [r.source[: e.span.start] + e.text + r.source[e.span.end :] for e in r.edits
         if "." in e.span.of(r.source).strip()[:1] and e.text.strip()[:1].isalpha()]
        for r in repairs
    ]  # fmt: skip
    return made, seconds


def main(
    data: Annotated[Path, typer.Option(help="Folder with text/.")] = Path("../shared/data"),
    most: Annotated[int, typer.Option("--paragraphs", help="Paragraphs to read.")] = 600,
) -> None:
    """Print the table."""
    settings = Settings(cache_sentences=0)
    generator = build_generator(settings)
    tokenizer = Tokenizer(settings.model_dir / "tokenizer.model")
    right, rng = paragraphs(data / "text", most), random.Random(6)
    broken = [cut(text, tokenizer, rng) for text in right]
    n_broken = sum(a != b for a, b in zip(right, broken, strict=True))
    rows = []
    for short_words, name in ((0, "sentences alone"), (SHORT_WORDS, "short neighbours together")):
        repairer = make_repairer(generator, short_words=short_words)
        for mode in (Mode.MINIMAL, Mode.FLUENT):
            made, seconds = joined(repairer, broken, mode)
            good = sum(text == was for texts, was in zip(made, right, strict=True) for text in texts)
            harm, _ = joined(repairer, right, mode)
            wrong = sum(map(len, harm))
            rows.append(
                [name, mode.value, f"{n_broken}", f"{sum(map(len, made))}", f"{good}", f"{wrong}", f"{seconds:.1f}"]
            )
    heads = ["read", "mode", "broken sentences", "joins", "right", "joins in whole paragraphs", "seconds"]
    typer.echo(markdown_table(f"{len(right)} paragraphs", heads, rows))


if __name__ == "__main__":
    typer.run(main)

"""What a second reading of rough text brings, and what it costs sound translations: a table.

    python -m scripts.measure_rough [--data ../shared/data] [--documents 100]

Held-out documents of clean text with slips in a share of their sentences, and held-out machine translations by
document, go through the product without names, in its default mode, with the second reading and without.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from app.core.repairer import ROUGH_ONE_IN
from app.core.types import DocumentRepair, Origin
from app.evaluation.report import markdown_table
from app.evaluation.splits import is_held_out_text
from app.seq2seq.export import word_distance
from app.seq2seq.slips import Slipper
from app.seq2seq.tokenizer import Tokenizer
from app.settings import Settings
from scripts.held_out import read_translations
from scripts.prepare_data import SLIPS_A_SENTENCE, read_documents
from scripts.without_names import make_repairer

SENTENCES = 20  # of a document
SHARES = (0.0, 0.05, 0.2, 0.5)  # of them that have slips


@dataclass(frozen=True, slots=True)
class Document:
    """Sentences as they stand, and as they should."""

    wrong: tuple[str, ...]
    right: tuple[str, ...]


def clean_documents(folder: Path, most: int) -> list[tuple[str, ...]]:
    """The beginnings of held-out documents, the same every time."""
    found = [
        tuple(sentences[:SENTENCES])
        for path in sorted(folder.glob("*.txt.xz"))
        for index, sentences in read_documents(path)
        if is_held_out_text(path.name, index) and len(sentences) >= SENTENCES
    ]
    random.Random(15).shuffle(found)
    return found[:most]


def with_slips(documents: Sequence[tuple[str, ...]], share: float, tokenizer: Tokenizer) -> list[Document]:
    """Every document with slips in a share of its sentences."""
    counted = Counter(w for document in documents for s in document for w in s.split() if w.islower())
    slipper = Slipper.of((w for w, n in counted.items() if n >= 3 and w.isalpha()), counted)
    rng = random.Random(16)
    return [
        Document(
            tuple(
                slipper.slip(tokenizer.words(s), rng.choice(SLIPS_A_SENTENCE), rng) if rng.random() < share else s
                for s in document
            ),
            document,
        )
        for document in documents
    ]


def translations(data: Path) -> list[Document]:
    """Held-out translations, by document."""
    by_document: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in read_translations(data / "mt" / "wmt-train.jsonl.xz"):
        if "\n" not in row.machine + row.post_edit:
            by_document[row.document].append((row.machine, row.post_edit))
    return [Document(*zip(*rows, strict=True)) for rows in by_document.values() if len(rows) > 1]


def judge(document: Document, repair: DocumentRepair, tokenizer: Tokenizer) -> list[int]:
    """The word edits that each edit of the network saves, alone in its sentence; negative where it costs some."""
    gains, start = [], 0
    for wrong, right in zip(document.wrong, document.right, strict=True):
        reference = tokenizer.words(right)
        before = word_distance(tokenizer.words(wrong), reference)
        for edit in repair.edits:
            if edit.origin is Origin.MODEL and start <= edit.span.start and edit.span.end <= start + len(wrong):
                span = edit.span.shift(-start)
                after = tokenizer.words(wrong[: span.start] + edit.text + wrong[span.end :])
                gains.append(before - word_distance(after, reference))
        start += len(wrong) + 1
    return gains


def main(
    data: Annotated[Path, typer.Option(help="Folder with text/ and mt/.")] = Path("../shared/data"),
    most: Annotated[int, typer.Option("--documents", help="Documents of clean text.")] = 100,
) -> None:
    """Print the table."""
    settings = Settings(cache_sentences=0)
    tokenizer = Tokenizer(settings.model_dir / "tokenizer.model")
    clean = clean_documents(data / "text", most)
    sets = {f"slips in {share:.0%} of the sentences": with_slips(clean, share, tokenizer) for share in SHARES}
    sets["translations"] = translations(data)
    rows = []
    for name, documents in sets.items():
        for one_in in (0, ROUGH_ONE_IN):
            repairer = make_repairer(settings, rough_one_in=one_in)
            started = time.perf_counter()
            repairs = repairer.repair_many(["\n".join(d.wrong) for d in documents])
            seconds = time.perf_counter() - started
            gains = [g for d, r in zip(documents, repairs, strict=True) for g in judge(d, r, tokenizer)]
            rows.append([
                name, "twice" if one_in else "once", f"{sum(len(d.wrong) for d in documents):,}", f"{len(gains):,}",
                f"{sum(g > 0 for g in gains):,}", f"{sum(g < 0 for g in gains)}", f"{seconds:.1f}",
            ])  # fmt: skip
    heads = ["text", "read", "sentences", "edits", "right", "wrong", "seconds"]
    typer.echo(markdown_table(f"{len(clean)} documents of clean text", heads, rows))


if __name__ == "__main__":
    typer.run(main)

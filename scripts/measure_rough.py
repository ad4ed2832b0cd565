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

from app.core.types import Origin
from app.evaluation.judge import Verdict, judge_edits
from app.evaluation.report import markdown_table
from app.seq2seq.export import HeldOut
from app.seq2seq.slips import Slipper, small_words
from app.seq2seq.tokenizer import Tokenizer
from app.settings import Settings
from app.wiring import build_generator
from scripts.held_out import clean_documents, read_translations
from scripts.prepare_data import SLIPS_A_SENTENCE
from scripts.product import make_repairer

SENTENCES = 20  # of a document
SHARES = (0.0, 0.05, 0.2, 0.5)  # of them that have slips


@dataclass(frozen=True, slots=True)
class Document:
    """A sentence a line, as they stand and as they should."""

    wrong: str
    right: str


def documents(folder: Path, most: int) -> list[list[str]]:
    """The beginnings of held-out documents, the same every time."""
    found = [sentences[:SENTENCES] for sentences in clean_documents(folder) if len(sentences) >= SENTENCES]
    random.Random(15).shuffle(found)
    return found[:most]


def with_slips(right: Sequence[Sequence[str]], share: float, tokenizer: Tokenizer) -> list[Document]:
    """Every document with slips in a share of its sentences."""
    slipper = Slipper.from_counts(small_words(s for sentences in right for s in sentences), least=3)
    rng = random.Random(16)

    def slip(sentence: str) -> str:
        if rng.random() >= share:
            return sentence
        return slipper.slip(tokenizer.words(sentence), rng.choice(SLIPS_A_SENTENCE), rng)

    return [Document("\n".join(map(slip, sentences)), "\n".join(sentences)) for sentences in right]


def translations(data: Path) -> list[Document]:
    """Held-out translations, by document."""
    by_document: dict[str, list[HeldOut]] = defaultdict(list)
    for pair in read_translations(data / "mt" / "wmt-train.jsonl.xz"):
        if "\n" not in pair.machine + pair.post_edit:
            by_document[pair.document].append(pair)
    return [
        Document("\n".join(pair.machine for pair in pairs), "\n".join(pair.post_edit for pair in pairs))
        for pairs in by_document.values()
        if len(pairs) > 1
    ]


def main(
    data: Annotated[Path, typer.Option(help="Folder with text/ and mt/.")] = Path("../shared/data"),
    most: Annotated[int, typer.Option("--documents", help="Documents of clean text.")] = 100,
) -> None:
    """Print the table."""
    settings = Settings(cache_sentences=0)
    generator, tokenizer = build_generator(settings), Tokenizer(settings.model_dir / "tokenizer.model")
    repairers = {
        "once": make_repairer(generator, rough_one_in=0),
        "twice": make_repairer(generator),
    }
    clean = documents(data / "text", most)
    sets = {f"slips in {share:.0%} of the sentences": with_slips(clean, share, tokenizer) for share in SHARES}
    sets["translations"] = translations(data)
    rows = []
    for name, texts in sets.items():
        for read, repairer in repairers.items():
            started = time.perf_counter()
            repairs = repairer.repair_many([text.wrong for text in texts])
            seconds = time.perf_counter() - started
            verdicts = Counter(
                judged.verdict
                for text, repair in zip(texts, repairs, strict=True)
                for judged in judge_edits(repair, [text.right])
                if judged.edit.origin is Origin.MODEL
            )
            sentences = sum(text.wrong.count("\n") + 1 for text in texts)
            rows.append([
                name, read, f"{sentences:,}", f"{verdicts.total():,}", f"{verdicts[Verdict.RIGHT]:,}",
                f"{verdicts[Verdict.WRONG]:,}", f"{seconds:.1f}",
            ])  # fmt: skip
    heads = ["text", "read", "sentences", "edits", "right", "wrong", "seconds"]
    typer.echo(markdown_table(f"{len(clean)} documents of clean text", heads, rows))


if __name__ == "__main__":
    typer.run(main)

"""Measure how many slips of each kind a network puts right by default.

    python -m scripts.measure_slips models/repair-en [MORE ...] [--kind agreement] [--count 300]

Held-out clean sentences get one slip each. A sentence counts as repaired if it comes back exactly as it was; edits are
all that the network would make at the operating point of the default mode.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.core.protocols import GenerationTask
from app.core.types import Mode
from app.seq2seq.ctranslate import CTranslateGenerator
from app.seq2seq.slips import Slipper, small_words
from app.seq2seq.tokenizer import Tokenizer
from scripts.held_out import clean_sentences

BEHIND = 9000  # held-out sentences that calibration and bounds are made with
KINDS = (
    "agreement", "after an auxiliary", "before a verb", "after a preposition", "number", "number of a noun",
    "mass noun", "as if regular", "a or an", "article", "word class", "comparison", "second conjunction",
    "opening comma", "pronoun case", "misspelling",
)  # fmt: skip


def slipped(
    sentences: Sequence[str], slipper: Slipper, kind: str, count: int, tokenizer: Tokenizer
) -> list[tuple[str, str]]:
    """At most ``count`` sentences with one slip of a kind, each with what it was; the same every time."""
    rng = random.Random(5)
    pairs = ((slipper.slip(tokenizer.words(right), 1, rng, only=kind), right) for right in sentences)
    return [pair for pair in pairs if pair[0] != pair[1]][:count]


def main(
    models: Annotated[list[Path], typer.Argument(help="Exported networks.")],
    data: Annotated[Path, typer.Option(help="Folder with text/.")] = Path("../shared/data"),
    kind: Annotated[list[str] | None, typer.Option(help="A kind of slip; sixteen of them if none is named.")] = None,
    count: Annotated[int, typer.Option(help="Sentences a kind.")] = 300,
) -> None:
    """Print, for each network and kind, how many sentences are given back and how many edits that took."""
    sentences = [s for s in clean_sentences(data / "text", BEHIND + 3000)[BEHIND:] if 30 <= len(s) <= 250]
    slipper = Slipper.from_counts(small_words(sentences), least=2)
    unknown = set(kind or ()) - set(slipper.kinds)
    if unknown:
        raise typer.BadParameter(f"no kind {sorted(unknown)}; there are {[*slipper.kinds]}")
    for model in models:
        network, tokenizer = CTranslateGenerator(model), Tokenizer(model / "tokenizer.model")
        least = network.operating_point(Mode.MINIMAL)
        for name in kind or KINDS:
            pairs = slipped(sentences, slipper, name, count, tokenizer)
            proposals = network.generate([GenerationTask(wrong, min_confidence=least) for wrong, _ in pairs])
            edits = [[e for e in p.edits if e.confidence >= least] for p in proposals]
            repaired = sum(
                any(wrong[: e.span.start] + e.text + wrong[e.span.end :] == right for e in found)
                for found, (wrong, right) in zip(edits, pairs, strict=True)
            )
            typer.echo(f"{model.name}, {name}: {repaired} of {len(pairs)} repaired, {sum(map(len, edits))} edits")


if __name__ == "__main__":
    typer.run(main)

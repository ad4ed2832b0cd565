"""Recall, precision and speed of the mention detector on sentences whose names were marked by hand.

    python -m scripts.measure_mentions ../shared/data tests/data/mention_labels.jsonl [--spacy FOLDER]

The labels hold no text: a line names a sentence by the first 16 digits of its SHA-1, its names with a kind (p person,
o organisation, l place, empty unmarked; ``~`` parts spans that are equally right), and what counts neither way (works,
products, peoples). The sentences are references of ``mt/wmt-train`` and ``mt/moz-train`` and sentences of
``text/gum-open-web``.
"""

from __future__ import annotations

import hashlib
import lzma
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import orjson
import regex
import typer

from app.core.segment import SentenceSegmenter
from app.evaluation.data import read_rows
from app.names.mentions import find_mentions

Found = list[tuple[str, str]]  # text and kind
_KINDS = {"person": "p", "organisation": "o", "place": "l", "unknown": ""}
_SPACY_KINDS = {
    "PERSON": "p",
    "ORG": "o",
    "GPE": "l",
    "LOC": "l",
    "FAC": "l",
    "PRODUCT": "",
    "EVENT": "",
    "WORK_OF_ART": "",
}


def key_of(sentence: str) -> str:
    """What a label names a sentence by."""
    return hashlib.sha1(sentence.encode(), usedforsecurity=False).hexdigest()[:16]


def sentences(folder: Path) -> Iterator[str]:
    """Every sentence that can have a label."""
    for name in ("wmt-train", "moz-train"):
        for row in read_rows(folder / "mt" / f"{name}.jsonl.xz"):
            yield row["ref"]
    segmenter = SentenceSegmenter()
    with lzma.open(folder / "text" / "gum-open-web.txt.xz", "rt", encoding="utf-8") as paragraphs:
        for paragraph in paragraphs:
            yield from (segment.text for segment in segmenter.segment(paragraph))


def our_detector() -> Callable[[str], Found]:
    """The product's."""
    segmenter = SentenceSegmenter()
    return lambda text: [(m.text, _KINDS[m.kind]) for m in find_mentions(text, segmenter.segment(text))]


def spacy_detector(folder: Path) -> Callable[[str], Found]:
    """A spaCy pipeline with a named-entity recogniser; spaCy is no dependency of the product."""
    import spacy  # type: ignore[import-not-found, unused-ignore]

    nlp = spacy.load(folder, exclude=["parser", "tagger", "attribute_ruler", "lemmatizer", "senter"])

    def detect(text: str) -> Found:
        found = []
        for entity in nlp(text).ents:
            if entity.label_ in _SPACY_KINDS:
                bare = regex.sub(r"^[Tt]he |['’]s$", "", entity.text).strip('"“”')
                found.append((bare, _SPACY_KINDS[entity.label_]))
        return found

    return detect


def main(
    folder: Annotated[Path, typer.Argument(help="The folder with `mt` and `text`.")],
    labels: Annotated[Path, typer.Argument()],
    spacy: Annotated[Path | None, typer.Option(help="A spaCy pipeline to measure instead.")] = None,
    errors: Annotated[bool, typer.Option(help="Print what was missed and what was too much.")] = False,
) -> None:
    """Print recall, precision, kinds right, and time, by part of the labels."""
    rows = {row["sentence"]: row for row in map(orjson.loads, labels.read_bytes().splitlines())}
    texts = {key: text for text in sentences(folder) if (key := key_of(text)) in rows}
    detect = spacy_detector(spacy) if spacy else our_detector()
    detect("Warm up.")
    for part in sorted({row["part"] for row in rows.values()}):
        mine = [(texts[key], row) for key, row in rows.items() if row["part"] == part and key in texts]
        started = time.process_time()
        found = [detect(text) for text, _ in mine]
        each_ms = (time.process_time() - started) / len(mine) * 1e3
        hits = misses = extras = kinds = kinds_right = kinds_said = 0
        for (text, row), got in zip(mine, found, strict=True):
            left, missed = list(got), []
            for name, kind in row["names"]:
                hit = next((g for g in left if g[0] in name.split("~")), None)
                if hit is None:
                    missed.append(name)
                    continue
                left.remove(hit)
                hits += 1
                kinds += bool(kind)
                kinds_said += bool(kind and hit[1])
                kinds_right += bool(kind) and hit[1] == kind
            extra = [g for g in left if not any(g[0] in optional for optional in row["optional"])]
            misses, extras = misses + len(missed), extras + len(extra)
            if errors and (missed or extra):
                typer.echo(f"  missed {missed} too much {extra}: {text}")
        typer.echo(
            f"{part}: {len(mine)} sentences, {hits + misses} names, recall {hits / (hits + misses):.3f}, "
            f"precision {hits / (hits + extras):.3f}, {each_ms:.3f} ms a sentence"
            + (f", kind said {kinds_said / kinds:.2f}, right {kinds_right / kinds_said:.2f}" if kinds_said else "")
        )


if __name__ == "__main__":
    typer.run(main)

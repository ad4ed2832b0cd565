"""Measure sentence boundaries and speed of the segmenter beside libraries, on sentences joined to paragraphs again.

Sentences of known extent (one a row) are joined by a space, twelve to a paragraph, so that the joins are boundaries
that a segmenter must find (recall) and everything inside a row is a place where it must not cut (precision). A row
that plainly holds several sentences (a full stop after an ordinary lower-case word, then a capital) is left out; rows
with abbreviations, initials and quotations stay, because they are what the measurement is about.

Libraries are compared where they are installed: pysbd, blingfire, nupunkt, sentencex.
"""

from __future__ import annotations

import argparse
import importlib
import json
import lzma
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core.segment import SentenceSegmenter
from app.evaluation.data import read_rows

Cutter = Callable[[str], list[int]]  # text -> where its sentences end, without white space

_SEVERAL = re.compile(r"[a-z]{4,}[.!?]+[\"”“’')]* +[\"“„(‘']*[A-Z]")
_WHOLE = re.compile(r"^[\"“„(]?[A-Z0-9].*[.!?][\"”“)]?$", re.S)


@dataclass(frozen=True, slots=True)
class Score:
    """Boundaries of one system on one set; paragraph ends are not counted."""

    system: str
    data: str
    precision: float
    recall: float
    f1: float
    mb_per_s: float


def read_sentences(path: Path, field: str, limit: int) -> list[str]:
    """Rows of a JSONL file (xz) that are one whole sentence, each once, in the order of the file."""
    found: dict[str, None] = {}
    for row in read_rows(path):
        text = str(row[field]).strip()
        if _WHOLE.match(text) and not _SEVERAL.search(text) and "\n" not in text:
            found[text] = None
        if len(found) >= limit:
            break
    return list(found)


def join(sentences: list[str], per_paragraph: int) -> Iterator[tuple[str, set[int]]]:
    """Paragraphs with the ends of their sentences, the last one left out."""
    for at in range(0, len(sentences), per_paragraph):
        group = sentences[at : at + per_paragraph]
        ends: set[int] = set()
        length = -1
        for sentence in group:
            length += 1 + len(sentence)
            ends.add(length)
        yield " ".join(group), ends - {length}


def read_text(folder: Path, max_chars: int) -> str:
    """The opening of every clean text file, for the speed."""
    parts = []
    files = sorted(folder.glob("*.txt.xz"))
    for path in files:
        with lzma.open(path, "rt", encoding="utf-8") as handle:
            parts.append(handle.read(max_chars // max(1, len(files))))
    return "\n".join(parts)


def ours() -> Cutter:
    """The product's segmenter."""
    segmenter = SentenceSegmenter()
    return lambda text: [s.span.end for s in segmenter.segment(text)]


def _ends(text: str, sentences: list[str]) -> list[int]:
    ends, at = [], 0
    for sentence in sentences:
        stripped = sentence.strip()
        found = text.find(stripped, at)
        if stripped and found >= 0:
            at = found + len(stripped)
            ends.append(at)
    return ends


def pysbd() -> Cutter:
    """Rule-based library, port of Pragmatic Segmenter."""
    segmenter = importlib.import_module("pysbd").Segmenter(language="en", clean=False)
    return lambda text: _ends(text, segmenter.segment(text))


def blingfire() -> Cutter:
    """Finite-state library in C++."""
    split = importlib.import_module("blingfire").text_to_sentences
    return lambda text: _ends(text, split(text).split("\n"))


def nupunkt() -> Cutter:
    """Punkt with a model for legal text in the package."""
    split = importlib.import_module("nupunkt").sent_tokenize
    return lambda text: _ends(text, list(split(text)))


def sentencex() -> Cutter:
    """Wikimedia's rule-based library."""
    split = importlib.import_module("sentencex").segment
    return lambda text: _ends(text, list(split("en", text)))


SYSTEMS: dict[str, Callable[[], Cutter]] = {
    "ours": ours,
    "blingfire": blingfire,
    "nupunkt": nupunkt,
    "sentencex": sentencex,
    "pysbd": pysbd,
}


def score(system: str, cut: Cutter, name: str, sentences: list[str], speed: float, show: int = 0) -> Score:
    """Precision and recall of one system over paragraphs of twelve sentences."""
    right = wrong = missed = 0
    for text, ends in join(sentences, 12):
        got = {e for e in cut(text) if e < len(text)}
        right += len(got & ends)
        wrong += len(got - ends)
        missed += len(ends - got)
        for end in sorted(got ^ ends):
            if show > 0:
                show -= 1
                print(f"  {'+' if end in got else '-'} {text[max(0, end - 50) : end]!r} | {text[end : end + 40]!r}")
    precision = right / max(1, right + wrong)
    recall = right / max(1, right + missed)
    return Score(
        system, name, precision, recall, 2 * precision * recall / max(1e-9, precision + recall), round(speed, 3)
    )


def measure_speed(cut: Cutter, text: str) -> float:
    """Megabytes of UTF-8 a second."""
    start = time.perf_counter()
    cut(text)
    return len(text.encode()) / 1e6 / (time.perf_counter() - start)


def main() -> None:
    """Print a table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with mt/ and text/")
    parser.add_argument("--systems", nargs="*", default=list(SYSTEMS), choices=list(SYSTEMS))
    parser.add_argument("--limit", type=int, default=6000, help="sentences per set")
    parser.add_argument("--speed-chars", type=int, default=300_000)
    parser.add_argument("--show", type=int, default=0, help="print so many faults per system and set")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    sets = {
        f"{name} {field}": read_sentences(args.data / "mt" / f"{name}.jsonl.xz", field, args.limit)
        for name in ("pe-train", "wmt-train", "moz-train")
        for field in ("ref", "mt")
    }
    clean = read_text(args.data / "text", args.speed_chars)
    scores: list[Score] = []
    for system in args.systems:
        try:
            cut = SYSTEMS[system]()
        except ModuleNotFoundError:
            print(f"{system}: not installed, left out")
            continue
        cut(clean[:2000])
        speed = measure_speed(cut, clean)
        for name, sentences in sets.items():
            scores.append(score(system, cut, name, sentences, speed, args.show))
            s = scores[-1]
            print(
                f"{s.system:10} {s.data:14} P {s.precision:.4f} R {s.recall:.4f} F1 {s.f1:.4f} {s.mb_per_s:8.3f} MB/s"
            )
    if args.json:
        partial = args.json.with_suffix(".part")
        partial.write_text(json.dumps([asdict(s) for s in scores], indent=1), encoding="utf-8")
        partial.replace(args.json)


if __name__ == "__main__":
    main()

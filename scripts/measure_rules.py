"""How often each rule speaks on clean text, and whether it is right on machine translations.

Clean text is read as it is and with its quotation marks curled, a paragraph at a time; a firing there counts against
the rule. On pairs of a machine translation (or a sentence of a learner or of the web) and its correction, each finding
is applied alone: does it bring the sentence closer to a reference, or farther away, in words, marks and spaces?
Where a post-edit keeps the words of the translation, its spacing was copied too, so spacing is undervalued there.
"""

from __future__ import annotations

import lzma
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import regex
import typer
from rapidfuzz.distance import Levenshtein

from app.core.diff import apply_edits
from app.core.rules import ALL_RULES, Rules
from app.core.segment import SentenceSegmenter
from app.core.types import Edit
from app.evaluation.data import curl_quotes

PAIRS = ("mt/pe-train.jsonl.xz", "mt/pe-dev.jsonl.xz", "gec/cweb-dev.jsonl.xz", "gec/jfleg-dev.jsonl.xz")
_UNIT = regex.compile(r"\w+|\s+|[^\w\s]")


def main(
    data: Annotated[Path, typer.Argument(help="Folder with text/, mt/ and gec/.")],
    paragraphs: Annotated[int, typer.Option(help="Most paragraphs of each clean file.")] = 4000,
    show: Annotated[int, typer.Option(help="Examples to print for each rule.")] = 0,
) -> None:
    """Print a table: firings in 10,000 clean sentences, straight and curly, and precision on pairs."""
    rules, segmenter = Rules(), SentenceSegmenter()
    clean: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    examples: dict[str, list[str]] = defaultdict(list)
    sentences = 0
    for text in _clean(data / "text", paragraphs):
        for curled in (False, True):
            shown = curl_quotes(text) if curled else text
            segments = segmenter.segment(shown)
            sentences += len(segments) if not curled else 0
            for edit in _findings(rules.find(shown, segments)):
                clean[curled][edit[0].rule] += 1
                examples[edit[0].rule].append("clean  " + _context(shown, edit))
    fired: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for name in PAIRS:
        for text, references in _pairs(data / name):
            for edits in _findings(rules.find(text, segmenter.segment(text))):
                rule_id = edits[0].rule
                key = (rule_id, "gec" if name.startswith("gec") else "mt")
                fired[key] += 1
                after = apply_edits(text, sorted(edits, key=lambda e: e.span))
                gain = max(_distance(text, r) - _distance(after, r) for r in references)
                right[key] += gain > 0
                wrong[key] += gain < 0
                sign = "+" if gain > 0 else "-" if gain < 0 else "="
                examples[rule_id].append(f"{key[1]} {sign}  " + _context(text, edits))
    print(f"{sentences} clean sentences")
    print(f"{'':32}{'clean':^25}{'machine translations':^25}{'learners, web':^25}")
    print(f"{'rule':32}{'straight':>9}{'curly':>7}{'per 10k':>9}" + f"{'fired':>10}{'closer':>7}{'farther':>8}" * 2)
    for rule in ALL_RULES:
        a, b = clean[False][rule.id], clean[True][rule.id]
        figures = [(fired[k], right[k], wrong[k]) for k in ((rule.id, "mt"), (rule.id, "gec"))]
        print(
            f"{rule.id:32}{a:9}{b:7}{max(a, b) * 1e4 / max(sentences, 1):9.2f}"
            + "".join(f"{n:10}{good:7}{bad:8}" for n, good, bad in figures)
        )
        for example in examples[rule.id][:show]:
            print(f"      {example}")


def _clean(folder: Path, most: int) -> Iterator[str]:
    for path in sorted(folder.glob("*.txt.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            found = 0
            for line in lines:
                if found == most:
                    break
                if line.strip():
                    found += 1
                    yield line.rstrip("\n")


def _pairs(path: Path) -> Iterator[tuple[str, list[str]]]:
    with lzma.open(path, "rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            yield (row["mt"], [row["ref"]]) if "mt" in row else (row["source"], row["refs"])


def _findings(edits: list[Edit]) -> Iterator[list[Edit]]:
    """Edits one by one, groups together."""
    groups: dict[str, list[Edit]] = defaultdict(list)
    for index, edit in enumerate(edits):
        groups[edit.group or str(index)].append(edit)
    yield from groups.values()


def _distance(one: str, other: str) -> int:
    return Levenshtein.distance(_UNIT.findall(one), _UNIT.findall(other))


def _context(text: str, edits: list[Edit]) -> str:
    start, end = edits[0].span.start, edits[-1].span.end
    return f"{text[max(0, start - 25) : start]}[[{text[start:end]}]]{text[end : end + 20]} -> {edits[0].text!r}"


if __name__ == "__main__":
    typer.run(main)

"""Count how English words are written inside sentences, lower case or capitalised, for the mention detector.

    python -m scripts.count_words ../shared/data/text app/names/data/words.txt.xz

Writes one line ``word share`` for each word seen often enough in lower case: ``share`` is the tenth part (0 to 9) of
its mid-sentence uses that have a capital. Names and words that only names have are not in the file.
"""

from __future__ import annotations

import lzma
from collections import Counter
from pathlib import Path
from typing import Annotated

import regex
import typer

from app.core.segment import SentenceSegmenter

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*")


def count(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """Uses of each word (as lower case) that begin in lower case, and that begin with a capital, first words aside.

    Runs of capitals of more than four words are headings or headlines and are left out.
    """
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    segmenter = SentenceSegmenter()
    for path in sorted(folder.glob("*.txt.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                for segment in segmenter.segment(line):
                    words = _WORD.findall(segment.text)[1:]
                    if sum(w[0].islower() for w in words) * 2 < len(words):
                        continue
                    for word in words:
                        (lower if word[0].islower() else capital)[word.casefold()] += 1
    return lower, capital


def main(
    folder: Annotated[Path, typer.Argument(help="Clean English, one paragraph a line, *.txt.xz.")],
    out: Annotated[Path, typer.Argument(help="Where to write the list.")],
    least: Annotated[int, typer.Option(help="Fewest uses in lower case.")] = 4,
) -> None:
    """Count, keep what is often enough in lower case, write."""
    lower, capital = count(folder)
    kept = {
        word: min(9, 10 * capital[word] // (capital[word] + n))
        for word, n in lower.items()
        if n >= least and len(word) > 1 and n * 50 >= capital[word]
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    body = "".join(f"{word} {kept[word]}\n" for word in sorted(kept))
    partial.write_bytes(lzma.compress(body.encode(), preset=9 | lzma.PRESET_EXTREME))
    partial.replace(out)
    typer.echo(f"{len(kept)} words, {out.stat().st_size} bytes")


if __name__ == "__main__":
    typer.run(main)

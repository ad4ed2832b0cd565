"""Count the words of clean text, and write the word list that tells a misspelling.

    python -m scripts.build_lexicon models/repair-en/words.xz [--data ../shared/data]

Words of letters a to z that the text writes small, three times at least, with how often; and those of the frequency
list of the package symspellpy (MIT; its words from SCOWL, its counts from Google Books), scaled to the same total.
Documents held out for evaluation are not counted. And what people write for these words by mistake, as far as it can be
nothing else: from the list of the package codespell (CC BY-SA 3.0, derived from Wikipedia's list of misspellings).
"""

from __future__ import annotations

import importlib.resources
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from app.seq2seq.lexicon import SUGGESTED, write_lexicon
from scripts.held_out import clean_documents

LEAST = 3
# Words with an apostrophe, which people leave out.
_SHORTENED = frozenset((
    "aren't", "can't", "couldn't", "didn't", "doesn't", "don't", "hadn't", "hasn't", "haven't", "isn't", "mustn't",
    "shouldn't", "wasn't", "weren't", "won't", "wouldn't", "that's", "there's", "they're", "they've", "what's",
    "you're", "you've",
))  # fmt: skip
_WORD = re.compile(r"(?<![\w'’-])[a-z]+(?![\w'’-])")


def count_text(folder: Path) -> Counter[str]:
    """Words of the clean text that are written small."""
    counts: Counter[str] = Counter()
    for sentences in clean_documents(folder, held_out=False):
        for sentence in sentences:
            counts.update(_WORD.findall(sentence))
    return counts


def listed_words() -> dict[str, int]:
    """Words and counts of the package's list."""
    text = (importlib.resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text("utf-8-sig")
    return {word: int(count) for word, count in map(str.split, text.splitlines()) if re.fullmatch("[a-z]+", word)}


def listed_misspellings(known: Mapping[str, int]) -> dict[str, str]:
    """What is none of the ``known`` words and written for one or several of them, where the package's list names one
    correction alone."""
    text = (importlib.resources.files("codespell_lib") / "data" / "dictionary.txt").read_text("utf-8")
    listed = [line.partition("->")[::2] for line in text.splitlines()]
    listed += [(word.replace("'", ""), word) for word in sorted(_SHORTENED)]
    return {
        wrong: right
        for wrong, right in listed
        if re.fullmatch("[a-z]{4,}", wrong) and re.fullmatch("[a-z' ]+", right) and wrong not in known
        if all(known.get(word, 0) >= SUGGESTED or word in _SHORTENED for word in right.split())
    }


def main(
    out: Annotated[Path, typer.Argument(help="The word list to write (xz).")],
    data: Annotated[Path, typer.Option(help="Folder with text/.")] = Path("../shared/data"),
) -> None:
    """Write the word list."""
    counts = Counter({word: n for word, n in count_text(data / "text").items() if n >= LEAST})
    listed = listed_words()
    scale = sum(counts.values()) / sum(listed.values())
    for word, count in listed.items():
        counts[word] = max(counts[word], 1, round(count * scale))
    misspellings = listed_misspellings(counts)
    write_lexicon(out, counts, misspellings)
    size = out.stat().st_size / 1e6
    typer.echo(f"{len(counts):,} words, {len(misspellings):,} misspellings -> {out} ({size:.1f} MB)")


if __name__ == "__main__":
    typer.run(main)

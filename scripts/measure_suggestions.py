"""How often the word list suggests the word that was meant, for held-out sentences with one misspelling.

    python -m scripts.measure_suggestions models/repair-en [--data ../shared/data]

Half of the misspellings of a word that people are known to misspell are theirs, and the list of these is put aside, for
what it holds is suggested rightly anyway; the others are random strokes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.seq2seq.ctranslate import NGRAMS, WORDS
from app.seq2seq.lexicon import SUGGESTED, Lexicon, read_lexicon
from app.seq2seq.ngrams import NGrams
from app.seq2seq.slips import misspell
from scripts.held_out import clean_sentences

_WORD = re.compile(r"(?<![\w-])[a-z]{4,}(?![\w-])")


def misspelt(sentences: list[str], lexicon: Lexicon, rng: random.Random) -> Iterator[tuple[bool, str, int, int, str]]:
    """Whether people misspell it so, text, start and end of the misspelling, and the word that was meant."""
    for i, sentence in enumerate(sentences):
        places = [m for m in _WORD.finditer(sentence) if lexicon.count(m.group()) >= SUGGESTED]
        if not places:
            continue
        place = rng.choice(places)
        word, (start, end) = place.group(), place.span()
        seen = lexicon.misspelt.get(word) if i % 2 else None
        wrong = rng.choice(seen) if seen else misspell(word, rng)
        if lexicon.judges(wrong) and wrong not in lexicon:
            yield bool(seen), sentence[:start] + wrong + sentence[end:], start, start + len(wrong), word


def main(
    model: Annotated[Path, typer.Argument(help="Folder of the network, with its word list.")] = Path(
        "models/repair-en"
    ),
    data: Annotated[Path, typer.Option(help="Folder with text/.")] = Path("../shared/data"),
    count: Annotated[int, typer.Option(help="Sentences.")] = 6000,
) -> None:
    """Print a line for either kind of misspelling."""
    lexicon = read_lexicon(model / WORDS)
    ways = {
        "letters and frequency": Lexicon(lexicon.counts),
        "and neighbours": Lexicon(lexicon.counts, ngrams=NGrams(model / NGRAMS)),
    }
    cases = list(misspelt(clean_sentences(data / "text", count), lexicon, random.Random(3)))
    for is_seen, kind in ((True, "people's"), (False, "random")):
        chosen = [case[1:] for case in cases if case[0] is is_seen]
        shares = []
        for name, way in ways.items():
            right = sum(way.suggest(text, start, end) == word for text, start, end, word in chosen)
            shares.append(f"{name} {right / max(1, len(chosen)):.1%}")
        typer.echo(f"{len(chosen):,} {kind}: {', '.join(shares)}")


if __name__ == "__main__":
    typer.run(main)

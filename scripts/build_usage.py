"""Write how often the words of English at large are used, which tells a name that no base has from a damaged one.

    python -m scripts.build_usage [--out app/names/data/usage.marisa]

From the package wordfreq (Speer 2022; code Apache-2.0, data CC BY-SA 4.0: Wikipedia, subtitles, news, books, web,
social media): the words of its larger English list, of three letters or more, which are used once in a hundred million
words or oftener. Needs ``pip install wordfreq``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import wordfreq

from app.names.background import USAGE_FILE, Usage

_SHORTEST = 3


def main(out: Annotated[Path, typer.Option(help="The file.")] = Path("app/names/data") / USAGE_FILE) -> None:
    """Read, write, count."""
    words = wordfreq.get_frequency_dict("en", wordlist="large")
    usage = Usage.of(
        {
            word: wordfreq.freq_to_zipf(frequency)
            for word, frequency in words.items()
            if len(word) >= _SHORTEST and word.isalpha()
        }
    )
    usage.save(out)
    typer.echo(f"{len(usage):,} words of {len(words):,}, {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)

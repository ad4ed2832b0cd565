"""Count what edited English calls people who stand in the knowledge base, and others.

    python -m scripts.build_callings models/names-en [--data ../shared/data] [--out app/names/data/callings.tsv]

Full names of people in clean text that is not held out, called by a noun that is shown to be one; a noun counts once a
name, and of those in the base it counts who is not known by it anyway: novelists are called novelists.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from app.core.types import Segment, Span
from app.names.callings import ALL, CALLINGS_FILE, called, save_callings
from app.names.mentions import MentionKind, find_mentions
from app.names.store import EntityKind, EntityStore
from scripts.held_out import clean_documents

_FEWEST = 3  # people called so, where none of them stands in the base


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    data: Annotated[Path, typer.Option(help="Folder with text/.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="The file.")] = Path("app/names/data") / CALLINGS_FILE,
) -> None:
    """Count and write."""
    store = EntityStore.open(names_dir)
    known: Counter[str] = Counter()
    everybody: Counter[str] = Counter()
    shown: set[str] = set()  # what the words around show to be a noun
    for sentences in clean_documents(data / "text", held_out=False):
        for sentence in sentences:
            for mention in find_mentions(sentence, [Segment(0, Span(0, len(sentence)), sentence, 0)]):
                if mention.kind is not MentionKind.PERSON or " " not in mention.text:
                    continue
                people = [e for e in store.by_name(mention.text) if e.kind is EntityKind.PERSON]
                nouns = [*called(sentence, mention.span)]
                if any(is_shown for _, is_shown in nouns):
                    everybody[ALL] += 1
                    known[ALL] += bool(people)
                for noun, is_shown in nouns:
                    everybody[noun] += 1
                    known[noun] += any(not e.has_role_word(noun) for e in people)
                    if is_shown:
                        shown.add(noun)
    counts = {
        noun: (known[noun], n)
        for noun, n in everybody.items()
        if noun == ALL or (noun in shown and (known[noun] or n >= _FEWEST))
    }
    save_callings(out, counts)
    typer.echo(f"{len(counts) - 1:,} nouns of {counts[ALL][1]:,} people, {counts[ALL][0]:,} of them in the base")


if __name__ == "__main__":
    typer.run(main)

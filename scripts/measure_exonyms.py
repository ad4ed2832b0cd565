"""Measure what becomes of provinces, states and regions that a machine left in another language.

    python -m scripts.measure_exonyms models/names-en [--subdivisions FOLDER] [--count 400]

Each of so many names of subdivisions in other languages stands in a sentence with its country, and in one without. The
names are those that CLDR has and the base was built with, so this says what the linker makes of them, not how many it
knows. A change to another entity counts as wrong if it prints something else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.core.segment import SentenceSegmenter
from app.names.linker import NameLinker, build_linker
from app.names.normalise import normalise
from app.names.readers import read_jsonl
from app.names.store import Entity, EntityKind, EntityStore
from app.names.subdivisions import DEBIAN, Subdivisions

FRAMES = (
    "He was born in {name}, {country}.",
    "The minister of {country} travelled to {name} on Monday.",
    "They live in {name} and work in the fields.",
)
LANGUAGES = ("cs", "de", "es", "et", "fi", "fr", "hu", "lt", "lv", "pl", "ro", "tr")


def cases(store: EntityStore, subdivisions: Subdivisions, places: Path) -> Iterator[tuple[Entity, str]]:
    """Each subdivision with each of its names in another language that no name of its own is."""
    for row in read_jsonl(places, EntityKind.PLACE):
        entity = store.get(row.id) if isinstance(row, Entity) else None
        if entity is None or entity.type != "subdivision":
            continue
        own = {normalise(name.text) for name in entity.names}
        for language, text in subdivisions.names(entity):
            key = normalise(text)
            if language in LANGUAGES and key not in own and key.isascii() and len(key) > 3:
                yield entity, text


def outcome(linker: NameLinker, text: str, entity: Entity) -> str:
    """What was made of the sentence: ``right``, ``wrong`` or nothing."""
    edits = linker.link(text, SentenceSegmenter().segment(text), ()).edits
    if not edits:
        return ""
    return "right" if all(normalise(edit.text) == normalise(entity.name) for edit in edits) else "wrong"


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    data: Annotated[Path, typer.Option(help="places.jsonl.xz that the base was built from.")] = Path(
        "../shared/data/entities/shippable/places.jsonl.xz"
    ),
    subdivisions: Annotated[Path, typer.Option(help="common/subdivisions of Unicode CLDR.")] = DEBIAN,
    count: Annotated[int, typer.Option(help="Names that are tried.")] = 400,
    seed: Annotated[int, typer.Option(help="Draws the names.")] = 3,
) -> None:
    """Print, for each sentence, how many names were repaired, and how many changed into something else."""
    linker = build_linker(names_dir)
    countries = {
        row.country: row.name
        for row in read_jsonl(data, EntityKind.PLACE)
        if isinstance(row, Entity) and row.type == "country"
    }
    found = [case for case in cases(linker.store, Subdivisions(subdivisions), data) if case[0].country in countries]
    chosen = random.Random(seed).sample(found, min(count, len(found)))
    for frame in FRAMES:
        seen = [
            outcome(linker, frame.format(name=text, country=countries[entity.country]), entity)
            for entity, text in chosen
        ]
        typer.echo(f"{frame}: {seen.count('right')} right, {seen.count('wrong')} wrong of {len(seen)}")


if __name__ == "__main__":
    typer.run(main)

"""Build the shipped knowledge base of names.

    python -m scripts.build_entities models/names-en [--data ../shared/data/entities/shippable]

What other languages call provinces and regions is read from CLDR's own files (Debian's package unicode-cldr-core). What
FACTS has (JSON Lines, as ``mt-repair kb build`` reads them) is joined to it. The same data and packages give the same
bytes. Takes three minutes on one free core, most of it for the mangled forms.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from app.names.build import BuildOptions, Form, write_base
from app.names.facts import TRANSLATED, literal_translations, own_facts, with_facts
from app.names.mangle import FAR, mangle
from app.names.readers import Broken
from app.names.shipped import SOURCES, card, count_sources, exonyms, shipped_entities
from app.names.store import Entity, read_manifest
from app.names.subdivisions import DEBIAN, Subdivisions

FACTS = Path(__file__).resolve().parent / "facts"


def main() -> int:
    """Build, report broken rows, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the knowledge base goes")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/entities/shippable"))
    parser.add_argument("--facts", type=Path, default=FACTS, help="folder of the facts that the product brings itself")
    parser.add_argument("--mangled-limit", type=int, default=820_000)
    parser.add_argument(
        "--without-mangled", action="store_true", help="leave the mangled index empty: seconds, not minutes"
    )
    parser.add_argument("--subdivisions", type=Path, default=DEBIAN, help="common/subdivisions of Unicode CLDR")
    args = parser.parse_args()
    subdivisions = Subdivisions(args.subdivisions)
    translated = literal_translations(args.facts / TRANSLATED)

    def far_forms(entity: Entity) -> Iterable[Form]:
        """What a search by spelling and sound would not find, what other languages call it, and its name translated
        word by word."""
        return [*mangle(entity, kinds=FAR), *exonyms(entity, subdivisions), *translated.get(entity.id, ())]

    def rows(found: Iterable[Entity | Broken]) -> Iterator[Entity]:
        """The rows that can be read; the others are reported."""
        for row in found:
            if isinstance(row, Broken):
                print(row, file=sys.stderr)
            else:
                yield row

    files = sorted(args.facts.glob("*.jsonl"))
    facts = chain.from_iterable(own_facts(path) for path in files)
    entities = with_facts(rows(shipped_entities(args.data)), rows(facts))
    for entity_id in sorted(translated.keys() - {entity.id for entity in entities}):
        print(f"{args.facts / TRANSLATED}: there is no {entity_id}", file=sys.stderr)
    counts = count_sources(entities)
    sources = {
        code: {"title": s.title, "licence": s.licence, "attribution": s.attribution, "entities": counts[code]}
        for code, s in SOURCES.items()
    }
    options = BuildOptions(name="names-en", mangled_limit=args.mangled_limit, card={"sources": sources})
    built = write_base(entities, args.folder, options, None if args.without_mangled else far_forms)
    (args.folder / "README.md").write_text(card(read_manifest(args.folder)), "utf-8")
    print(f"names-en@{built.version}: {dict(built.counts)}, {built.size_bytes / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

